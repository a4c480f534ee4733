// The page of entering: a plain form that is judged while it is filled in and survives a reload and a lost signal.
import { ownTimes } from "./clocks.js";
import { Draft } from "./draft.js";
import { Judge } from "./judge.js";
import { veil } from "./number.js";
import { send } from "./send.js";

const root = document.querySelector("#enter");
const draft = new Draft(root.dataset.slug);

function start(form, { restore }) {
  form.dataset.scripted = "";
  const back = restore && draft.restore(form);
  const draw = veil(form);
  const judge = new Judge(root, form);
  const kind = () => {
    const chosen = form.elements.kind.value;
    form.dataset.kind = chosen;
    const nation = chosen === "passport" || chosen === "pr_card" ? form.elements.nation.value : "CHN";
    form.toggleAttribute("data-chinese", nation === "CHN" && !chosen.startsWith("permit_") && chosen !== "residence_permit_hmt");
    if (chosen === "passport") form.querySelector(".latin").open = true;
  };
  kind();
  if (back) {
    const said = document.querySelector("#draft-back");
    said.textContent = said.dataset.text;
  }
  form.addEventListener("input", (event) => {
    mended(form, event.target);
    kind();
    draft.save(form);
    if (event.target.type !== "file" && event.target.name !== "signer") judge.soon(event.target.name === "category" ? 0 : undefined);
  });
  form.addEventListener("focusout", () => judge.soon());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
  const note = form.querySelector(".draft-note");
  note.hidden = false;
  note.firstElementChild.textContent = note.dataset.saved;
  form.querySelector("[data-clear-draft]").addEventListener("click", () => { draft.clear(); location.assign(location.pathname); });
  form.querySelector("[data-new-draft]")?.addEventListener("click", () => draft.clear());
  draft.save(form);
  draw();
  judge.ask();
}

/** What was wrong with a field is no longer said once the field is another; the number is judged by the server alone. */
function mended(form, input) {
  const field = input.closest(".field, .tick, .paper");
  if (input.name === "category") form.querySelector(".form-error[data-about=category]")?.remove();
  if (!field || field.matches(".field-identity_number")) return;
  const was = field.matches(".field-error");
  field.classList.remove("field-error");
  input.removeAttribute("aria-invalid");
  const help = field.querySelector(":scope > .field-help") ?? (field.matches(".tick") ? field.nextElementSibling : null);
  if (input.name === "email" && form.elements.phone.value === "") mended(form, form.elements.phone); // one of the two is enough
  if (!was) return;
  if (help?.matches(".field-help")) { help.textContent = ""; help.classList.remove("is-error"); }
  if (input.tagName === "INPUT") field.querySelector(":scope > .field-box > .icon")?.remove();
}

function submit(form) {
  const signal = document.querySelector("#no-signal");
  draft.save(form);
  send(form, {
    done: (path) => { draft.clear(); location.assign(path); },
    lost: () => { signal.hidden = false; signal.scrollIntoView({ block: "nearest" }); },
    wrong: (page) => {
      signal.hidden = true;
      const files = new Map([...form.querySelectorAll("input[type=file]")].map((input) => [input.id, input.files]));
      const fresh = page.querySelector("#enter-form");
      if (!fresh) return location.reload();
      form.replaceWith(fresh);
      for (const [id, chosen] of files) if (chosen.length) fresh.querySelector(`#${id}`).files = chosen;
      start(fresh, { restore: false });
      fresh.querySelector(".form-errors")?.focus();
      fresh.querySelector(".form-errors")?.scrollIntoView({ block: "start" });
    },
  });
}

addEventListener("online", () => { document.querySelector("#no-signal").hidden = true; });
start(document.querySelector("#enter-form"), { restore: !document.querySelector(".form-errors") });
ownTimes(document);
