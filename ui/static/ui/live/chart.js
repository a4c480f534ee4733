// Gaps to the leaders at each lap end, drawn downwards: below is behind.
import { svg } from "./dom.js";
import { say } from "./words.js";
import { raceTime } from "../times.js";

const WIDTH = 400, LEFT = 50, RIGHT = 74, TOP = 16, HEIGHT = 190;
const STEPS = [10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/** Labels at the ends of lines, pushed apart so that none lies on another; the order is kept. */
export function spread(wanted, distance) {
  const order = wanted.map((y, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const placed = [];
  let last = -Infinity;
  for (const i of order) { last = Math.max(wanted[i], last + distance); placed[i] = last; }
  return placed;
}

export function drawChart(box, chart, groups, mine) {
  const keys = groups.map((group) => group.key).filter((key) => chart.lines[key]).slice(0, 6);
  const laps = chart.laps;
  box.hidden = keys.length < 2 || laps.length < 2;
  if (box.hidden) return;
  const most = Math.max(...keys.flatMap((key) => chart.lines[key]).filter((ms) => ms !== null), 1000) / 1000;
  const step = STEPS.find((s) => most / s <= 4) || 7200, span = Math.max(most, step);
  const x = (i) => LEFT + (i / (laps.length - 1)) * (WIDTH - LEFT - RIGHT), y = (ms) => TOP + (ms / 1000 / span) * HEIGHT;
  const parts = [];
  for (let s = 0; s <= span; s += step) {
    parts.push(svg("path", { class: "chart-level", d: `M${LEFT} ${y(s * 1000)}H${WIDTH - RIGHT + 16}` }),
      svg("text", { class: "chart-text", x: LEFT - 10, y: y(s * 1000) + 4, "text-anchor": "end" }, raceTime(s * 1000)));
  }
  const every = Math.ceil(laps.length / 7);
  laps.forEach((lap, i) => {
    if (i % every) return;
    parts.push(svg("text", { class: "chart-text", x: x(i), y: TOP + HEIGHT + 26, "text-anchor": "middle" }, lap ? say("chart.lap", { n: lap }) : say("chart.gun")));
  });
  const ends = keys.map((key) => chart.lines[key].findLastIndex((ms) => ms !== null));
  // Only a line that reaches the newest lap is named: a name in the middle would lie on the others.
  const labels = spread(keys.map((key, i) => (ends[i] < laps.length - 1 ? -Infinity : y(chart.lines[key][ends[i]]))), 15);
  keys.forEach((key, n) => {
    const cls = `${key === mine ? " is-mine" : ""}${n === 0 ? " is-lead" : ""}${n > 2 && key !== mine ? " is-far" : ""}`;
    const points = chart.lines[key].map((ms, i) => (ms === null ? null : [x(i), y(ms)])).filter(Boolean);
    parts.push(svg("path", { class: `chart-line${cls}`, d: points.map(([px, py], i) => `${i ? "L" : "M"}${px} ${py}`).join("") }),
      ...points.map(([px, py]) => svg("circle", { class: `chart-dot${cls}`, cx: px, cy: py, r: 2.6 })));
    if (ends[n] < laps.length - 1) return;
    const text = n === 0 ? key : `${key} ${raceTime(chart.lines[key][ends[n]])}`;
    parts.push(svg("text", { class: `chart-end${cls}`, x: x(ends[n]) + 8, y: labels[n] + 4 }, text));
  });
  box.querySelector("[data-at=chart]").replaceChildren(
    svg("svg", { viewBox: `0 0 ${WIDTH} ${TOP + HEIGHT + 34}`, role: "img", "aria-label": say("chart.label") }, ...parts));
}
