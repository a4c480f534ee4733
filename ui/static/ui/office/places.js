// On a phone the places of the office fold behind one button; without scripts they all stand there.
export function places(root) {
  const nav = root.querySelector("[data-places]");
  const button = nav?.querySelector("button");
  if (!button) return;
  button.hidden = false;
  nav.dataset.folded = "";
  button.addEventListener("click", () => {
    const open = nav.toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
  });
}
