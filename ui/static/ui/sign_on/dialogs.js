// Questions that stand in the way of the page: a chip, a signature, money, a reason. Each resolves to an answer or to null.
import { el, icon } from "../live/dom.js";
import { isEnglish, say } from "../live/words.js";
import { nameOf } from "./list.js";
import { chipCode, holder, isChip } from "./rows.js";

let dialog, settle = null;

export function setDialog(node) {
  dialog = node;
  dialog.addEventListener("close", () => { const done = settle; settle = null; done?.(null); });
}

/** Show `content` under a title; buttons with a value answer it. `fill(form, answer)` may wire more. */
export function ask(title, content, buttons, fill = () => {}) {
  settle?.(null);
  const answer = (value) => { const done = settle; settle = null; dialog.close(); done?.(value); };
  const form = el("form", { method: "dialog", cls: "so-ask" },
    el("div", { cls: "dialog-head" }, el("h2", {}, title), el("button", { cls: "star", type: "button", "aria-label": say("close"), onclick: () => answer(null) }, icon("cross"))),
    el("div", { cls: "so-ask-in" }, ...content), buttons.length ? el("div", { cls: "so-ask-foot" }, ...buttons) : "");
  form.addEventListener("submit", (event) => event.preventDefault());
  dialog.replaceChildren(form);
  const asked = new Promise((resolve) => { settle = resolve; });
  fill(form, answer);
  if (!dialog.open) dialog.showModal();
  form.querySelector("[data-first]")?.focus();
  return asked;
}

const button = (word, primary, onclick) => el("button", { cls: primary ? "button button-primary" : "button", type: primary ? "submit" : "button", onclick }, word);
const field = (label, props) => {
  const id = "so-field";
  return el("div", { cls: "field" }, el("label", { htmlFor: id }, label), el("div", { cls: "field-box" }, el(props.tag ?? "input", { id, autocomplete: "off", ...props, tag: null, data: { first: "" } })),
    el("p", { cls: "field-help", role: "alert" }));
};

function complain(form, text) {
  form.querySelector(".field").classList.toggle("field-error", Boolean(text));
  form.querySelector(".field-help").textContent = text;
}

/** A yes to one sentence. */
export const confirm = (title, why, word) => ask(title, why ? [el("p", {}, why)] : [], [button(say("cancel"), false, () => dialog.close()), button(word, true)],
  (form, answer) => form.addEventListener("submit", () => answer(true)));

/** One line or text that must not be empty. */
function written(title, before, label, props, word, empty) {
  return ask(title, [...before, field(label, props)], [button(say("cancel"), false, () => dialog.close()), button(word, true)], (form, answer) => {
    const input = form.querySelector("#so-field");
    form.addEventListener("submit", () => { const text = input.value.trim(); if (text) answer(text); else { complain(form, empty); input.focus(); } });
  });
}

/** The waiver in full, and the name typed under it. */
export const sign = (waiver, guardian) => written(say("waiver.title", { n: waiver.version }),
  [el("div", { cls: "so-waiver", tabIndex: 0 }, (isEnglish() ? waiver.en || waiver.zh : waiver.zh || waiver.en))],
  say(guardian ? "waiver.guardian" : "waiver.name"), { maxLength: 80 }, say("waiver.act"), say("waiver.empty"));

export const reasonToLetThrough = (row, missing) => written(say("let.title", { name: nameOf(row) }),
  [el("p", {}, missing ? say("let.why", { items: missing }) : say("let.why.late"))], say("let.reason"), { tag: "textarea", maxLength: 200 }, say("let.act"), say("let.empty"));

export const deposit = (sum, methods) => ask(say("deposit.title", { sum }),
  [el("div", { cls: "so-methods" }, ...methods.map((name) => el("button", { cls: "button", type: "button", data: { method: name } }, say(`method.${name}`))))], [],
  (form, answer) => form.addEventListener("click", (event) => { const method = event.target.closest("[data-method]"); if (method) answer(method.dataset.method); }));

/** Which chip goes to a rider: [item, code]. Says first whose it is, as far as this desk knows. */
export function chip(row, rows, first = "") {
  return ask(say("chip.title"), [field(say("chip.field"), { maxLength: 32, autocapitalize: "characters", value: first }), el("p", { cls: "soft small" }, say("chip.hint")), el("div", { cls: "so-chip-says" })],
    [button(say("cancel"), false, () => dialog.close()), button(say("chip.give"), true)], (form, answer) => {
      const input = form.querySelector("#so-field"), says = form.querySelector(".so-chip-says");
      const give = form.querySelector(".button-primary");
      const offer = (open) => { give.hidden = !open; };
      // A chip that needs a decision has its own buttons: there is one question at a time.
      const choice = (text, why, ...buttons) => offer(false) ?? says.replaceChildren(el("p", {}, icon("warning"), el("b", {}, text)), el("p", { cls: "soft small" }, why), el("div", { cls: "button-row" }, ...buttons));
      input.addEventListener("input", () => { says.replaceChildren(); offer(true); complain(form, ""); });
      form.addEventListener("submit", () => {
        const code = chipCode(input.value);
        if (!isChip(code)) { complain(form, say("chip.bad")); input.focus(); return; }
        const other = holder(rows, code, row.id), own = row.chips.filter((one) => one !== code);
        if (other) choice(say("chip.with", { chip: code, bib: other.bib ?? "–", name: nameOf(other) }), say("chip.with.why", { bib: other.bib ?? "–" }), button(say("chip.swap", { bib: other.bib ?? "–" }), false, () => answer(["chip_swap", code])));
        else if (own.length && !row.chips.includes(code)) choice(say("chip.own", { chips: own.join(", ") }), "", button(say("chip.replace", { chips: own.join(", ") }), false, () => answer(["chip_replace", code])), button(say("chip.second"), false, () => answer(["chip", code])));
        else answer(["chip", code]);
      });
    });
}
