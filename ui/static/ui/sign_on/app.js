// The sign-on desk. What it knows is in `state`; every tap becomes an event in the store, then on the screen, then at the server.
import { EventClock } from "../live/clock.js";
import { el, icon, mark, setSprites } from "../live/dom.js";
import { isEnglish, say, setWords } from "../live/words.js";
import { newKey } from "../offline/keys.js";
import { cards } from "./cards.js";
import * as dialogs from "./dialogs.js";
import { find } from "./find.js";
import { countsDialog, drawList, nameOf } from "./list.js";
import { gapWords, rider, tileWord, yuan } from "./rider.js";
import { headCount, windowAt, withQueue } from "./rows.js";
import { canScan, scan } from "./scan.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";

const page = JSON.parse(document.getElementById("sign-on-data").textContent);
const root = document.getElementById("sign-on");
const at = Object.fromEntries([...document.querySelectorAll("[data-at]")].map((node) => [node.dataset.at, node]));
const input = document.getElementById("so-q");
const asked = new URLSearchParams(location.search);
const clock = new EventClock();
const RECENT = 12, METHODS = ["cash", "wechat"];

const state = {
  rows: new Map(), meta: null, queue: [], conflicts: [], recent: [], open: null, cards: false, asked: "", race: asked.get("race") ?? "",
  offline: !navigator.onLine, trouble: 0, signedOut: false, over: false, mayLetThrough: page.may_let_through,
  now: () => clock.event(), category: (row) => state.meta?.categories.find((one) => one.race === row.race && one.code === row.category),
};
let store, sync, view = state.rows, turn = 0, drawn = "";

setWords(page.words, page.lang);
setSprites(page.sprites);
dialogs.setDialog(document.getElementById("so-dialog"));

const deskName = () => { try { return asked.get("desk") || localStorage.getItem("desk") || "1"; } catch { return asked.get("desk") || "1"; } };
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: page.zone });
const when = (iso) => time.format(new Date(iso)).replace(/^0/, "");
const date = new Intl.DateTimeFormat(isEnglish() ? "en" : "zh-CN", { day: "numeric", month: "long", timeZone: "UTC" });
const day = (iso) => date.format(new Date(iso));
const dayHere = new Intl.DateTimeFormat("en-CA", { timeZone: page.zone });
const dateHere = new Intl.DateTimeFormat(isEnglish() ? "en" : "zh-CN", { day: "numeric", month: "long", timeZone: page.zone });
/** The time of an instant at the venue, with its date on any other day than today. */
const moment = (iso) => dayHere.format(new Date(iso)) === dayHere.format(new Date(state.now())) ? when(iso) : `${dateHere.format(new Date(iso))} ${when(iso)}`;
const mine = () => state.queue.filter((event) => event.edition === page.edition);

const made = (entry, item, value = "1", more = {}) => ({
  key: newKey(), edition: page.edition, entry, item, value, reason: "", desk: deskName(), version: 0,
  at: new Date(clock.event()).toISOString(), stamp: state.meta.stamp, made: Date.now(), turn: turn++, ...more,
});

/** A tap: on the disk first, then on the screen, then on its way. */
async function tap(entry, item, value, more) {
  const event = made(entry, item, value, more);
  try { await store.keep(event); } catch { await dialogs.confirm(say("store.failed"), say("store.failed.why"), say("close")); return; }
  state.queue.push(event);
  draw();
  sync.now();
}

// ---- drawing

function drawHead() {
  at.desk.textContent = ` · ${say("desk", { n: deskName() })}`;
  const categories = state.meta?.categories ?? [], open = state.open !== null ? view.get(state.open) : null;
  const race = open?.race || state.race || categories.find((one) => windowAt(one, state.now()) !== "over")?.race || categories.at(-1)?.race;
  const category = categories.find((one) => one.race === race);
  if (!category) at.count.replaceChildren();
  else {
    const { here, all } = headCount(view, race), stands = windowAt(category, state.now());
    const until = { before: say("opens", { time: moment(category.opens) }), open: say("closes", { time: when(category.closes) }), over: say("closed", { time: moment(category.closes) }) }[stands];
    const [before, after] = say("here.of", { here: "\u0000", all }).split("\u0000");
    at.count.replaceChildren(mark(category.mark), el("span", { cls: "cut" }, category.short), el("span", { cls: "so-n" }, before, el("b", {}, String(here)), after), el("span", { cls: "so-until" }, until));
    at.count.dataset.race = race;
  }
  drawBadge();
}

