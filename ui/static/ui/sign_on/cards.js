// What could not be taken in: one card each, with what a person may do about it. Nothing leaves by itself.
import { bib, el, icon } from "../live/dom.js";
import { say } from "../live/words.js";
import { nameOf, number } from "./list.js";

const TIME = new Set(["time_ahead", "time_before_roster", "bad_stamp"]);
const WINDOW = new Set(["sign_on_not_open", "sign_on_closed"]);
const ITEM = { cloth: "tile.cloth", plate: "tile.plate", chip: "tile.chip", chip_swap: "tile.chip", chip_replace: "tile.chip", waiver_guardian: "item.waiver" };

export const itemWord = (item) => say(ITEM[item] ?? `item.${item}`);

/** [title, why] of a card. */
export function cardWords({ event, answer }, when) {
  const values = { ...answer, item: itemWord(event.item), own: when(event.at), time: answer.at ? when(answer.at) : "", desk: answer.desk || "–", by: answer.by || "–", bib: answer.bib ?? "–" };
  const { outcome } = answer;
  if (TIME.has(outcome)) return [say("card.time"), say("card.time.why", values)];
  if (WINDOW.has(outcome)) return [say(`card.${outcome}`), say("card.window.why", values)];
  if (outcome === "reason_missing") return [say("card.not_allowed"), say("card.not_allowed.why")];
  if (outcome === "chip_taken" && answer.at) return [say("card.chip_taken", values), say("card.given.why", values)];
  const title = say(`card.${outcome}`, values);
  return title ? [title, say(`card.${outcome}.why`, values)] : [say("card.other"), say("card.other.why", values)];
}

function card(one, row, category, when) {
  const [title, why] = cardWords(one, when);
  const chip = one.answer.outcome === "chip_taken";
  const acts = row ? [
    chip ? el("button", { cls: "button", type: "button", data: { card: one.key, do: "swap" } }, say("chip.swap", { bib: one.answer.bib ?? "–" })) : null,
    chip ? el("button", { cls: "button", type: "button", data: { card: one.key, do: "chip" } }, say("card.chip"))
      : el("button", { cls: "button", type: "button", data: { card: one.key, do: "open" } }, say("card.open")),
  ] : [];
  return el("li", { cls: "so-card" }, el("div", { cls: "so-card-who" }, row ? bib(number(row), category?.mark) : null, el("b", {}, row ? nameOf(row) : "–")),
    el("h3", {}, icon("warning"), title), el("p", {}, why),
    el("div", { cls: "button-row" }, ...acts.filter(Boolean), el("button", { cls: "button button-quiet", type: "button", data: { card: one.key, do: "leave" } }, say("card.leave"))));
}

export const cards = (conflicts, rows, category, when) =>
  el("ul", { cls: "so-card-list" }, ...conflicts.map((one) => { const row = rows.get(one.event.entry); return card(one, row, row && category(row), when); }));
