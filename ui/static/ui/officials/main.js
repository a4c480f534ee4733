// What every page of the officials' desk does: it says how old it is, one click is one act, clocks run down.
import { once } from "../office/once.js";
import { eventNow, fresh, run } from "./age.js";

once(document);
run();

// A part that refreshes itself is put in only where it is an answer: an error, or the page to sign in, never is.
document.addEventListener("htmx:before:response", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (answer.redirected) {
    event.preventDefault();
    location.reload();
  } else if (!answer.ok) {
    event.preventDefault();
  } else {
    fresh();
  }
});

// What runs down to an instant of event time: `data-until`, in minutes and seconds; at nought the page has other words.
function count() {
  const now = eventNow().getTime();
  for (const shown of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil((Date.parse(shown.dataset.until) - now) / 1000));
    shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}
count();
setInterval(count, 500);