function drawBadge() {
  const n = state.queue.length, waiting = n ? say("to_sync", { n }) : "";
  const what = state.signedOut ? say("signed_out") : state.trouble ? say("trouble", { status: state.trouble }) : state.offline ? say("offline") : n ? say("syncing") : "";
  at.badge.hidden = !what;
  at.badge.textContent = [what, waiting].filter(Boolean).join(" · ");
  at.badge.className = `so-badge ${state.signedOut || state.trouble ? "so-badge-danger" : state.offline ? "" : "so-badge-calm"}`;
  at.leave.disabled = n > 0;
  at["leave-why"].textContent = n ? say("leave.wait", { n }) : "";
  at.cards.hidden = !state.conflicts.length;
  at.cards.replaceChildren(icon("warning"), el("b", {}, say("conflicts", { n: state.conflicts.length })), icon("right"));
  const minutes = state.meta ? Math.floor((Date.now() - state.meta.fetched) / 60_000) : 0;
  at.age.textContent = !state.meta ? "" : minutes ? say("age.min", { n: minutes }) : say(state.offline ? "age.less" : "age.now");
  at.age.className = `so-age age ${minutes > 10 ? "age-stale" : minutes || state.offline ? "age-ageing" : ""}`;
}

function shown() {
  const rows = [...view.values()];
  return state.asked ? find(state.asked, rows) : state.recent.map((id) => view.get(id)).filter(Boolean);
}

function empty(title, why, ...more) {
  return el("div", { cls: "so-empty" }, icon("code"), el("h2", {}, title), el("p", {}, why), ...more);
}

function right() {
  if (state.signedOut) return [empty(say("signed_out"), say("signed_out.why"), el("a", { cls: "button button-primary", href: `${page.urls.sign_in}?next=${encodeURIComponent(location.pathname + location.search)}` }, say("sign_in")))];
  if (state.over) return [empty(say("over"), "")];
  if (state.cards && state.conflicts.length) return [el("header", { cls: "so-band so-band-plain" }, el("button", { cls: "so-back", type: "button", "aria-label": say("back"), data: { act: "back" } }, icon("left")), el("h1", {}, say("conflicts", { n: state.conflicts.length }))),
    el("div", { cls: "so-body" }, cards(state.conflicts, view, state.category, when))];
  const row = state.open !== null ? view.get(state.open) : null;
  if (row) return rider(row, state.category(row), state.meta, state, { when, day, moment });
  if (!state.meta) return [state.offline ? empty(say("no_list"), say("no_list.why")) : empty(say("loading"), "")];
  return [empty(say("empty"), say("empty.why"))];
}

/** Draw what changed; the right side keeps its focus and is left alone where it would look the same. */
function draw() {
  view = withQueue(state.rows, mine());
  root.dataset.view = state.cards || state.open !== null ? "rider" : "list";
  drawHead();
  drawList({ title: at["list-title"], list: at.list }, shown(), state);
  const next = right(), look = next.map((node) => node.outerHTML).join("");
  if (look === drawn) return;
  const held = document.activeElement?.closest?.("[data-act]")?.dataset;
  drawn = look;
  at.rider.replaceChildren(...next);
  if (held) at.rider.querySelector(`[data-act="${held.act}"]${held.item ? `[data-item="${held.item}"]` : ""}`)?.focus();
}

// ---- acting

function open(id) {
  Object.assign(state, { open: id, cards: false, asked: "", recent: [id, ...state.recent.filter((one) => one !== id)].slice(0, RECENT) });
  input.value = "";
  try { sessionStorage.setItem("recent", JSON.stringify(state.recent)); } catch { /* the list of the last ones is a comfort only */ }
  drawn = "";
  draw();
  at.rider.querySelector(".so-body")?.scrollTo(0, 0);
}

async function takeBack(row, item, word) {
  if (await dialogs.confirm(say("back.title", { item: word }), "", say("back.act"))) await tap(row.id, item, "off");
}

const acts = {
  back: () => { Object.assign(state, { open: null, cards: false }); draw(); },
  identity: (row) => tap(row.id, "identity", row.ticks.identity ? "off" : "1"),
  hand: (row, { item }) => (row.ticks[item] ? takeBack(row, item, tileWord(item, state.meta)) : tap(row.id, item)),
  chip: async (row) => {
    if (row.ticks.chip) return takeBack(row, "chip", tileWord("chip", state.meta));
    const answer = await dialogs.chip(row, view);
    if (answer) await tap(row.id, ...answer);
  },
  deposit: async (row) => {
    if (row.ticks.deposit) return takeBack(row, "deposit", tileWord("deposit", state.meta));
    const method = await dialogs.deposit(yuan(state.meta.deposit_fen), METHODS);
    if (method) await tap(row.id, "deposit", method);
  },
  cash: async (row) => {
    const fen = row.missing.find((gap) => gap.code === "unpaid").fen;
    if (await dialogs.confirm(say("cash.title", { sum: yuan(fen) }), say("cash.why", { name: nameOf(row) }), say("cash.act"))) await tap(row.id, "cash", String(fen));
  },
  waiver: (row) => signed(row, "waiver"),
  waiver_guardian: (row) => signed(row, "waiver_guardian"),
  document: async (row, { kind }) => {
    const { label } = row.missing.find((gap) => gap.kind === kind);
    if (await dialogs.confirm(say("paper.title", { label }), say("paper.why"), say("gap.document.act"))) await tap(row.id, "document", kind);
  },
  office: () => { location.href = page.urls.office; },
  complete: (row) => tap(row.id, "sign_on"),
  undo: (row) => takeBack(row, "sign_on", say("item.sign_on")),
  let: async (row) => {
    const items = row.missing.map((gap) => gapWords(gap, day)[0]).join(say("and"));
    const reason = await dialogs.reasonToLetThrough(row, items);
    if (reason) await tap(row.id, "let_through", "1", { reason });
  },
};

