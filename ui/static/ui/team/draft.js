// A draft in this tab's storage: gone with the tab, so that a shared computer keeps no document numbers.
const TEXTS = ["team", "contact_name", "email", "phone"];

/** The rows of the grid as text with tabs, under their headings. */
function rows(page) {
  const lines = [...page.querySelectorAll("[data-row]")].map((row) => [...row.querySelectorAll("td")]);
  if (lines.length === 0) return "";
  const heads = lines[0].map((cell) => cell.querySelector("label").textContent);
  const clean = (text) => text.replace(/[\t\n]+/g, " ");
  return [heads, ...lines.map((line) => line.map((cell) => clean(cell.querySelector("input").value)))]
    .map((cells) => cells.join("\t"))
    .join("\n");
}

/** Keep what the form holds now. */
export function keep(page, form) {
  const held = Object.fromEntries(TEXTS.map((name) => [name, form.elements[name]?.value ?? ""]));
  held.pasted = form.elements.pasted.value || rows(page);
  try {
    if (Object.values(held).some(Boolean)) sessionStorage.setItem(page.dataset.draft, JSON.stringify(held));
  } catch {
    // Without storage there is no draft; the page works as before.
  }
}

/** Fill an empty form with the draft, and say so. */
export function restore(page, form) {
  const text = sessionStorage.getItem(page.dataset.draft);
  if (!text || page.querySelector("[data-row]")) return;
  const held = JSON.parse(text);
  let filled = false;
  for (const name of [...TEXTS, "pasted"]) {
    const field = form.elements[name];
    if (field && !field.value && held[name]) {
      field.value = held[name];
      filled = true;
    }
  }
  const told = page.querySelector(".team-draft");
  if (told) told.hidden = !filled;
}
