// How far an import is: asked every half second, until it is done or refused.
const box = document.getElementById("import-progress");
const PATIENCE = 10_000; // ms without news, then it can be done here: a worker may have died at any step

if (box) {
  let [heard, since] = ["", Date.now()];
  const ask = async () => {
    let told = {};
    try {
      told = await (await fetch(box.dataset.ask, { headers: { Accept: "application/json" } })).json();
    } catch {
      setTimeout(ask, 2000);
      return;
    }
    if (["done", "refused", undefined].includes(told.step)) {
      location.reload();
      return;
    }
    if (heard !== JSON.stringify(told)) [heard, since] = [JSON.stringify(told), Date.now()];
    for (const word of box.querySelectorAll("[data-step]")) word.hidden = word.dataset.step !== told.step;
    box.querySelector("progress").value = told.total ? (100 * told.done) / told.total : 0;
    box.querySelector("[data-count]").textContent = told.total ? `${told.done} / ${told.total}` : "";
    box.querySelector("[data-now]").hidden = Date.now() - since < PATIENCE;
    setTimeout(ask, 500);
  };
  setTimeout(ask, 300);
}
