// A new ruling: the article chooses the sanctions, the preview follows what is written, a draft is kept on the way, and
// signing is one act. Without this script the form previews and signs by itself.
import { fresh } from "./age.js";

const PREVIEW_MS = 300, DRAFT_MS = 900, AGAIN_MS = 4000;
const form = document.getElementById("rule");
const allowed = JSON.parse(document.getElementById("allowed").textContent);
const [preview, refused, kept, lost] = ["preview", "refused", "kept", "lost"].map((id) => document.getElementById(id));
const field = (name) => form.elements[name];
const part = { "X-Part": "1" };

/** What is written, without files. */
function written() {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
  return data;
}

// The article and its sanctions
function sanctions(propose) {
  const rule = allowed[field("article").value];
  for (const choice of form.querySelectorAll("[data-kind]")) {
    const radio = choice.querySelector("input");
    choice.hidden = Boolean(rule) && !rule.may.includes(choice.dataset.kind);
    if (choice.hidden) radio.checked = false;
    if (rule && propose && choice.dataset.kind === rule.default) radio.checked = true;
  }
  const words = document.getElementById("proposed");
  const word = rule && form.querySelector(`[data-kind="${rule.default}"] span`)?.textContent;
  words.textContent = word ? words.dataset.word.replace("{what}", word) : "";
  details();
}

function details() {
  const kind = form.querySelector("[name=kind]:checked")?.value;
  for (const detail of form.querySelectorAll("[data-for]")) {
    detail.hidden = !detail.dataset.for.split(" ").includes(kind);
  }
}

// The preview
let asked = 0;
async function look() {
  const mine = ++asked;
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: written(), headers: part });
    if (answer.redirected) return location.reload();
    if (!answer.ok || mine !== asked) return;
    preview.innerHTML = await answer.text();
    const based = document.getElementById("of-based"), revision = preview.querySelector("[data-revision]")?.dataset.revision;
    if (revision) based.textContent = based.dataset.word.replace("{n}", revision);
    fresh();
  } catch {
    // The last preview stands; the header tells how old it is.
  }
}

// The draft
let keeping = 0, written_at = 0, elsewhere = false;
async function keep() {
  clearTimeout(keeping);
  if (elsewhere) return;
  const at = written_at;
  try {
    const answer = await fetch(form.dataset.draft, { method: "POST", body: written(), headers: part });
    if (answer.status === 409) {
      elsewhere = true;
      kept.textContent = kept.dataset.elsewhere;
      return;
    }
    if (!answer.ok) throw new Error(answer.status);
    field("touched").value = (await answer.json()).touched;
    if (at === written_at) kept.textContent = kept.dataset.kept;
    document.querySelector("[form=drop]").hidden = false;
  } catch {
    kept.textContent = kept.dataset.lost;
    keeping = setTimeout(keep, AGAIN_MS);
  }
}

let looking = 0;
function changed() {
  written_at++;
  refused.replaceChildren();
  clearTimeout(looking);
  clearTimeout(keeping);
  looking = setTimeout(look, PREVIEW_MS);
  keeping = setTimeout(keep, DRAFT_MS);
}

// The rider
const box = field("bib"), found = document.getElementById("found"), picked = form.querySelector(".rule-picked");
let finding = 0;
async function find() {
  const text = box.value.trim(), mine = ++finding;
  if (!text) return close();
  try {
    const answer = await fetch(`${form.dataset.riders}?q=${encodeURIComponent(text)}`, { headers: part });
    if (!answer.ok || mine !== finding) return;
    found.innerHTML = await answer.text();
    found.hidden = false;
    box.setAttribute("aria-expanded", "true");
  } catch {
    close();
  }
}

function close() {
  finding++;
  found.hidden = true;
  box.setAttribute("aria-expanded", "false");
}

function pick(option) {
  box.value = option.dataset.bib;
  picked.querySelector("[data-picked]").innerHTML = option.innerHTML;
  picked.hidden = false;
  box.hidden = true;
  close();
  changed();
}

found.addEventListener("click", (event) => {
  const option = event.target.closest("[data-bib]");
  if (option) pick(option);
});
box.addEventListener("keydown", (event) => {
  const options = [...found.querySelectorAll("[data-bib]")];
  if (event.key === "Enter") {
    event.preventDefault();
    const exact = options.find((one) => one.dataset.bib === box.value.trim());
    if (exact ?? options[0]) pick(exact ?? options[0]);
  } else if (event.key === "ArrowDown" && options.length) {
    event.preventDefault();
    options[0].focus();
  } else if (event.key === "Escape") close();
});
found.addEventListener("keydown", (event) => {
  const to = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (event.key === "Escape") { close(); box.focus(); }
  if (!to) return;
  event.preventDefault();
  (document.activeElement[to] ?? box).focus();
});
picked.querySelector("[data-clear]").addEventListener("click", () => {
  picked.hidden = true;
  box.hidden = false;
  box.value = "";
  box.focus();
  changed();
});

// Files
const files = field("evidence"), list = document.getElementById("files");
files.addEventListener("change", () => {
  list.replaceChildren(...[...files.files].map((file) => {
    const item = document.createElement("li");
    item.textContent = file.name;
    return item;
  }));
});

// What a colleague signed meanwhile is seen by saying so
document.querySelector(".rule-preview").addEventListener("click", (event) => {
  const seen = event.target.closest("[data-seen]");
  if (!seen) return;
  field("seen").value = seen.dataset.seen;
  refused.replaceChildren();
  changed();
  look();
});

// Signing
let signing = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopPropagation();
  if (signing) return;
  signing = true;
  const button = document.querySelector("[data-sign]");
  button.classList.add("button-busy");
  lost.hidden = true;
  clearTimeout(keeping);
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: part });
    if (answer.ok && !answer.redirected) return location.assign((await answer.json()).next);
    if (answer.redirected) return location.reload();
    refused.innerHTML = await answer.text();
    refused.scrollIntoView({ block: "nearest" });
  } catch {
    lost.hidden = false;
  }
  signing = false;
  button.classList.remove("button-busy");
}, true);

document.querySelector("[data-keep]").addEventListener("click", keep);
form.addEventListener("input", (event) => {
  if (event.target === box) return find();
  if (event.target === files) return;
  if (event.target.name === "article") sanctions(true);
  if (event.target.name === "kind") details();
  changed();
});
sanctions(false);
look();
