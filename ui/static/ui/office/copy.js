// A link that is there to be copied is marked whole by one tap.
export function copy(root) {
  root.addEventListener("focusin", (event) => { if (event.target.matches?.("[data-copy]")) event.target.select(); });
}
