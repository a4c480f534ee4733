// Instants in the venue's zone. Every time of day on the page is the venue's, whatever the phone thinks.
import { isEnglish, say } from "./words.js";

let zone = "UTC";
const made = new Map();
export function setZone(name) { zone = name; }

function piece(ms, options) {
  const key = JSON.stringify(options) + isEnglish();
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(isEnglish() ? "en-GB" : "zh-CN", { timeZone: zone, ...options }));
  return made.get(key);
}

const clock = (ms, seconds) => {
  const text = piece(ms, { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23" }).format(ms);
  return text.replace(/^0(?=\d)/, "");
};

/** 10:09:02 */
export const timeOfDay = (ms) => clock(ms, true);
/** 8:30 */
export const shortTime = (ms) => clock(ms, false);
/** 周日, Sun */
export const weekday = (ms) => piece(ms, { weekday: "short" }).format(ms);

/** 5月26日, 26 May */
export function date(ms) {
  return isEnglish() ? piece(ms, { day: "numeric", month: "short" }).format(ms) : piece(ms, { month: "long", day: "numeric" }).format(ms);
}

/** How long, in two units at most: 22 小时 18 分, 2 min 16 s. */
export function span(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(all / 86400), hours = Math.floor(all / 3600) % 24, minutes = Math.floor(all / 60) % 60, seconds = all % 60;
  if (days) return say("span.dh", { d: days, h: hours });
  if (hours) return say("span.hm", { h: hours, m: minutes });
  if (minutes) return say("span.ms", { m: minutes, s: seconds });
  return say("span.s", { s: seconds });
}
