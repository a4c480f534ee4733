// What a judge has moved and not signed yet: steps on top of the order that stands. Pure; a board that changes underneath gets
// the same steps again, and a step that is there already falls away.
//
// {bib, before}: put a rider before another (null: last). {said: [[46], [63, 8]]}: these in this order, a dead heat in one group.

/** The order that the steps make: [[46], [63, 8], ...] of all whose place or dead heat is decided by them; [] where nothing is. */
export function orderOf(base, heats, steps) {
  const flat = [...base];
  const heat = new Map();
  for (const group of heats) for (const bib of group) heat.set(bib, group.join());
  const decided = new Set();
  for (const step of steps) {
    if (step.said) say(flat, heat, decided, step.said);
    else move(flat, heat, step);
  }
  for (const bib of turned(base, flat)) decided.add(bib);
  for (const bib of [...decided]) {
    if (heat.has(bib)) for (const other of flat) if (heat.get(other) === heat.get(bib)) decided.add(other);
  }
  const groups = [];
  let before = null;
  for (const bib of flat) {
    if (!decided.has(bib)) continue;
    const key = heat.get(bib);
    if (key !== undefined && key === before) groups.at(-1).push(bib);
    else groups.push([bib]);
    before = key ?? null;
  }
  return groups;
}

/** Whoever stands on the other side of somebody now: they were all looked at, whether their own place changed or not. */
function turned(base, flat) {
  const place = new Map(base.map((bib, at) => [bib, at]));
  const found = new Set();
  const far = flat.findLastIndex((bib, at) => base[at] !== bib);
  for (let at = 0; at <= far; at += 1) {
    if (base[at] === flat[at] && !found.size) continue;
    for (let after = at + 1; after <= far; after += 1) {
      if (place.get(flat[after]) < place.get(flat[at])) { found.add(flat[at]); found.add(flat[after]); }
    }
  }
  return found;
}

function move(flat, heat, { bib, before }) {
  const from = flat.indexOf(bib);
  if (from < 0 || (before !== null && !flat.includes(before)) || bib === before) return;
  flat.splice(from, 1);
  flat.splice(before === null ? flat.length : flat.indexOf(before), 0, bib);
  heat.delete(bib);
}

/** The places those riders hold are given to them in the order said. */
function say(flat, heat, decided, said) {
  const groups = said.map((group) => group.filter((bib) => flat.includes(bib))).filter((group) => group.length);
  const bibs = groups.flat();
  const places = bibs.map((bib) => flat.indexOf(bib)).sort((a, b) => a - b);
  bibs.forEach((bib, at) => { flat[places[at]] = bib; });
  for (const group of groups) {
    for (const bib of group) {
      decided.add(bib);
      if (group.length > 1) heat.set(bib, group.join());
      else heat.delete(bib);
    }
    group.slice(1).forEach((bib, at) => {
      flat.splice(flat.indexOf(bib), 1);
      flat.splice(flat.indexOf(group[at]) + 1, 0, bib);
    });
  }
}

/** The whole order over the line after the steps. */
export function flatOf(base, steps) {
  const flat = [...base];
  const nothing = new Map();
  for (const step of steps) {
    if (step.said) say(flat, nothing, new Set(), step.said);
    else move(flat, nothing, step);
  }
  return flat;
}

/** `46,63=8` and back. */
export const spell = (order) => order.map((group) => group.join("=")).join(",");
export const parse = (text) => (text ? text.split(",").map((group) => group.split("=").map(Number)) : []);
