// The header says how old what the page shows is. A page, or a part of it, that was fetched again calls `fresh()`.
import { EventClock } from "../live/clock.js";

const AGEING_S = 10, STALE_S = 60;
const shown = document.getElementById("of-age");
const clock = new EventClock();
let seen = Date.now();

if (shown) {
  clock.hear(shown.dataset.server);
  clock.setLaw(JSON.parse(shown.dataset.law));
}

/** What the page shows is of now. */
export function fresh() {
  seen = Date.now();
  draw();
}

/** The instant at the event, as a Date. */
export const eventNow = () => new Date(clock.event(Date.now()));

function draw() {
  const age = Math.floor((Date.now() - seen) / 1000);
  const word = age < 2 ? shown.dataset.now : age < STALE_S ? shown.dataset.s : shown.dataset.min;
  shown.textContent = word.replace("{n}", age < STALE_S ? age : Math.floor(age / 60));
  shown.className = `age of-age${age >= STALE_S ? " age-stale" : age >= AGEING_S ? " age-ageing" : ""}`;
}

/** Let the age in the header run. */
export function run() {
  if (!shown) return;
  draw();
  setInterval(draw, 1000);
}
