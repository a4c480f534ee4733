// The right side: one rider. What is missing stands first, in red; then what is fine; then what is handed out.
import { el, icon, mark } from "../live/dom.js";
import { isEnglish, say } from "../live/words.js";
import { nameOf, number, otherName } from "./list.js";
import { windowAt } from "./rows.js";

export const yuan = (fen) => (fen / 100).toLocaleString(isEnglish() ? "en" : "zh", { maximumFractionDigits: 2 });
/** A large sum as people say it: 50 万. */
const large = (fen) => (!isEnglish() && fen >= 1_000_000 && fen % 1_000_000 === 0 ? `${fen / 1_000_000} 万` : yuan(fen));
const TILES = ["cloth", "plate", "chip", "deposit"];
const RULED = new Set(["too_young", "too_old", "men_only", "women_only", "professional_registered", "professional_uci_team", "professional_retired"]);

/** The band in the colour of the category. */
export function band(row, category, when) {
  const region = row.region[isEnglish() ? 1 : 0] || row.region[0];
  const nation = row.nation !== "CHN" ? row.nation : "";
  const facts = [otherName(row), row.team, region, nation].filter(Boolean).join(" · ");
  const race = category ? [say("km", { km: String(Math.round(category.distance_m / 100) / 10) }), say("gun", { time: when(category.planned) })].join(" · ") : "";
  return el("header", { cls: "so-band", data: { mark: category?.mark ?? "" } },
    el("button", { cls: "so-back", type: "button", "aria-label": say("back"), data: { act: "back" } }, icon("left")),
    el("span", { cls: row.bib ? "so-bib" : "so-bib so-bib-none" }, row.bib ? String(row.bib) : say("no_bib")),
    el("div", { cls: "so-who" }, el("h1", {}, nameOf(row)), el("p", {}, facts)),
    el("div", { cls: "so-what" }, el("b", {}, mark(category?.mark ?? "circle"), category?.name ?? row.category), el("span", {}, race)));
}

/** What a gap says: [title, detail, act or null, word of the act]. */
export function gapWords(gap, day) {
  const { code } = gap;
  const values = { ...gap, sum: yuan(gap.fen ?? 0) };
  if (gap.on) values.on = day(gap.on);
  if (code.startsWith("waiver")) return [say(`gap.${code}`), say(`gap.${code}.why`, values), gap.guardian ? "waiver_guardian" : "waiver", say("gap.waiver.act")];
  if (code.startsWith("document")) {
    const insured = gap.kind === "insurance" && gap.insurance;
    const why = gap.reason || (insured ? say("gap.insurance.why", gap.insurance) : say("gap.document.why"));
    return [say(`gap.${code}`, values), why, "document", say("gap.document.act")];
  }
  if (code.startsWith("professional")) return [say("gap.professional"), say("gap.ruled"), null, ""];
  if (RULED.has(code)) return [say(`gap.${code}`), [say(`gap.${code}.why`, values), say("gap.ruled")].filter(Boolean).join(" · "), null, ""];
  const act = { unpaid: "cash", no_bib: "office", no_chip: "chip" }[code] ?? null;
  return [say(`gap.${code}`) || code, say(`gap.${code}.why`, values), act, act ? say(`gap.${code}.act`, values) : ""];
}

function gapLine(gap, day) {
  const [title, why, act, word] = gapWords(gap, day);
  const button = act ? el("button", { cls: "button", type: "button", data: { act, kind: gap.kind ?? "", gap: gap.code } }, word) : null;
  return el("li", {}, icon("warning"), el("div", {}, el("b", {}, title), el("p", {}, why)), button);
}

function checks(row, category) {
  const fine = [];
  const gaps = new Set(row.missing.map((gap) => gap.code));
  if (!gaps.has("unpaid")) fine.push(row.paid_fen > 0 ? say("check.paid", { sum: yuan(row.paid_fen) }) : say("check.free"));
  if (category && !gaps.has("too_young") && !gaps.has("too_old")) {
    fine.push(category.max_age >= 99 && category.min_age === 0 ? say("check.age.open", row) : say("check.age", { age: row.age, min: category.min_age, max: category.max_age }));
  }
  if (category?.barred && ![...gaps].some((code) => code.startsWith("professional"))) fine.push(say("check.amateur"));
  if (row.signed && ![...gaps].some((code) => code.startsWith("waiver"))) fine.push(say("check.waiver", { n: row.signed }));
  if (row.emergency) fine.push(say("check.emergency"));
  const lines = fine.map((text) => el("li", {}, icon("check"), text));
  if (!row.emergency) lines.push(el("li", { cls: "so-doubt" }, icon("warning"), say("check.no_emergency")));
  const seen = Boolean(row.ticks.identity);
  const identity = el("li", { cls: seen ? "" : "so-todo" }, el("button", { type: "button", "aria-pressed": String(seen), data: { act: "identity" } },
    el("span", { cls: "so-box" }, seen ? icon("check") : ""), seen ? say("check.identity") : say("check.identity.todo")));
  return el("ul", { cls: "so-checks" }, identity, ...lines);
}

