// On a phone a row shows what is wrong with it; one tap shows all of its cells.
/** Give every row its switch. */
export function foldRows(page) {
  const { more, less } = page.querySelector("#team-grid")?.dataset ?? {};
  for (const row of page.querySelectorAll("[data-row]")) {
    const head = row.querySelector("th");
    if (head.querySelector(".row-open")) continue;
    const open = document.createElement("button");
    open.type = "button";
    open.className = "button button-quiet row-open";
    const show = () => {
      const all = row.hasAttribute("data-open");
      open.textContent = all ? less : more;
      open.setAttribute("aria-expanded", String(all));
    };
    open.addEventListener("click", () => {
      row.toggleAttribute("data-open");
      show();
    });
    show();
    head.append(open);
  }
}
