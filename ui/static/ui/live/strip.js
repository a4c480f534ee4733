// The course strip: the profile of one lap, and where the groups are on it by their last lap.
import { svg } from "./dom.js";
import { isEnglish, say } from "./words.js";
import { gap } from "../times.js";

const LEVELS = 2;

/**
 * Boxes above the strip, so that none covers another: each wants to stand over its own point, gives way to the left,
 * and goes one line up where the left is full. `boxes`: [{x, width}]; returns [{left, line}] in the same order.
 */
export function placeBoxes(boxes, width, space = 6) {
  const order = boxes.map((box, i) => i).sort((a, b) => boxes[b].x - boxes[a].x);
  const ends = [], placed = [];
  for (const i of order) {
    const box = boxes[i];
    const wanted = Math.max(0, Math.min(box.x - box.width / 2, width - box.width));
    let line = 0, left = wanted;
    for (;;) {
      left = Math.min(wanted, (ends[line] ?? Infinity) - space - box.width);
      if (left >= 0) break;
      line += 1;
    }
    ends[line] = left;
    placed[i] = { left, line };
  }
  return placed;
}

/**
 * The points that get a label: in the order given, as long as all stand within `lines` levels; the others stay dots.
 */
export function fitting(points, boxesOf, width, space, lines = LEVELS) {
  const chosen = [];
  for (const point of points) {
    const placed = placeBoxes(boxesOf([...chosen, point]), width, space);
    if (placed.every(({ line }) => line < lines)) chosen.push(point);
  }
  return chosen;
}

/** Altitude at a metre of the lap, between the points of the profile. */
export function altitude(profile, metre) {
  let i = 1;
  while (i < profile.length - 1 && profile[i][0] < metre) i += 1;
  const [a, b] = [profile[i - 1], profile[i]];
  return a[1] + ((b[1] - a[1]) * (metre - a[0])) / (b[0] - a[0] || 1);
}

export class Strip {
  constructor(box) {
    this.box = box;
    this.drawn = "";
  }

  get wide() { return this.width >= 700; }

  /** The fixed part, again only when the course or the width changes. */
  profile(course, language) {
    const width = this.box.clientWidth;
    const key = `${course.code}:${width}:${language}`;
    if (this.drawn === key || !width) return;
    this.drawn = key;
    this.width = width;
    this.course = course;
    const wide = this.wide, height = wide ? 224 : 96, top = wide ? 106 : 34, base = height - (wide ? 28 : 22);
    Object.assign(this, { height, top, base });
    const profile = course.profile;
    const low = Math.min(...profile.map((p) => p[1])), high = Math.max(...profile.map((p) => p[1]));
    const floor = low - (high - low) * 0.12;
    this.x = (m) => (m / course.lap_m) * (width - 2) + 1;
    this.y = (alt) => base - ((alt - floor) / (high - floor || 1)) * (base - top);
    const line = profile.map(([m, alt], i) => `${i ? "L" : "M"}${this.x(m).toFixed(1)} ${this.y(alt).toFixed(1)}`).join("");
    const parts = [svg("path", { class: "strip-ground", d: `${line}L${this.x(course.lap_m)} ${base}L${this.x(0)} ${base}Z` })];
    if (wide) parts.push(...this.altitudes(low, high));
    parts.push(svg("path", { class: "strip-line", d: line }), svg("path", { class: "strip-base", d: `M1 ${base}H${width - 1}` }));
    if (course.pass) parts.push(...this.pass(course.pass));
    parts.push(...this.scale(course.lap_m));
    this.marks = svg("g");
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": say("strip.label") }, ...parts, this.marks);
    this.box.replaceChildren(drawing);
  }

  altitudes(low, high) {
    const step = [20, 50, 100, 200].find((s) => (high - low) / s <= 5) || 500, found = [];
    for (let alt = Math.ceil(low / step) * step; alt < high; alt += step) {
      found.push(svg("path", { class: "strip-level", d: `M1 ${this.y(alt)}H${this.width - 1}` }),
        svg("text", { class: "strip-text", x: this.width - 1, y: this.y(alt) - 5, "text-anchor": "end" }, String(alt)));
    }
    return found;
  }

  pass(pass) {
    const x = this.x(pass.m), y = this.y(pass.alt), name = `${isEnglish() ? pass.name.en : pass.name.zh} ${pass.alt} m`;
    const level = this.wide ? y - 13 : y - 8;
    const parts = [svg("text", { class: "strip-text strip-pass", x: x - (this.wide ? 9 : 16), y: level, "text-anchor": "end" }, name)];
    if (this.wide) parts.push(svg("path", { class: "strip-tick", d: `M${x} ${y}V${y - 27}` }));
    return parts;
  }

