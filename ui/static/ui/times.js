// How times, gaps and laps are written. The same as ui/times.py; tests/ui/test_times.py holds them equal.
export const NOTHING = "–";
const two = (n) => String(n).padStart(2, "0");

/** A duration in milliseconds as h:mm:ss, or m:ss under an hour. Seconds are cut, as published times are. */
export function raceTime(ms) {
  if (ms === null || ms === undefined) return NOTHING;
  const all = Math.floor(Math.max(ms, 0) / 1000);
  const hours = Math.floor(all / 3600), minutes = Math.floor(all / 60) % 60, seconds = all % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

export const gap = (ms) => (ms === null || ms === undefined ? NOTHING : `+${raceTime(ms)}`);

export const sameTime = (language) => (language.startsWith("en") ? "s.t." : "同时");

/** Whole laps behind, with a true minus sign. */
export function lapsDown(laps, language) {
  if (!language.startsWith("en")) return `\u2212${laps}圈`;
  return `\u2212${laps} ${laps === 1 ? "lap" : "laps"}`;
}

/** A time of day to the millisecond, from milliseconds since midnight. */
export function officialsTime(ms) {
  if (ms === null || ms === undefined) return NOTHING;
  const all = Math.floor(ms / 1000);
  return `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}
