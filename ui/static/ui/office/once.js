// A form is sent once: a second click while the first is on its way does nothing. `data-sure` asks before it is sent.
export function once(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent !== undefined) return event.preventDefault();
    form.dataset.sent = "";
    const button = event.submitter;
    if (button) setTimeout(() => { button.classList.add("button-busy"); button.setAttribute("aria-disabled", "true"); });
  });
  // A page that comes back from the browser's memory may be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of root.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of root.querySelectorAll(".button-busy")) {
      button.classList.remove("button-busy");
      button.removeAttribute("aria-disabled");
    }
  });
}