async function signed(row, item) {
  const name = await dialogs.sign(state.meta.waiver, item === "waiver_guardian");
  if (name) await tap(row.id, item, name, { version: state.meta.waiver.version });
}

async function resolve(key, way) {
  const { event, answer } = state.conflicts.find((one) => one.key === key);
  const row = view.get(event.entry);
  let instead = null;
  if (way === "swap") instead = made(event.entry, "chip_swap", answer.chip ?? event.value);
  if (way === "chip") {
    const chosen = await dialogs.chip(row, view);
    if (!chosen) return;
    instead = made(event.entry, ...chosen);
  }
  await store.resolve(key, instead);
  await sync.reload();
  if (way === "leave" || !row) { if (!state.conflicts.length) state.cards = false; draw(); } else open(event.entry);
  sync.now();
}

async function camera() {
  const stop = new AbortController(), video = el("video", { cls: "so-video", muted: true, playsInline: true });
  dialogs.ask(say("scan.title"), [video], []).then(() => stop.abort());
  try {
    const code = await scan(video, stop.signal);
    if (code) { document.getElementById("so-dialog").close(); entered(code); }
  } catch { video.replaceWith(el("p", {}, say("scan.none"))); }
}

/** A scan or Enter: the first that fits is opened; what fits nobody stays in the field. */
function entered(text) {
  const [first] = find(text, [...view.values()]);
  if (!first) { state.asked = input.value = text; draw(); return; }
  open(first.id);
  if (matchMedia("(pointer: fine)").matches) input.focus(); else input.blur();
}

// ---- listening

at.find.addEventListener("submit", (event) => { event.preventDefault(); entered(input.value); });
input.addEventListener("input", () => { state.asked = input.value.trim(); draw(); });
at.list.addEventListener("click", (event) => { const line = event.target.closest("[data-entry]"); if (line) open(Number(line.dataset.entry)); });
at.cards.addEventListener("click", () => { state.cards = true; draw(); });
at.badge.addEventListener("click", () => sync.now(true));
at.scan.addEventListener("click", camera);
at.rider.addEventListener("click", (event) => {
  const one = event.target.closest("[data-card]");
  if (one) { resolve(one.dataset.card, one.dataset.do); return; }
  const act = event.target.closest("[data-act]:not(:disabled)"), row = state.open !== null ? view.get(state.open) : null;
  if (act && (row || act.dataset.act === "back")) acts[act.dataset.act](row, act.dataset);
});
at.count.addEventListener("click", () => {
  const races = [...new Map((state.meta?.categories ?? []).map((one) => [one.race, one])).values()];
  const show = (race) => { state.race = race; dialogs.ask(say("counts"), countsDialog(races, view, race, show), []); draw(); };
  show(at.count.dataset.race);
});
at.leave.form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await store.wipe();
  event.target.submit();
});
// A reader that types like a keyboard finds the field, wherever the focus is.
addEventListener("keydown", (event) => {
  const elsewhere = document.querySelector("dialog[open]") || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (!elsewhere && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (input.offsetParent === null) acts.back(); // on a phone the rider hides the list
    input.value = "";
    input.focus();
  }
});

// ---- beginning

async function forgetAfterTheEvent() {
  if (!state.meta || state.over || state.now() < Date.parse(state.meta.wipe_after)) return;
  await store.wipe();
  Object.assign(state, { over: true, rows: new Map(), open: null });
}

async function begin() {
  try { localStorage.setItem("desk", deskName()); state.recent = JSON.parse(sessionStorage.getItem("recent") ?? "[]"); } catch { /* a private window */ }
  document.getElementById("so-desk").value = deskName();
  at.scan.disabled = !await canScan();
  store = await Store.open();
  const kept = await store.roster(page.edition);
  if (kept) {
    Object.assign(state, { meta: kept.meta, rows: new Map(kept.rows.map((row) => [row.id, row])) });
    clock.offsets = [kept.meta.offset ?? 0];
    clock.setLaw(kept.meta.clock);
  }
  sync = new Sync({ store, edition: page.edition, urls: page.urls, state, clock, changed: () => forgetAfterTheEvent().then(draw) });
  await sync.reload();
  draw();
  setInterval(() => forgetAfterTheEvent().then(draw), 5_000);
  navigator.storage?.persist?.();
  if (navigator.serviceWorker) {
    await navigator.serviceWorker.register(page.urls.worker).catch(() => { /* without it the page works while it stays open */ });
    const looksAfter = () => { if (navigator.serviceWorker.controller) document.documentElement.dataset.worker = "ready"; };
    navigator.serviceWorker.addEventListener("controllerchange", looksAfter);
    looksAfter();
  }
  await sync.start();
}

begin();