function tileSub(row, item, given, when) {
  if (!given) {
    if (item === "chip") return row.chips.length ? say("tile.chip.assigned", { chip: row.chips.join(", ") }) : say("tile.chip.sub");
    return say(`tile.${item}.sub`, { bib: row.bib ?? "–" });
  }
  const what = item === "chip" ? given.value : item === "deposit" ? say(`method.${given.value}`) : String(row.bib ?? "–");
  const where = given.at ? say("given", { time: when(given.at), desk: given.desk || "–" }) : "";
  return [what, given.mine ? say("given.waiting") : where].filter(Boolean).join(" · ");
}

export const tileWord = (item, meta) => say(`tile.${item}`, { sum: yuan(meta.deposit_fen) });

function tiles(row, meta, when) {
  return el("ul", { cls: "so-tiles" }, ...TILES.filter((item) => item !== "deposit" || meta.deposit_fen).map((item) => {
    const given = row.ticks[item];
    return el("li", {}, el("button", { cls: "so-tile", type: "button", "aria-pressed": String(Boolean(given)), data: { act: item === "chip" || item === "deposit" ? item : "hand", item } },
      el("span", { cls: "so-box" }, given ? icon("check") : ""), el("b", {}, tileWord(item, meta)), el("span", { cls: "so-tile-sub" }, tileSub(row, item, given, when))));
  }));
}

const notGiven = (row, meta) => TILES.filter((item) => !row.ticks[item] && (item !== "deposit" || meta.deposit_fen)).map((item) => tileWord(item, meta)).join(say("and"));

/** What the bar below says, and whether sign-on can be completed: [sentence, open, whether letting through makes sense]. */
export function verdict(row, category, meta, now, moment) {
  const rest = notGiven(row, meta);
  if (row.here) return [rest ? say("foot.done.rest", { items: rest }) : say("foot.done"), false, false];
  if (row.missing.length) return [say("foot.missing", { n: row.missing.length }), false, true];
  const stands = category ? windowAt(category, now) : "open";
  if (stands === "before") return [say("foot.before", { time: moment(category.opens) }), false, true];
  if (stands === "over") return [say("foot.over", { time: moment(category.closes) }), false, true];
  return [rest ? say("foot.rest", { items: rest }) : say("foot.ready"), true, false];
}

export function foot(row, category, meta, state, moment) {
  const [sentence, open, through] = verdict(row, category, meta, state.now(), moment);
  const let_ = through && state.mayLetThrough ? el("button", { cls: "button button-quiet", type: "button", data: { act: "let" } }, say("let")) : null;
  const main = row.here
    ? el("button", { cls: "button so-main", type: "button", data: { act: "undo" } }, say("undo"))
    : el("button", { cls: "button button-primary so-main", type: "button", data: { act: "complete" }, disabled: !open, "aria-describedby": "so-reason" }, say("complete"));
  return el("footer", { cls: "so-foot" }, el("p", { id: "so-reason" }, row.here ? icon("check") : null, sentence), let_, main);
}

/** The whole right side of one rider. */
export function rider(row, category, meta, state, { when, day, moment }) {
  const gaps = row.missing.map((gap) => (gap.kind === "insurance" && category
    ? { ...gap, insurance: { day: day(category.planned.slice(0, 10)), sum: large(meta.insurance_fen) } } : gap));
  const done = row.here ? el("p", { cls: "so-done" }, icon("check"), el("b", {}, row.ticks.sign_on?.at ? say("here_at", { time: when(row.ticks.sign_on.at) }) : say("here"))) : null;
  return [band(row, category, when), el("div", { cls: "so-body" }, done,
    gaps.length && !row.here ? el("ul", { cls: "so-gaps" }, ...gaps.map((gap) => gapLine(gap, day))) : null, checks(row, category),
    el("h2", { cls: "so-label" }, say("hand_out")), tiles(row, meta, when)), foot(row, category, meta, state, moment)];
}