  scale(lapM) {
    const kms = lapM / 1000, y = this.base + (this.wide ? 19 : 16), found = [];
    const end = `${Math.round(kms * 10) / 10} km`;
    const step = this.wide ? [0.5, 1, 2, 5, 10].find((s) => kms / s <= 9) || 20 : kms / 2;
    for (let at = step; at < kms - step / 2; at += step) {
      if (this.wide) found.push(svg("path", { class: "strip-tick", d: `M${this.x(at * 1000)} ${this.base}v5` }));
      found.push(svg("text", { class: "strip-text", x: this.x(at * 1000), y, "text-anchor": "middle" }, String(Math.round(at * 10) / 10)));
    }
    const [first, last] = this.wide ? [`${say("strip.line")} 0`, `${end} ${say("strip.line")}`] : [say("strip.line"), end];
    found.push(svg("text", { class: "strip-text", x: 1, y }, first), svg("text", { class: "strip-text", x: this.width - 1, y, "text-anchor": "end" }, last));
    return found;
  }

  /** The groups, the key of the reader's own, and the keys that the list names. */
  groups(found, mine, listed) {
    if (!this.marks) return;
    const all = found.map((group) => ({ group, x: this.x(group.metre), y: this.y(altitude(this.course.profile, group.metre)) }));
    const points = this.named(all, mine, listed), others = all.filter((point) => !points.includes(point));
    this.marks.replaceChildren(...others.map(({ x, y }) => svg("circle", { class: "strip-dot is-small", cx: x, cy: y, r: 2.5 })),
      ...points.map(({ x, y, group }) => svg("path", { class: this.cls("strip-stem", group, mine), d: `M${x} ${y}V${this.base}` })),
      ...(this.wide ? this.boxes(points, mine) : this.letters(points, mine)),
      ...[...points].reverse().map(({ x, y, group }) => svg("circle", { class: this.cls("strip-dot", group, mine), cx: x, cy: y, r: this.wide ? 5 : 4 })));
  }

  /** Who gets a name: the leaders, the reader's own group, then those of the list from the front back. */
  named(points, mine, listed) {
    const weight = ({ group }) => (group.role === "lead" ? 2 : group.key === mine ? 1 : 0);
    const asked = points.filter(({ group }) => listed.includes(group.key)).sort((a, b) => weight(b) - weight(a));
    const chosen = this.wide ? fitting(asked, (some) => this.boxSizes(some), this.width)
      : fitting(asked, (some) => this.bunchSizes(this.bunches(some)), this.width, 2);
    return points.filter((point) => chosen.includes(point));
  }

  cls(base, group, mine) {
    return `${base}${group.key === mine ? " is-mine" : ""}${group.role === "lead" ? " is-lead" : ""}`;
  }

  label({ group }) {
    return group.role === "lead" ? say("strip.lead", { key: group.key, n: group.size })
      : group.size > 5 ? say("strip.group", { key: group.key, n: group.size, gap: gap(group.gap_ms) }) : `${group.key} ${gap(group.gap_ms)}`;
  }

  boxSizes(points) {
    const width = (text) => [...text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 0x2e80 ? 14 : 8), 22);
    return points.map((point) => ({ x: point.x + 10, width: width(this.label(point)) }));
  }

  boxes(points, mine) {
    const sizes = this.boxSizes(points), widths = sizes.map((one) => one.width), texts = points.map((point) => this.label(point));
    const placed = placeBoxes(sizes, this.width);
    return points.flatMap(({ x, y, group }, i) => {
      const left = placed[i].left, top = 36 - placed[i].line * 31, middle = Math.max(left + 8, Math.min(x, left + widths[i] - 8));
      return [svg("path", { class: this.cls("strip-lead-line", group, mine), d: `M${x} ${y}L${middle} ${top + 26}` }),
        svg("rect", { class: this.cls("strip-box", group, mine), x: left, y: top, width: widths[i], height: 26, rx: 4 }),
        svg("text", { class: this.cls("strip-box-text", group, mine), x: left + widths[i] / 2, y: top + 18, "text-anchor": "middle" }, texts[i])];
    });
  }

  /** On a phone neighbours share a label. */
  bunches(points) {
    const sorted = [...points].sort((a, b) => a.x - b.x), bunches = [];
    for (const point of sorted) {
      const last = bunches[bunches.length - 1];
      if (last && point.x - last[last.length - 1].x < 16) last.push(point);
      else bunches.push([point]);
    }
    return bunches;
  }

  bunchSizes(bunches) {
    return bunches.map((bunch) => ({ x: bunch.reduce((sum, p) => sum + p.x, 0) / bunch.length, width: bunch.length * 13 }));
  }

  /** On a phone one letter stands for a group. */
  letters(points, mine) {
    const bunches = this.bunches(points), sizes = this.bunchSizes(bunches), placed = placeBoxes(sizes, this.width, 2);
    return bunches.map((bunch, i) => {
      const y = Math.min(...bunch.map((p) => p.y)) - 10 - placed[i].line * 13;
      const names = bunch.map(({ group }) => group).sort((a, b) => (a.key < b.key ? -1 : 1));
      return svg("text", { class: "strip-letter", x: placed[i].left + sizes[i].width / 2, y, "text-anchor": "middle" },
        ...names.map((group, n) => svg("tspan", { class: group.key === mine ? "is-mine" : null }, `${n ? " " : ""}${group.key}`)));
    });
  }
}
