// What every page of the line desk does: its clock runs in event time, one click is one act, and what is no answer (an error,
// the page to sign in) is never put in the place of a part that refreshes itself.
import { once } from "../office/once.js";
import { run } from "./clock.js";

document.addEventListener("htmx:before:response", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (!answer.redirected && answer.ok) return;
  event.preventDefault();
  if (answer.redirected) location.reload();
});
once(document);
run();
