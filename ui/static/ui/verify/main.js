// A file is compared with the paper by its hash; it never leaves the device.
import { sha256 } from "./sha256.js";

const drop = document.querySelector("[data-drop]");
const answer = document.querySelector("[data-answer]");
const input = drop.querySelector("input");

async function compare(file) {
  if (!file) return;
  const hash = await sha256(await file.arrayBuffer());
  let same = false;
  for (const one of document.querySelectorAll("[data-file]")) {
    const mine = one.dataset.file === hash;
    one.toggleAttribute("data-same", mine);
    same ||= mine;
  }
  answer.hidden = false;
  answer.toggleAttribute("data-same", same);
  answer.querySelector("b").textContent = same ? drop.dataset.yes : drop.dataset.no;
  answer.querySelector("code").textContent = `${file.name} · ${hash}`;
}

input.addEventListener("change", () => compare(input.files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.toggleAttribute("data-over", kind === "dragover");
    if (kind === "drop") compare(event.dataTransfer.files[0]);
  });
}
