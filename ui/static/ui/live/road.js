// Where riders are between two timing points: an estimate from the last lap, and always marked as one.

/** Event time of the newest crossing known of a group or the leader, as milliseconds since 1970, or null. */
export const gunOf = (board) => (board.gun ? Date.parse(board.gun) : null);

/** The share of the lap under way that has been ridden, 0 to 0.995, or null when it cannot be told. */
export function share(sinceMs, lapMs) {
  if (!lapMs || sinceMs === null || Number.isNaN(sinceMs) || sinceMs < 0) return null;
  return Math.min(sinceMs / lapMs, 0.995);
}

/** The leader's way: laps done, share of the next one, metres ridden and metres in all. */
export function leaderWay(board, nowMs) {
  const gun = gunOf(board), leader = board.leader;
  const total = board.start_m + board.laps * board.lap_m;
  if (!leader || gun === null) return { laps: leader ? leader.laps : 0, share: null, metres: null, total };
  const done = leader.laps >= board.laps;
  const part = done ? null : share(nowMs - gun - leader.time_ms, leader.lap_ms);
  const metres = board.start_m + (leader.laps + (part || 0)) * board.lap_m;
  return { laps: leader.laps, share: part, metres: Math.min(metres, total), total };
}

/** Groups still on the road with their place on the lap, on from where they were last seen: [{key, metre, size, gap_ms, role}]. */
export function places(board, nowMs) {
  const found = [];
  for (const group of board.groups) {
    const first = board.byBib.get(group.bibs[0]);
    if (!first || first.status !== "racing" || !first.lap_ms || group.lap >= board.laps) continue;
    const part = share(nowMs - Date.parse(group.at), first.lap_ms);
    if (part !== null) found.push({ ...group, metre: Math.min(group.m + part * board.lap_m, board.lap_m * 0.995) });
  }
  return found;
}

/** How long until this rider is at the line again, or null. */
export function untilLine(board, row, nowMs) {
  const gun = gunOf(board);
  const group = board.groups.find((one) => one.key === row.group);
  if (gun === null || !group || row.status !== "racing" || row.time_ms === null || !row.lap_ms) return null;
  const left = gun + row.time_ms + row.lap_ms * (1 - group.m / board.lap_m) - nowMs;
  return left > 0 ? left : null;
}
