// The document's number: shown while it is typed, veiled when it is not, so that nobody reads it over a shoulder.

/** Only the last two characters; eighteen of them grouped like on the card. The same as race.identity.masked. */
export function masked(number) {
  const spelt = number.replace(/[\s\-.·]/g, "").toUpperCase();
  const hidden = spelt.length <= 2 ? "*".repeat(spelt.length) : "*".repeat(spelt.length - 2) + spelt.slice(-2);
  return hidden.length === 18 ? `${hidden.slice(0, 6)} ${hidden.slice(6, 14)} ${hidden.slice(14)}` : hidden;
}

export function veil(form) {
  const box = form.querySelector(".field-identity_number");
  const input = box.querySelector("input"), cloth = box.querySelector(".veil"), button = box.querySelector(".veil-switch");
  let open = false;
  const draw = () => {
    const hidden = !open && document.activeElement !== input && input.value.trim().length > 2;
    input.classList.toggle("veiled", hidden);
    input.classList.add("has-veil");
    cloth.hidden = !hidden;
    cloth.textContent = hidden ? masked(input.value) : "";
    button.hidden = input.value.trim().length <= 2;
    button.textContent = open ? button.dataset.hide : button.dataset.show;
    button.setAttribute("aria-pressed", String(open));
  };
  button.addEventListener("click", () => { open = !open; draw(); });
  for (const kind of ["input", "focus", "blur", "change"]) input.addEventListener(kind, draw);
  draw();
  return draw;
}
