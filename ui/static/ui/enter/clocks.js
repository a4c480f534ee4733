// Instants in the reader's own time beside the venue's, where the two differ.
const venueOffset = (text) => {
  const found = /([+-])(\d\d):(\d\d)$/.exec(text);
  return found ? (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) : 0;
};

/** Write "(05:00 in Bogota)" after each <time data-own data-zone-offset>; the page says the venue's offset. */
export function ownTimes(root, offsetOf = (date) => -date.getTimezoneOffset()) {
  const english = document.documentElement.lang === "en";
  const city = (Intl.DateTimeFormat().resolvedOptions().timeZone || "").split("/").pop().replaceAll("_", " ");
  for (const time of root.querySelectorAll("time[data-own]:not([data-told])")) {
    const at = new Date(time.dateTime);
    time.dataset.told = "";
    if (Number.isNaN(at.getTime()) || offsetOf(at) === venueOffset(time.dataset.venue ?? time.dateTime)) continue;
    const clock = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    time.after(document.createTextNode(english ? ` (${clock} in ${city})` : `（您那里 ${clock}）`));
  }
}

/** The moment at which something was so, in the reader's own time. */
export function clocks(root) {
  for (const time of root.querySelectorAll("time[data-clock]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString("en-GB");
  }
}

ownTimes(document);
clocks(document);
