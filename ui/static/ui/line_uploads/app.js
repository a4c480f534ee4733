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
let sending = false;
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
    show(answer.responseText, focus);
  } catch (failure) {
    if (mine !== asked) return;
    tell(null);
    if (failure instanceof SignedOut) return complain(words("Out", { name: file.name }));
    complain(failure instanceof Lost ? words("Lost", {}) : words("Failed", { name: file.name }));
  }
}

function show(html, focus) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  preview.replaceChildren(...parsed.body.childNodes);
  zone.classList.toggle("up-small", Boolean(preview.querySelector("#up-look")));
  (preview.querySelector(focus || "#up-look") ?? preview).focus?.({ preventScroll: Boolean(focus) });
}

/** How the form says that the file is to be read, without what it leaves open. */
function reading() {
  const form = preview.querySelector("#up-reading");
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
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
preview.addEventListener("change", (event) => {
  if (event.target.matches("[data-column]")) remap(event.target, `[data-column="${event.target.dataset.column}"]`);
  else if (event.target.matches("[data-headings]")) remap(event.target, "[data-headings]");
  else if (event.target.closest("#up-reading")) {
    if (event.target.name === "make") preview.querySelector("[name=columns]").value = "";
    complain(null);
    look(reading(), `#${event.target.id}`);
  }
});
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
  const mine = file;
  const options = reading();
  for (const row of document.querySelectorAll(".up-fresh")) row.classList.remove("up-fresh");
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

function mark(id) {
  const row = document.getElementById(`file-${id}`);
  if (!row) return;
  row.classList.add("up-fresh");
  row.setAttribute("tabindex", "-1");
  row.focus();
}

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
