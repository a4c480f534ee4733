// The left side: who was dealt with last, or who fits what was typed.
import { bib, el, icon, mark } from "../live/dom.js";
import { isEnglish, say } from "../live/words.js";

export const nameOf = (row) => (isEnglish() ? row.latin || row.zh : row.zh || row.latin);
export const otherName = (row) => (isEnglish() ? (row.latin ? row.zh : "") : (row.zh ? row.latin : ""));
export const number = (row) => row.bib ?? "–";

/** The one thing a list says of a rider: to be resolved, how much is missing, here. */
export function stateChip(row, cards) {
  if (cards.some((card) => card.event.entry === row.id)) return el("span", { cls: "so-chip so-chip-warn" }, say("state.conflict"));
  if (row.here) return el("span", { cls: "so-ok" }, icon("check"), el("span", { cls: "sr" }, say("state.here")));
  const n = row.missing.length;
  return n ? el("span", { cls: "so-chip so-chip-danger" }, say("state.missing", { n })) : null;
}

function line(row, category, state, chosen) {
  const sub = state.asked ? el("span", { cls: "so-line-sub" }, el("span", { cls: "cut" }, [category?.short, row.team].filter(Boolean).join(" · "))) : null;
  return el("li", {}, el("button", { cls: "so-line", type: "button", data: { entry: row.id }, "aria-current": chosen ? "true" : null },
    bib(number(row), category?.mark), el("span", { cls: "so-line-name" }, el("span", { cls: "cut" }, nameOf(row)), sub), stateChip(row, state.conflicts)));
}

/** Draw the list; `shown` are rows, `state` what the page knows. */
export function drawList(at, shown, state) {
  at.title.textContent = state.asked ? say("found", { n: shown.length }) : shown.length ? say("recent") : "";
  at.list.replaceChildren(...shown.map((row) => line(row, state.category(row), state, row.id === state.open)));
  if (state.asked && !shown.length && state.meta) at.list.append(el("li", { cls: "so-none" }, el("b", {}, say("found.none", { text: state.asked })), el("span", {}, say("found.none.why"))));
}

/** The counts of every race, and who of one race is not here yet. */
export function countsDialog(races, rows, race, choose) {
  const all = races.map((one) => {
    const of = [...rows.values()].filter((row) => row.race === one.race), here = of.filter((row) => row.here).length;
    return el("button", { cls: "so-race", type: "button", "aria-pressed": String(one.race === race), onclick: () => choose(one.race) },
      mark(one.mark), el("span", {}, one.short), el("span", { cls: "so-race-n" }, el("b", {}, String(here)), ` / ${of.length}`));
  });
  const left = [...rows.values()].filter((row) => row.race === race && !row.here).sort((a, b) => (a.bib ?? 1e9) - (b.bib ?? 1e9));
  const list = left.map((row) => el("li", {}, bib(number(row), races.find((one) => one.race === race)?.mark, "bib-s"), el("span", { cls: "cut" }, nameOf(row)), el("span", { cls: "cut soft small" }, row.team)));
  return [el("div", { cls: "so-races" }, ...all), el("h3", {}, left.length ? say("counts.left", { n: left.length }) : say("counts.none")), el("ul", { cls: "so-absent" }, ...list)];
}
