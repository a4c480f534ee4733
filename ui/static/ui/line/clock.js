// The event's clock, as the header of every page of the line desk carries it.
import { EventClock } from "../live/clock.js";

const shown = document.querySelector("[data-event-clock]");
const format = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: shown?.dataset.zone });
const clock = new EventClock();
if (shown) {
  clock.hear(shown.dataset.server);
  clock.setLaw(JSON.parse(shown.dataset.law));
}

/** The time of day at the event, at a moment of this device (default: now). */
export const timeOfDay = (at = Date.now()) => format.format(clock.event(at));

/** Let the clock in the header run. */
export function run() {
  if (!shown) return;
  const time = shown.querySelector("[data-time]");
  const tick = () => { time.textContent = timeOfDay(); };
  tick();
  setInterval(tick, 250);
}
