// The protest pages on a phone: the time left runs in event time, a form is sent once, an error is read first.
import { EventClock } from "../live/clock.js";
import { once } from "../office/once.js";

once(document);
document.querySelector(".pr-problem")?.focus();

const shown = document.getElementById("pr-clock");
if (shown) {
  const clock = new EventClock(), left = shown.querySelector("[data-left]"), until = Date.parse(shown.dataset.until);
  clock.hear(shown.dataset.server);
  clock.setLaw(JSON.parse(shown.dataset.law));
  const draw = () => {
    const seconds = Math.max(0, Math.ceil((until - clock.event()) / 1000));
    left.textContent = seconds ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : shown.dataset.over;
    shown.classList.toggle("pr-clock-over", !seconds);
  };
  draw();
  setInterval(draw, 500);
}

// The state is put in only where it is an answer: an error never is.
document.addEventListener("htmx:before:response", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (!answer.ok || answer.redirected) event.preventDefault();
});
