// The team's list: cells are judged as they are left, and what was typed survives in this browser.
import { keep, restore } from "./draft.js";
import { judgeCells } from "./judge.js";
import { foldRows } from "./fold.js";

const page = document.getElementById("team");
const form = document.getElementById("team-form");
if (page && form) {
  restore(page, form);
  foldRows(page);
  judgeCells(page, form);
  form.addEventListener("input", () => keep(page, form));
  form.addEventListener("submit", () => keep(page, form));
  keep(page, form);
  page.querySelector("[role=alert]")?.focus();
}
