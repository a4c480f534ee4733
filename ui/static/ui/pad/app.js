// The phone pad: a bib and "now", or "now" and the bib later. What was tapped is on the disk, then on the screen, then sent.
import { setSprites } from "../live/dom.js";
import { say, setWords } from "../live/words.js";
import { newKey } from "../offline/keys.js";
import { localText, PadClock } from "./clock.js";
import { Drawing } from "./drawing.js";
import { given, nameless, pending, tapped, undone } from "./entries.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";

const page = JSON.parse(document.getElementById("pad-data").textContent);
const clock = new PadClock();
const LONGEST = 6, LOOK_EACH = 1_000, RELOAD_EACH = 5_000;
setWords(page.words, page.lang);
setSprites(page.sprites);

const state = {
  pad: null, rows: new Map(), races: new Map(), entries: [], typed: "", chosen: null, problem: "", failed: false, saving: 0, rejected: 0,
  offline: !navigator.onLine, trouble: 0, signedOut: false, clock,
  /** Who rides, as the server told it: bib -> what is shown of a rider. */
  setRows(rows, meta) {
    state.rows = new Map(rows.map(([bib, zh, latin, race, code, mark, category]) => [bib, { bib, zh, latin, race, code, mark, category }]));
    state.races = new Map((meta?.races ?? []).map((race) => [race.race, race]));
  },
  get queued() { return state.entries.filter(pending).length + state.saving; },
  /** What a bib that is typed now is for: the entry that was chosen, else the oldest tap that has none. */
  get target() { return state.entries.find((entry) => entry.key === state.chosen) ?? nameless(state.entries)[0] ?? null; },
};
const drawing = new Drawing(state, page.lang);
const draw = () => drawing.draw();
let store, sync, turn = 0, hidden = document.hidden;
const heard = globalThis.BroadcastChannel ? new BroadcastChannel("pad") : null;

/** Everything that is known of a moment: both clocks of the phone, and what the pad makes of them. */
function moment(mono) {
  look();
  const { offset, error } = clock.reading, event = clock.event(mono);
  return { mono, wall: Math.round(clock.wall() - (clock.mono() - mono)), stretch: clock.stretch, event, offset, error, sure: clock.sure, local: localText(event, state.pad.meta.zone) };
}

/** When a finger touched, on the counter: the browser stamps a touch before a busy page hears of it. */
const touched = (event) => (event.timeStamp > 0 && clock.mono() - event.timeStamp < 1_000 && event.timeStamp <= clock.mono() ? event.timeStamp : clock.mono());

async function kept(work) {
  state.saving += 1;
  draw();
  try {
    await work();
    state.failed = false;
  } catch { state.failed = true; }
  state.saving -= 1;
  heard?.postMessage("changed");
  await reload();
  sync.now();
}

const typedBib = () => (state.typed ? Number(state.typed) : null);

function now(event) {
  if (!ready()) return;
  const when = moment(touched(event)), bib = typedBib();
  Object.assign(state, { typed: "", chosen: null });
  navigator.vibrate?.(15);
  turn += 1;
  kept(() => store.keep(tapped(newKey(), state.pad.id, when, bib, turn)));
}

/** The bib goes to the entry that waits for it; where none waits, to this moment. */
function give(event) {
  const bib = typedBib(), target = state.target;
  if (!ready() || bib === null) return;
  if (!target) { now(event); return; }
  Object.assign(state, { typed: "", chosen: null });
  kept(() => store.change(target.key, (entry) => given(entry, bib)));
}

const ready = () => Boolean(state.pad?.meta);

const acts = {
  now,
  give,
  digit: (_, { digit }) => { if (state.typed.length < LONGEST && (state.typed || digit !== "0")) state.typed += digit; draw(); },
  erase: () => { state.typed = state.typed.slice(0, -1); draw(); },
  choose: (_, { entry }) => { state.chosen = state.chosen === entry ? null : entry; draw(); },
  back: (_, { entry }) => { state.chosen = null; kept(() => store.change(entry, undone)); },
  sync: () => { sync?.now(true); },
};

// ---- listening: fingers count from when they touch; a keyboard presses a button with a click that no pointer made

