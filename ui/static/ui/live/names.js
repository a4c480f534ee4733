// Which form of a name stands first, and the words for groups, regions and status.
import { isEnglish, say } from "./words.js";

const pick = (pair) => (pair ? (isEnglish() ? pair[1] || pair[0] : pair[0] || pair[1]) || "" : "");
export const isForeign = (rider) => Boolean(rider.nation) && rider.nation !== "CHN";

export const mainName = (rider) => (isEnglish() ? rider.latin || rider.zh : rider.zh || rider.latin) || "";
export const otherName = (rider) => (isEnglish() ? rider.zh : rider.latin) || "";
export const teamOf = (rider) => pick(rider.team);
export const regionOf = (rider) => (isForeign(rider) ? rider.nation : pick(rider.region));

/** The line under the name on a phone: the other form for foreigners (always on an English page), and the team. */
export function subLine(rider) {
  const other = otherName(rider), team = teamOf(rider);
  if (isEnglish()) return [other, team].filter(Boolean);
  return isForeign(rider) && other && other !== mainName(rider) ? [other] : [team];
}

/** The code of a status in words; those who wait or ride have no code. */
export function statusText(code) {
  if (code === "racing" || code === "waiting") return say(`status.${code}`);
  return isEnglish() ? code : `${say(`status.${code}`)} ${code}`;
}

const DIGITS = "零一二三四五六七八九";

/** A number to 99 as it is written in Chinese: 四, 十二, 二十六. */
export function chinese(n) {
  if (n < 10) return DIGITS[n];
  return `${n < 20 ? "" : DIGITS[Math.floor(n / 10)]}十${n % 10 ? DIGITS[n % 10] : ""}`;
}

/** Where the gap of a group was taken: at the line after a lap, or at a point on the next one. */
export function placeWords({ lap, point, m }, race) {
  if (!m) return say("head.line", { n: lap });
  const found = race.course.points.find((one) => one.code === point);
  return say("head.place", { n: lap + 1, place: (found && (isEnglish() ? found.name.en : found.name.zh)) || point });
}

/** The same, where it is not the place of the leaders; else null. */
export function otherPlace(group, groups, race) {
  const lead = groups[0];
  return group.point === lead.point && group.lap === lead.lap ? null : placeWords(group, race);
}

/** Titles of groups: the leaders, the chase, the bunch; the others are counted as their letter is (D is the fourth). */
export function groupTitles(groups) {
  const titles = new Map();
  let chases = 0;
  groups.forEach((group, i) => {
    if (group.role === "lead" || group.role === "main") titles.set(group.key, say(`role.${group.role}`));
    else if (group.role === "chase") titles.set(group.key, ++chases === 1 ? say("role.chase") : say("role.chase.n", { n: chases }));
    else titles.set(group.key, say("role.group", { n: isEnglish() ? i + 1 : chinese(i + 1) }));
  });
  return titles;
}
