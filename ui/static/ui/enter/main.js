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
    event.target.closest(".field-error:not(.field-identity_number)")?.classList.remove("field-error");
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
