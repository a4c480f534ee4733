// Drag a row by its handle (or, with a mouse, anywhere on it) to another place: mouse, pen and touch alike.
const FAR = 6;

/** `ended(bib, before)`: dropped before another (null: at the end); `ended(null)`: let go where it was. */
export function drag(root, { may, began, ended, after }) {
  let held = null;

  root.addEventListener("pointerdown", (event) => {
    const rider = event.target.closest(".bn-rider");
    if (!rider || !may() || event.button !== 0) return;
    if (event.pointerType === "touch" && !event.target.closest(".bn-grip")) return;
    held = { rider, x: event.clientX, y: event.clientY, on: false, id: event.pointerId, from: rider.nextElementSibling, list: rider.parentElement };
  });

  addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.id) return;
    if (!held.on) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return;
      held.on = true;
      held.rider.classList.add("bn-dragged");
      root.classList.add("bn-dragging");
      began(Number(held.rider.dataset.bib));
    }
    event.preventDefault();
    const over = document.elementFromPoint(event.clientX, event.clientY)?.closest(".bn-rider");
    if (!over || over === held.rider || !root.contains(over)) return;
    const box = over.getBoundingClientRect();
    const ahead = event.clientX < box.left + box.width / 2;
    const wide = box.width < over.parentElement.clientWidth - 8;
    over[(wide ? ahead : event.clientY < box.top + box.height / 2) ? "before" : "after"](held.rider);
  }, { passive: false });

  function end(dropped) {
    if (!held) return;
    const { rider, on, from, list } = held;
    held = null;
    if (!on) return;
    rider.classList.remove("bn-dragged");
    root.classList.remove("bn-dragging");
    // The click that follows a drag selects nobody.
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
    if (!dropped || (rider.nextElementSibling === from && rider.parentElement === list)) {
      list.insertBefore(rider, from);
      return ended(null);
    }
    const bib = Number(rider.dataset.bib);
    const riders = [...root.querySelectorAll(".bn-rider")];
    const next = riders[riders.indexOf(rider) + 1];
    ended(bib, next ? Number(next.dataset.bib) : after(bib));
  }
  const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
  addEventListener("pointerup", () => end(true));
  addEventListener("pointercancel", () => end(false));
  addEventListener("keydown", (event) => { if (event.key === "Escape") end(false); });
}
