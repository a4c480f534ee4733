// "/" goes to the search box from anywhere, Escape empties it.
export function search(root) {
  const box = root.querySelector("[data-office-search] input");
  if (!box) return;
  root.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      box.focus();
      box.select();
    }
    if (event.key === "Escape" && event.target === box) box.value = "";
  });
}
