// The bunch board: select, move by drag or by keyboard, look at what it would change, sign. While riders still come home the
// board is fetched again and what was moved is laid over it anew.
import { fresh } from "../officials/age.js";
import { drag } from "./drag.js";
import { flatOf, orderOf, parse, spell } from "./steps.js";

const EVERY_MS = 2000;
const root = document.getElementById("bunch");
const live = document.getElementById("bn-live");
const kept = `bunch:${root.dataset.here}`;
let steps = [];
let selected = null;
let look = { page: "", doubt: "", divide: "" };
let basis = "";
let busy = null;
let dragging = false;

const state = () => document.getElementById("bn-state").dataset;
const numbers = (text) => (text ? text.split(",").map(Number) : []);
const base = () => numbers(state().base);
const draft = () => orderOf(base(), parse(state().heats), steps);
const say = (text) => { live.textContent = text; };
const row = (bib) => root.querySelector(`.bn-rider[data-bib="${bib}"] .bn-row`);

function keep() {
  if (steps.length) sessionStorage.setItem(kept, JSON.stringify(steps));
  else sessionStorage.removeItem(kept);
}

/** Fetch the board with what was moved; without `always`, only if it is new. */
async function draw(always) {
  if (busy && !always) return;
  busy?.abort();
  const mine = busy = new AbortController();
  const query = new URLSearchParams({ order: spell(draft()), ...look });
  if (!always) query.set("seen", state().revision);
  try {
    const answer = await fetch(`${root.dataset.here}?${query}`, { headers: { "X-Part": "1" }, signal: mine.signal });
    if (answer.redirected) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    const html = answer.status === 204 ? null : await answer.text();
    if (mine.signal.aborted) return;
    fresh();
    if (html !== null && !dragging) put(html);
  } catch (error) {
    if (error.name !== "AbortError" && always) say(root.dataset.lost);
  } finally {
    if (busy === mine) busy = null;
  }
}

/** Put a new board in: scroll, focus, what is typed and what is selected stay. */
function put(html) {
  const left = root.querySelector(".bn-strip")?.scrollLeft ?? 0;
  const held = document.activeElement;
  const focus = root.contains(held) ? held.closest(".bn-rider")?.dataset.bib ?? held.id ?? "" : null;
  const typed = document.getElementById("bn-reason")?.value;
  const anchor = selected === null ? null : row(selected);
  const top = anchor?.getBoundingClientRect().top;
  root.innerHTML = html;
  const strip = root.querySelector(".bn-strip");
  if (strip) strip.scrollLeft = left;
  const reason = document.getElementById("bn-reason");
  if (reason && typed) reason.value = typed;
  mark();
  // What grows or shrinks above takes no row away from under the finger.
  const again = anchor && row(selected);
  if (again && top >= 0 && top < innerHeight) scrollBy({ top: again.getBoundingClientRect().top - top, behavior: "instant" });
  if (focus) (row(focus) ?? document.getElementById(focus))?.focus({ preventScroll: true });
  // The board moved on underneath: what the new one already says falls away.
  if (steps.length && !draft().length) { steps = []; keep(); }
}

/** Show who is selected, and where a group can be split. */
function mark() {
  for (const one of root.querySelectorAll(".bn-row")) {
    one.setAttribute("aria-pressed", String(Number(one.parentElement.dataset.bib) === selected));
  }
  for (const chip of root.querySelectorAll(".bn-chip")) {
    if (Number(chip.dataset.bib) === selected) chip.classList.add("bn-chosen");
  }
  for (const link of root.querySelectorAll("[data-split]")) {
    const riders = [...link.closest(".bn-group").querySelectorAll(".bn-rider")];
    const at = riders.findIndex((one) => Number(one.dataset.bib) === selected);
    link.hidden = at < 1 || steps.length > 0;
    link.dataset.look = `divide=split-${selected}`;
    link.href = `${root.dataset.here}?divide=split-${selected}`;
  }
  const chosen = root.querySelector("[data-basis]");
  if (chosen && basis) chosen.value = basis;
}

function step(one) {
  steps.push(one);
  look.divide = "";
  look.page = state().page;
  keep();
  draw(true);
}

