// Judge again when a cell was left: the server's rows replace ours, but never one that somebody is typing in.
import { foldRows } from "./fold.js";

/** Ask the server what it makes of the cells now. */
export function judgeCells(page, form) {
  let asked = 0;
  form.addEventListener("change", async (event) => {
    if (!event.target.closest("[data-row]")) return;
    const mine = ++asked;
    const body = new FormData(form);
    body.delete("list");
    body.delete("pasted");
    body.set("do", "judge");
    let text;
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      if (!answer.ok) return;
      text = await answer.text();
    } catch {
      return; // No signal: the button still checks later.
    }
    if (mine === asked) take(page, new DOMParser().parseFromString(text, "text/html"));
  });
}

function take(page, fresh) {
  const busy = document.activeElement?.closest("[data-row]")?.dataset.row;
  for (const row of fresh.querySelectorAll("[data-row]")) {
    const old = page.querySelector(`[data-row="${row.dataset.row}"]`);
    if (!old || row.dataset.row === busy) continue;
    if (old.hasAttribute("data-open")) row.setAttribute("data-open", "");
    old.replaceWith(document.adoptNode(row));
  }
  for (const part of [".team-verdict", ".team-sum", ".team-seats", ".team-send > .button-row", "#team-form > .button-row"]) {
    const [old, now] = [page.querySelector(part), fresh.querySelector(part)];
    if (old && now) old.replaceWith(document.adoptNode(now));
  }
  foldRows(page);
}
