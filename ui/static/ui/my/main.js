// The rider's own page: the held place drains by the server's clock, and times are told in the reader's own zone too.
import { ownTimes } from "../enter/clocks.js";

const two = (n) => String(n).padStart(2, "0");

/** Minutes and seconds of a span in ms, hours where there are any; seconds are cut. */
export function left(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(all / 3600), minutes = Math.floor(all / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

/** Count down to data-until. The page says what time it was at the server; the phone's clock may be wrong. */
export function drain(bar, now = () => performance.now()) {
  const until = Date.parse(bar.dataset.until), begun = Date.parse(bar.dataset.now), from = now();
  const whole = Math.max(Number(bar.dataset.whole) * 60000, until - begun);
  const time = bar.querySelector("[data-left]"), line = bar.querySelector(".drain rect");
  const after = bar.querySelector("[data-after]"), button = bar.querySelector("button");
  const draw = () => {
    const rest = until - (begun + now() - from);
    time.textContent = left(rest);
    line.setAttribute("width", String(Math.max(0, Math.min(100, (100 * rest) / whole))));
    if (rest > 0) return true;
    after.textContent = after.dataset.after;
    button.setAttribute("aria-disabled", "true");
    button.disabled = true;
    return false;
  };
  const timer = setInterval(() => { if (!draw()) clearInterval(timer); }, 500);
  draw();
  return timer;
}

const bar = document.querySelector(".hold[data-until]");
if (bar) drain(bar);
ownTimes(document);
document.querySelector(".my-problem[role=alert]")?.focus();
