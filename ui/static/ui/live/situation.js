// The groups on the road, from the leaders back, with the gap in the largest figures.
import { bib, el } from "./dom.js";
import { groupTitles, otherPlace } from "./names.js";
import { say } from "./words.js";
import { gap, raceTime } from "../times.js";

const FEW = 5, MOST = 6;

/** The key of the group that holds the followed rider (the first one, when several are followed). */
export function mineOf(board, followed) {
  for (const number of followed) {
    const row = board.byBib.get(number);
    if (row && row.group && row.status === "racing") return row.group;
  }
  return null;
}

/** The groups that are named: the first ones, and the one with the followed rider wherever it is. */
export function listedGroups(board, mine) {
  return board.groups.filter((group, i) => i < MOST || group.key === mine);
}

/** How the gap moves; a race that is closed has no trend any more. */
function trend(group, closed) {
  if (closed) return null;
  if (group.trend_ms === null || group.trend_ms === undefined || group.role === "lead") return null;
  const size = Math.abs(group.trend_ms);
  if (size < 1000) return el("span", { cls: "quiet" }, say("trend.same"));
  return el("span", {}, say(group.trend_ms < 0 ? "trend.closer" : "trend.further", { time: raceTime(size) }));
}

export function drawSituation(list, board, race, followed) {
  const mine = mineOf(board, followed), titles = groupTitles(board.groups);
  const shown = listedGroups(board, mine), closed = board.phase === "closed";
  const rows = shown.map((group) => {
    const own = followed.filter((number) => board.byBib.get(number)?.group === group.key);
    const letter = `letter${group.role === "lead" ? " letter-lead" : ""}${group.key === mine ? " letter-mine" : ""}`;
    const body = el("div", {}, el("p", { cls: "group-title" }, el("b", {}, titles.get(group.key)), " ", say("riders", { n: group.size })));
    const place = otherPlace(group, board.groups, race);
    if (group.size <= FEW) body.append(el("p", { cls: "group-bibs" }, ...group.bibs.map((number) => bib(number, race.mark, "bib-s"))));
    else if (own.length) body.append(el("p", { cls: "tiny soft" }, say("group.mine", { bibs: own.join(say("list.comma")) })));
    return el("li", { cls: "group" }, el("span", { cls: letter }, group.key), body,
      el("div", { cls: "group-gap" }, el("b", {}, group.gap_ms ? gap(group.gap_ms) : "0:00"), trend(group, closed), place && el("span", { cls: "quiet" }, place)));
  });
  const more = board.groups.length - shown.length;
  if (more > 0) rows.push(el("li", { cls: "small quiet" }, say("groups.more", { n: more })));
  list.replaceChildren(...rows);
}
