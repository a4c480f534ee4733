// The parts that refresh themselves say how old they are. What cannot be fetched stays (main.js), and says so.
import { timeOfDay } from "./clock.js";

const LOST_MS = 7000;
const now = document.getElementById("now");
let seen = Date.now();

document.addEventListener("htmx:before:response", (event) => {
  if (!event.defaultPrevented && event.detail.ctx.sourceElement === now) seen = Date.now();
});

setInterval(() => {
  const age = document.getElementById("line-age");
  const lost = Date.now() - seen > LOST_MS;
  age.className = lost ? "age age-stale line-lost" : "age";
  age.textContent = (lost ? age.dataset.old : age.dataset.now).replace("{time}", timeOfDay(seen));
  document.body.classList.toggle("line-is-lost", lost);
}, 500);
