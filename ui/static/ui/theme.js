// Runs before the first paint, so that a chosen theme never flashes the other one. Not a module: modules wait.
(() => {
  const read = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const chosen = read();
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  // The other language shows the same race: the part of the address after # is not sent, so it goes along in `next`.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[hreflang]");
    if (!link) return;
    const to = new URL(link.href);
    to.searchParams.set("next", to.searchParams.get("next").split("#")[0] + location.hash);
    link.href = to.href;
  });
  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-switch-theme]")) return;
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* private mode: the choice lasts for this page */ }
  });
})();