addEventListener("pointerdown", (event) => {
  const key = event.target.closest?.("[data-act][data-quick]");
  if (!key || event.button !== 0) return;
  event.preventDefault();
  if (!key.disabled) acts[key.dataset.act](event, key.dataset);
});
addEventListener("click", (event) => {
  const key = event.target.closest?.("[data-act]");
  if (key && !key.disabled && (!("quick" in key.dataset) || event.detail === 0)) acts[key.dataset.act](event, key.dataset);
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const act = /^\d$/.test(event.key) ? "digit" : { " ": "now", Enter: "give", Backspace: "erase" }[event.key];
  // Space and Enter press what has the focus, where that is no key of the pad.
  if ((act === "now" || act === "give") && event.target.closest?.("summary, a, button:not([data-quick])")) return;
  if (event.key === "Escape") { Object.assign(state, { typed: "", chosen: null }); draw(); return; }
  if (!act) return;
  event.preventDefault();
  acts[act](event, { digit: event.key });
});

// ---- looking after the clock, and the phone awake

function look() {
  if (clock.watch(hidden)) sync?.measureAgain();
  hidden = document.hidden;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hidden = true;
  else { look(); awake(); }
});

/** A phone that does not sleep keeps its counter running. Where the browser cannot do that, the clock is watched anyway. */
async function awake() {
  try { await navigator.wakeLock?.request("screen"); } catch { /* the battery is low, or the page is not in sight */ }
}

// ---- beginning

async function reload() {
  if (state.pad) state.entries = (await store.entries()).filter((entry) => entry.pad === state.pad.id);
  draw();
}

/** The pad of the link, of this tab, or the one that was open last. */
async function padOfLink() {
  const secret = new URLSearchParams(location.hash.slice(1)).get("key");
  const pads = await store.all("pads");
  if (!secret) {
    const last = await store.get("kept", "last");
    return pads.find((pad) => pad.id === last?.id) ?? null;
  }
  const known = pads.find((pad) => pad.secret === secret);
  if (known) return known;
  const answer = await fetch(page.urls.own, { headers: { Authorization: `Bearer ${secret}` }, credentials: "omit", cache: "no-store" });
  if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
  const { rows, now: _now, clock: law, ...meta } = await answer.json();
  const pad = { id: meta.source_id, secret, meta, rows, law, etag: answer.headers.get("ETag"), clock: null };
  await store.keepPad(pad);
  return pad;
}

async function begin() {
  store = await Store.open();
  try { state.pad = await padOfLink(); } catch (problem) { state.problem = problem.status ? "link" : "network"; }
  draw();
  if (!state.pad) return;
  await store.write(["kept"], (table) => table.put({ key: "last", id: state.pad.id }));
  if (location.hash) history.replaceState(null, "", location.pathname); // a picture of this screen gives no key away
  state.setRows(state.pad.rows, state.pad.meta);
  clock.carry(state.pad.clock);
  clock.setLaw(state.pad.law ?? null);
  sync = new Sync({ store, urls: page.urls, state, clock, changed: draw });
  await forgetAfterTheEvent();
  await reload();
  heard?.addEventListener("message", reload);
  setInterval(() => { look(); drawing.tick(); }, LOOK_EACH);
  setInterval(() => forgetAfterTheEvent().then(reload), RELOAD_EACH);
  navigator.storage?.persist?.();
  awake();
  if (navigator.serviceWorker) {
    await navigator.serviceWorker.register(page.urls.worker).catch(() => { /* without it the page works while it stays open */ });
    const looksAfter = () => { if (navigator.serviceWorker.controller) document.documentElement.dataset.worker = "ready"; };
    navigator.serviceWorker.addEventListener("controllerchange", looksAfter);
    looksAfter();
  }
  await sync.start();
}

/** Half a day after the event a phone no longer knows who rode. The taps have no names in them. */
async function forgetAfterTheEvent() {
  if (!state.rows.size || clock.event() < Date.parse(state.pad.meta.wipe_after)) return;
  state.rows = new Map();
  await store.forget();
}

document.title = say("title");
begin();
