// What happened, newest first, in sentences. Numbers that a reader looks for are bold.
import { el } from "./dom.js";
import { say } from "./words.js";
import { timeOfDay } from "./when.js";
import { raceTime } from "../times.js";

/** The sentence of an event as pieces; a piece that is an object is bold. */
export function sentence(event) {
  const bibs = event.bibs.map((n) => say("event.bib", { bib: n })).join(say("list.comma"));
  let key = `event.${event.kind}`;
  if (event.kind === "lead" && event.bibs.length > 1) key = "event.lead.change";
  if (event.kind === "dnf" && !event.lap) key = "event.dnf.early";
  const values = { bibs: "\u0001", from: event.bibs[0], to: event.bibs[1], lap: event.lap, time: raceTime(event.ms) };
  return say(key, values).split("\u0001").flatMap((text, i) => (i ? [{ bold: bibs }, text] : [text]));
}

export function drawEvents(box, events, most = 8) {
  box.hidden = !events.length;
  box.querySelector("ol").replaceChildren(...events.slice(0, most).map((event) =>
    el("li", {}, el("time", { dateTime: event.at }, timeOfDay(Date.parse(event.at))),
      el("p", {}, ...sentence(event).map((piece) => (typeof piece === "string" ? piece : el("b", {}, piece.bold)))))));
}