/** A rider was put before another: say so, note it, look at what it changes. */
function place(bib, before) {
  const flat = flatOf(base(), steps);
  const rest = flat.filter((other) => other !== bib);
  const at = before === null ? rest.length : rest.indexOf(before);
  if (flat.indexOf(bib) === at) return;
  say(root.dataset[before === null ? "last" : "moved"]
    .replace("{bib}", bib).replace("{place}", at + 1).replace("{next}", before));
  step({ bib, before });
}

/** One place towards the front (-1) or the back (+1). */
function nudge(bib, by) {
  const flat = flatOf(base(), steps);
  const to = flat.indexOf(bib) + by;
  if (to < 0 || to >= flat.length) return;
  const before = by < 0 ? flat[to] : flat[to + 1] ?? null;
  const mine = row(bib).parentElement;
  const other = row(flat[to])?.parentElement;
  if (other) other[by < 0 ? "before" : "after"](mine);
  row(bib).focus();
  place(bib, before);
}

function undo() {
  if (!steps.length) return;
  steps.pop();
  keep();
  say(root.dataset.undone);
  draw(true);
}

root.addEventListener("click", (event) => {
  const link = event.target.closest("[data-look]");
  if (link) {
    event.preventDefault();
    const [key, value] = link.dataset.look.split("=");
    look = { page: key === "doubt" ? "" : state().page, doubt: state().doubt ?? "", divide: "", [key]: value };
    return draw(true);
  }
  if (event.target.closest("[data-undo]")) return undo();
  const noted = event.target.closest("[data-say]");
  if (noted && steps.length) {
    // Other steps wait for their signature: this one joins them, and one ruling holds them all.
    event.preventDefault();
    look.doubt = "";
    say(root.dataset.said.replace("{order}", noted.value.replace(",", " – ")));
    return step({ said: parse(noted.value) });
  }
  const rider = event.target.closest(".bn-row");
  const chip = event.target.closest(".bn-chip");
  const bib = Number((rider?.parentElement ?? chip)?.dataset.bib ?? NaN);
  if (Number.isNaN(bib)) return;
  selected = selected === bib && rider ? null : bib;
  if (chip) row(bib)?.focus();
  for (const one of root.querySelectorAll(".bn-chosen")) one.classList.remove("bn-chosen");
  mark();
});

root.addEventListener("change", (event) => {
  if (event.target.matches("[data-basis]")) basis = event.target.value;
});

const BY = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };
root.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.matches("textarea")) {
    event.preventDefault();
    return undo();
  }
  const rider = event.target.closest(".bn-rider");
  if (!rider || state().may === undefined) return;
  const bib = Number(rider.dataset.bib);
  if (event.key in BY && selected === bib) {
    event.preventDefault();
    nudge(bib, BY[event.key]);
  } else if (event.key === " ") {
    event.preventDefault();
    if (!event.repeat) (root.querySelector("[data-keep]") ?? root.querySelector("[data-sign]"))?.click();
  } else if (event.key === "Escape") {
    selected = null;
    mark();
  }
});
root.addEventListener("keyup", (event) => {
  // A button would take the space bar for a click.
  if (event.key === " " && event.target.closest(".bn-row")) event.preventDefault();
});

drag(root, {
  may: () => state().may !== undefined,
  began: (bib) => { dragging = true; selected = bib; mark(); },
  ended: (bib, before) => { dragging = false; if (bib !== null) place(bib, before); else draw(true); },
  after: (bib) => {
    // The next page goes on where this one ends.
    const flat = flatOf(base(), steps).filter((other) => other !== bib);
    const shown = [...root.querySelectorAll(".bn-rider")].map((one) => Number(one.dataset.bib)).filter((one) => one !== bib);
    return flat[flat.indexOf(shown.at(-1)) + 1] ?? null;
  },
});

// What was moved outlives a reload and a refusal; once it is signed it is dropped.
const address = new URL(location.href);
if (address.searchParams.has("signed")) {
  sessionStorage.removeItem(kept);
  address.searchParams.delete("signed");
  history.replaceState(null, "", address);
}
for (const key of Object.keys(look)) look[key] = address.searchParams.get(key) ?? "";
steps = JSON.parse(sessionStorage.getItem(kept) ?? "[]");
if (steps.length) draw(true);
mark();
setInterval(() => { if (!dragging && !document.hidden) draw(false); }, EVERY_MS);
