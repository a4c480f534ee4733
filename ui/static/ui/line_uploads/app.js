// A file is dropped or chosen, looked at, read otherwise if need be, and counted. What it says comes from the server.

import { deliver, Lost, Refused, request, SignedOut } from "./send.js";

const HEAD = 2 * 1024 * 1024; // bytes of a large text that are looked at
const MIB = 1024 * 1024;
const root = document.getElementById("up");
const [input, zone, status, said, bar, problem, preview, recent] = [
  "up-file", "up-drop", "up-status", "up-said", "up-bar", "up-problem", "up-preview", "up-recent",
].map((id) => document.getElementById(id));
const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
let file = null;
let asked = 0; // the newest look: an older answer that comes late is not shown
let looked = {}; // how it is read, as that look asks or its answer says
let sending = false;
let pressed = false; // a finger or a mouse button is down on what is shown
let waiting = null; // what is to be shown once it is up: a button must not go away under a press
let fresh = null; // the file that was counted last
const queue = []; // files that were dropped while another one was looked at

const words = (name, values) => root.dataset[`word${name}`].replace(/\{(\w+)\}/g, (_all, key) => values[key]);
const megabytes = (bytes) => `${(bytes / MIB).toFixed(1)} MB`;

function tell(sentence, percent = null) {
  status.hidden = sentence === null;
  said.textContent = sentence ?? "";
  if (percent === null) bar.removeAttribute("value");
  else bar.value = percent;
}

function complain(sentence) {
  problem.hidden = sentence === null;
  problem.querySelector("p").textContent = sentence ?? "";
}

function choose(chosen) {
  queue.push(...chosen);
  next();
}

function next() {
  if (sending || file || !queue.length) return;
  file = queue.shift();
  preview.replaceChildren();
  complain(null);
  look({});
}

/** Ask what the file would do, read as `reading` says. */
async function look(reading, focus = "") {
  const mine = ++asked;
  looked = reading;
  const form = new FormData();
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const packed = (first === 0x50 && second === 0x4b) || (first === 0x1f && second === 0x8b); // .xlsx and .zip, .gz
  const part = !packed && file.size > HEAD ? file.slice(0, HEAD) : file;
  for (const [name, value] of Object.entries(reading)) form.set(name, value);
  form.set("name", file.name);
  form.set("size", file.size);
  form.set("file", part, file.name);
  const percent = (sent) => (sent < part.size ? Math.floor((100 * sent) / part.size) : null);
  tell(words("Looking", { name: file.name }), 0);
  try {
    const progress = (sent) => mine === asked && tell(words("Looking", { name: file.name }), percent(sent));
    const answer = await request("POST", root.dataset.look, form, { token, progress });
    if (mine !== asked) return;
    tell(null);
    if (answer.status >= 400 && answer.status !== 422) throw new Refused(`${answer.status}`);
    const put = () => mine === asked && show(answer.responseText, focus);
    if (pressed) waiting = put;
    else put();
  } catch (failure) {
    if (mine !== asked) return;
    tell(null);
    if (failure instanceof SignedOut) return complain(words("Out", { name: file.name }));
    complain(failure instanceof Lost ? words("Lost", {}) : words("Failed", { name: file.name }));
  }
}

/** What the newest look has found; a field in which somebody has gone on typing keeps what was typed. */
function show(html, focus) {
  const typed = edited();
  const active = typed.length && preview.contains(document.activeElement) ? document.activeElement : null;
  const at = active?.id ? `#${active.id}` : focus;
  const parsed = new DOMParser().parseFromString(html, "text/html");
  preview.replaceChildren(...parsed.body.childNodes);
  zone.classList.toggle("up-small", Boolean(preview.querySelector("#up-look")));
  looked = reading();
  for (const { name, value } of typed) if (form()) form().elements[name].value = value;
  const target = preview.querySelector(at || "#up-look") ?? preview;
  target.focus?.({ preventScroll: Boolean(at) });
  if (active?.type === "text") target.setSelectionRange?.(active.selectionStart, active.selectionEnd);
}

const form = () => preview.querySelector("#up-reading");

/** The fields that no longer say what was asked with. */
function edited() {
  const fields = form()?.querySelectorAll("input[name]:not([type=hidden])") ?? [];
  return [...fields].filter((field) => field.value !== (looked[field.name] ?? ""));
}

/** How the form says that the file is to be read, without what it leaves open. */
function reading() {
  return form() ? Object.fromEntries([...new FormData(form())].filter(([, value]) => value !== "")) : {};
}

