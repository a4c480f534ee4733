// What was tapped at the pad, and the facts that follow: reads, and reads taken back. Nothing here is ever edited or left out;
// an entry only grows facts, and each fact is sent until the server has it.
export const TAP = "TAP", BIB = "BIB:";
const chipOf = (bib) => (bib === null ? TAP : `${BIB}${bib}`);

/** A tap: `when` is {mono, wall, stretch, event, offset, error, sure, local}. `bib` null: it comes later. */
export function tapped(key, pad, when, bib, turn) {
  return { key, pad, turn, made: when.wall, bib, gone: false, when, facts: [read(when, [], bib)] };
}

/** The same code at the same instant was taken back before: what is taken back stays so, and a microsecond later is another read. */
function read(when, facts, bib) {
  const chip = chipOf(bib), before = facts.filter((fact) => fact.kind === "read" && fact.chip === chip).length;
  return { kind: "read", chip, local: when.local + (before ? String(before).padStart(3, "0") : ""), sent: false };
}

const newest = (entry) => entry.facts.findLast((fact) => fact.kind === "read");
const back = ({ chip, local }) => ({ kind: "back", chip, local, sent: false });

/** The entry with another bib. A plain tap stays as evidence that somebody passed; a wrong bib is taken back. */
export function given(entry, bib) {
  if (entry.bib === bib && !entry.gone) return entry;
  const wrong = entry.bib !== null && !entry.gone ? [back(newest(entry))] : [];
  return { ...entry, bib, gone: false, facts: [...entry.facts, ...wrong, read(entry.when, entry.facts, bib)] };
}

/** The entry taken back. */
export function undone(entry) {
  return entry.gone ? entry : { ...entry, gone: true, facts: [...entry.facts, back(newest(entry))] };
}

/** The same entry at the time that is known now; only before anything of it was sent. */
export function settled(entry, when) {
  return { ...entry, when, facts: entry.facts.map((fact) => ({ ...fact, local: when.local + fact.local.slice(entry.when.local.length) })) };
}

export const pending = (entry) => entry.facts.some((fact) => !fact.sent);
export const untouched = (entry) => entry.facts.every((fact) => !fact.sent);

/** The facts of a kind that were not sent yet, with their entry's key. */
export const waiting = (entries, kind) => entries.flatMap((entry) =>
  entry.facts.map((fact, place) => ({ ...fact, key: entry.key, place, when: entry.when })).filter((fact) => fact.kind === kind && !fact.sent));

/** The entry with facts marked as sent. */
export const marked = (entry, places) => ({ ...entry, facts: entry.facts.map((fact, place) => (places.includes(place) ? { ...fact, sent: true } : fact)) });

/** Plain taps that wait for their bib, oldest first. */
export const nameless = (entries) => entries.filter((entry) => entry.bib === null && !entry.gone).sort((one, other) => one.when.event - other.when.event);

/** What is odd about a bib at an instant: null, or a code. It is kept all the same. `races`: slug -> {here, min_lap_ms}. */
export function doubt(bib, event, { rows, races, entries }, own = null) {
  const row = rows.get(bib);
  if (!row) return "unknown";
  const race = races.get(row.race);
  if (race && !race.here) return "elsewhere";
  const span = race?.min_lap_ms ?? 0;
  const twice = entries.some((entry) => entry.key !== own && entry.bib === bib && !entry.gone && Math.abs(entry.when.event - event) < span);
  return twice ? "twice" : null;
}
