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

export function statusText(code) {
  return isEnglish() ? code : `${say(`status.${code}`)} ${code}`;
}

/** Titles of groups: the leaders, the chase, the bunch, then the counted ones behind it. */
export function groupTitles(groups) {
  const titles = new Map();
  let chases = 0, behind = 1;
  for (const group of groups) {
    if (group.role === "lead" || group.role === "main") titles.set(group.key, say(`role.${group.role}`));
    else if (group.role === "chase") titles.set(group.key, ++chases === 1 ? say("role.chase") : say("role.chase.n", { n: chases }));
    else titles.set(group.key, ++behind <= 6 ? say(`role.group.${behind}`) : say("role.group.n", { n: behind }));
  }
  return titles;
}