function remap(select, focus) {
  const table = preview.querySelector(".up-columns");
  const selects = [...table.querySelectorAll("[data-column]")];
  for (const other of selects) if (other !== select && select.value && other.value === select.value) other.value = "";
  const chosen = selects.filter((one) => one.value).map((one) => `${one.value}:${one.dataset.column}`);
  const there = new Set(selects.map((one) => one.value));
  if (!there.has("chip") || !there.has("time")) return complain(words("Columns", {}));
  complain(null);
  const row = preview.querySelector("[data-headings]").checked ? table.dataset.row || "1" : "0";
  preview.querySelector("[name=columns]").value = [`row:${row}`, ...chosen].join(",");
  look(reading(), focus);
}

preview.addEventListener("submit", (event) => event.preventDefault());
preview.addEventListener("pointerdown", () => (pressed = true));
for (const end of ["pointerup", "pointercancel"]) {
  // The click comes right after the press has ended, and goes first.
  addEventListener(end, () => setTimeout(() => {
    pressed = false;
    waiting?.();
    waiting = null;
  }));
}
preview.addEventListener("change", (event) => {
  if (event.target.matches("[data-column]")) remap(event.target, `[data-column="${event.target.dataset.column}"]`);
  else if (event.target.matches("[data-headings]")) remap(event.target, "[data-headings]");
  else if (event.target.closest("#up-reading")) {
    if (event.target.name === "make") preview.querySelector("[name=columns]").value = "";
    again(event.target);
  }
});
// A field that was drawn anew under somebody's typing says nothing of a change when it is left.
preview.addEventListener("focusout", (event) => event.target.closest("#up-reading") && again(event.target));

function again(field) {
  if (sending || JSON.stringify(reading()) === JSON.stringify(looked)) return;
  complain(null);
  look(reading(), `#${field.id}`);
}

preview.addEventListener("click", (event) => {
  if (event.target.closest("#up-cancel")) clear();
  else if (event.target.closest("#up-count")) count();
});

function clear() {
  asked += 1;
  file = null;
  input.value = "";
  preview.replaceChildren();
  zone.classList.remove("up-small");
  tell(null);
  complain(null);
  input.focus();
  next();
}

/** Send the file as it was shown; what became of it stands in the list. */
async function count() {
  if (sending) return;
  sending = true;
  asked += 1;
  const mine = file;
  const options = reading();
  mark(null);
  const button = preview.querySelector("#up-count");
  button.disabled = true;
  const progress = (sent) => {
    const percent = Math.min(100, Math.floor((100 * sent) / mine.size));
    const values = { name: mine.name, percent, sent: megabytes(Math.min(sent, mine.size)), size: megabytes(mine.size) };
    if (percent < 100) tell(words("Sending", values), percent);
    else tell(words("Reading", { name: mine.name }));
  };
  const lost = (gone) => complain(gone ? words("Lost", {}) : null);
  progress(0);
  try {
    const made = await deliver(mine, options, root.dataset, { progress, lost, token });
    sending = false;
    clear();
    await refresh();
    mark(made?.id);
    document.querySelector(".up-fresh")?.focus();
    if (made?.warnings?.length) complain(made.warnings.map((one) => one.detail).join(" "));
  } catch (failure) {
    tell(null);
    button.disabled = false;
    complain(`${words("Failed", { name: mine.name })} ${failure instanceof Refused ? failure.message : ""}`.trim());
    await refresh();
  } finally {
    sending = false;
  }
}

async function refresh() {
  const answer = await fetch(root.dataset.recent, { headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.redirected) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  recent.replaceChildren(...parsed.body.childNodes);
  window.htmx?.process(recent);
}

/** Mark this file, and no other, in the list; the list is drawn anew while a worker reads its rows. */
function mark(id) {
  fresh = id ?? null;
  for (const row of recent.querySelectorAll(".up-item")) row.classList.toggle("up-fresh", row.id === `file-${fresh}`);
  recent.querySelector(".up-fresh")?.setAttribute("tabindex", "-1");
}

recent.addEventListener("htmx:after:swap", () => mark(fresh));

input.addEventListener("change", () => choose(input.files));
zone.addEventListener("submit", (event) => event.preventDefault());
// The whole page takes a file: who drops it beside the box must not lose the page to the browser.
addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("up-over");
});
addEventListener("dragleave", (event) => event.relatedTarget === null && zone.classList.remove("up-over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("up-over");
  choose(event.dataTransfer.files);
});
addEventListener("beforeunload", (event) => sending && event.preventDefault());
