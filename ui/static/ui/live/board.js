// A board as it comes over the wire, and the same board after a delta. No document here: data in, data out.

/** Whether a board is a result that stands: official, or an official one amended. Everything else is provisional. */
export const isOfficial = (board) => board.standing === "official" || board.standing === "amended";

/** One row as an object; the board names the columns, so that a new one can be added without breaking old pages. */
export function toRow(columns, values) {
  const row = {};
  columns.forEach((name, i) => { row[name] = values[i]; });
  return row;
}

/** A board ready to be read: `rows` in display order, `byBib` for looking one up. */
export function fromBoard(board) {
  const rows = board.rows.map((values) => toRow(board.columns, values));
  return { disputed: [], ...board, rows, byBib: new Map(rows.map((row) => [row.bib, row])) };
}

/** The board after `delta`, or null when the delta does not start where the board ends: then the whole must be fetched. */
export function applyDelta(board, delta) {
  if (!board || delta.from !== board.revision) return null;
  const next = { ...board, ...(delta.set || {}), revision: delta.to };
  const byBib = new Map(board.byBib);
  for (const [bib, values] of Object.entries(delta.rows || {})) byBib.set(Number(bib), toRow(next.columns, values));
  for (const bib of delta.gone || []) byBib.delete(bib);
  const order = delta.order || board.rows.map((row) => row.bib).filter((bib) => byBib.has(bib));
  if (order.some((bib) => !byBib.has(bib))) return null;
  next.riders = delta.riders ? { ...board.riders, ...delta.riders } : board.riders;
  next.byBib = byBib;
  next.rows = order.map((bib) => byBib.get(bib));
  return next;
}

const OUT = { DNF: "out", OTL: "otl", NR: "out", DNS: "dns", DSQ: "dsq", waiting: "waiting", LAP: "lapped" };

/** Which part of the list a row stands in: a group that is `known` to be on the road, or one of the named parts. */
export function partOf(row, known = null) {
  if (OUT[row.status]) return OUT[row.status];
  if (row.down > 0) return "lapped";
  if (row.status === "FIN") return "finished";
  return row.group && (!known || known.has(row.group)) ? `group:${row.group}` : "course";
}

/** The rows cut into consecutive parts: [{part, rows}]. A part may come twice when the order mixes them. */
export function parts(rows, known = null) {
  const found = [];
  for (const row of rows) {
    const part = partOf(row, known);
    if (!found.length || found[found.length - 1].part !== part) found.push({ part, rows: [] });
    found[found.length - 1].rows.push(row);
  }
  return found;
}

/** Whether the groups stand in the list in another order than on the road: `known` holds their keys from the front back. */
function areMixed(cut, known) {
  const road = [...(known || [])];
  const places = cut.filter(({ part }) => part.startsWith("group:")).map(({ part }) => road.indexOf(part.slice(6)));
  return places.some((place, i) => i > 0 && place <= places[i - 1]);
}

const inFront = (part) => part === "course" || part === "finished" || part.startsWith("group:");

/**
 * What the list shows, top to bottom: {type: "head" | "row" | "fold", ...}, each with a key that stays its own.
 * Between two crossings of the line the order is newer than the groups (a point on the course has been passed), so that
 * groups mix: then the front is one part, and its head says where the gaps were taken.
 * The front of the race is cut after `front` rows, every other part after `rest`, unless opened by name.
 */
export function listItems(rows, { known = null, front, rest, opened }) {
  const items = [], heads = new Map();
  const cut = parts(rows, known), mixed = areMixed(cut, known);
  let shown = 0, folded = [], fold = null;
  const openFold = (name) => { folded = []; fold = { type: "fold", key: `fold:${name}`, name, rows: folded }; };
  for (const { part, rows: members } of mixed ? parts(rows, new Set()) : cut) {
    const ahead = inFront(part), name = ahead ? "front" : part;
    if (!ahead) shown = 0;
    if (fold && fold.name !== name) { items.push(fold); fold = null; }
    const limit = opened.has(name) ? Infinity : ahead ? front : members.length > rest + 3 ? rest : Infinity;
    if (shown < limit) {
      const times = heads.get(part) || 0;
      heads.set(part, times + 1);
      items.push({ type: "head", key: `head:${part}:${times}`, part, rows: members, mixed: mixed && part === "course" });
    }
    members.forEach((row, i) => {
      if (shown < limit) {
        items.push({ type: "row", key: row.bib, row, before: i && part !== "course" ? members[i - 1] : null, part });
        shown += 1;
      } else {
        if (!fold) openFold(name);
        folded.push(row);
      }
    });
  }
  if (fold) items.push(fold);
  return items;
}

/** What the last column of a row says: {kind: "time" | "gap" | "same" | "down" | "status" | "none", value}. */
export function resultOf(row, before) {
  const part = partOf(row);
  if (part === "out" || part === "otl" || part === "dns" || part === "dsq") return { kind: "status", value: row.status };
  if (row.down > 0) return { kind: "down", value: row.down };
  if (row.time_ms === null || row.status === "waiting") return { kind: "none" };
  const seconds = (r) => Math.floor(r.gap_ms / 1000);
  if (before && row.gap_ms !== null && (row.group ? row.group === before.group : seconds(row) === seconds(before))) {
    return { kind: "same" };
  }
  return row.gap_ms ? { kind: "gap", value: row.gap_ms } : { kind: "time", value: row.time_ms };
}
