// A rider as this desk sees it: the server's row with the taps on top that are not sent yet. Pure.
const CHIPS = ["chip", "chip_swap", "chip_replace"];

export const slotOf = (event) => event.item === "document" ? `document:${event.value}` : CHIPS.includes(event.item) ? "chip" : event.item;
export const chipCode = (text) => text.trim().toUpperCase();
export const isChip = (code) => /^[0-9A-Z][0-9A-Z_-]{1,31}$/.test(code);

/** The rows with the queued taps applied; rows without one are the very same objects. */
export function withQueue(rows, queue) {
  if (!queue.length) return rows;
  const view = new Map(rows);
  for (const event of queue) {
    if (!view.has(event.entry)) continue;
    if (event.item === "chip_swap") takeAway(view, event.entry, chipCode(event.value));
    view.set(event.entry, after(view.get(event.entry), event));
  }
  return view;
}

function takeAway(view, entry, code) {
  for (const [id, row] of view) {
    if (id === entry || !row.chips.includes(code)) continue;
    const chips = row.chips.filter((one) => one !== code), ticks = { ...row.ticks };
    if (ticks.chip?.value === code) delete ticks.chip;
    view.set(id, { ...row, chips, ticks, missing: chips.length ? row.missing : [...row.missing, { code: "no_chip" }] });
  }
}

/** A row after one tap. */
export function after(row, event) {
  const next = { ...row, ticks: { ...row.ticks }, missing: row.missing, pending: true };
  const place = slotOf(event), given = row.ticks[place];
  if (event.value === "off") {
    delete next.ticks[place];
    if (place === "chip" && given) next.chips = row.chips.filter((code) => code !== given.value);
    if (place === "chip" && !next.chips.length && !row.missing.some((gap) => gap.code === "no_chip")) next.missing = [...row.missing, { code: "no_chip" }];
    if (event.item === "sign_on") next.here = false;
    return next;
  }
  next.ticks[place] = { value: place === "chip" ? chipCode(event.value) : event.value, at: event.at, desk: event.desk, by: "", mine: true };
  const gone = {
    cash: (gap) => gap.code === "unpaid",
    waiver: (gap) => gap.code.startsWith("waiver") && !gap.guardian,
    waiver_guardian: (gap) => gap.code.startsWith("waiver"),
    document: (gap) => gap.kind === event.value,
    chip: (gap) => gap.code === "no_chip",
  }[place];
  if (gone) next.missing = row.missing.filter((gap) => !gone(gap));
  if (place === "chip") {
    const code = chipCode(event.value);
    next.chips = event.item === "chip_replace" ? [code] : [...new Set([...row.chips, code])];
  }
  if (event.item === "cash") next.paid_fen = row.paid_fen + Number(event.value);
  if (event.item === "sign_on" || event.item === "let_through") next.here = true;
  return next;
}

/** Whoever else has this chip, as this desk knows it. */
export function holder(rows, code, entry) {
  for (const row of rows.values()) if (row.id !== entry && row.chips.includes(code)) return row;
  return null;
}

/** How many of a race are here, of how many. */
export function headCount(rows, race) {
  let here = 0, all = 0;
  for (const row of rows.values()) if (row.race === race) { all += 1; here += row.here ? 1 : 0; }
  return { here, all };
}

/** Where sign-on of a category stands at an instant: before, open, over. */
export function windowAt(category, now) {
  if (now < Date.parse(category.opens)) return "before";
  return now < Date.parse(category.closes) ? "open" : "over";
}
