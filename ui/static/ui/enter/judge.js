// Ask the server what it thinks of the form so far, and show it: the number's sense, the cards, the sum.
import { clocks } from "./clocks.js";

const PAUSE = 250, AGAIN = 20000;

export class Judge {
  constructor(root, form, { changed = () => {} } = {}) {
    this.root = root;
    this.form = form;
    this.changed = changed;
    this.asking = null;
    this.timer = null;
    setInterval(() => { if (!document.hidden) this.ask(); }, AGAIN);
  }

  soon(pause = PAUSE) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), pause);
  }

  async ask() {
    this.asking?.abort();
    this.asking = new AbortController();
    const sent = new FormData(this.form);
    for (const [name, value] of [...sent]) if (value instanceof File) sent.delete(name);
    try {
      const answer = await fetch(this.root.dataset.judge, { method: "POST", body: sent, signal: this.asking.signal,
        headers: { Accept: "application/json" } });
      if (answer.ok) this.show(await answer.json());
    } catch (problem) {
      if (problem.name !== "AbortError") this.root.dataset.stale = ""; // the cards keep their time, which tells their age
    }
  }

  show({ about, minor, insurance, papers, races, total }) {
    const { form } = this;
    this.number(about);
    form.toggleAttribute("data-minor", minor);
    form.toggleAttribute("data-insurance", insurance);
    for (const told of form.querySelectorAll("[data-told]")) told.textContent = about[told.dataset.told] ?? "";
    const age = form.querySelector(".age-told");
    age.hidden = about.age === null || form.dataset.kind === "resident" || form.dataset.kind === "residence_permit_hmt";
    age.textContent = age.dataset.age.replace("{n}", about.age);
    this.uci(about.uci_problem);
    for (const paper of form.querySelectorAll("[data-paper]")) paper.hidden = !papers.includes(paper.dataset.paper);
    this.replace(form.querySelector("#races"), races);
    form.querySelector("#total").innerHTML = total;
    this.changed();
  }

  /** New cards, with the focus where it was. */
  replace(place, html) {
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    place.innerHTML = html;
    clocks(place);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  number({ valid, problem, born, age }) {
    const field = this.form.querySelector(".field-identity_number");
    const help = field.querySelector(":scope > .field-help"), input = field.querySelector("input");
    const typing = document.activeElement === input && input.value.trim().length < 18 && !valid;
    const missing = !input.value && input.hasAttribute("data-missing"); // said by the server, true until something is typed
    const wrong = missing || (Boolean(problem) && !typing);
    field.classList.toggle("field-ok", valid);
    field.classList.toggle("field-error", wrong);
    input.toggleAttribute("aria-invalid", wrong);
    help.textContent = missing ? input.dataset.missing : wrong ? problem : help.dataset.help;
    const tells = ["resident", "residence_permit_hmt"].includes(this.form.dataset.kind);
    field.querySelector(".told").hidden = !(valid && tells && born && age !== null);
  }

  uci(problem) {
    const field = this.form.querySelector(".field-uci_id"), help = field.querySelector(".field-help");
    help.dataset.help ??= help.textContent;
    field.classList.toggle("field-warn", Boolean(problem));
    help.textContent = problem || help.dataset.help;
  }
}
