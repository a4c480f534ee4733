// The top of the page: the five tabs, how old the data is, the clock, how far the leader is.
import { isOfficial } from "./board.js";
import { el, setText, svg, toggle } from "./dom.js";
import { leaderWay } from "./road.js";
import { isEnglish, say } from "./words.js";
import { date, shortTime, span, timeOfDay, weekday } from "./when.js";
import { raceTime } from "../times.js";

const km = (metres) => String(Math.round(metres / 100) / 10);
export const AGEING_MS = 10000, STALE_MS = 60000;

/** What a tab says of its race: the lap under way, when it starts ([weekday, time]), or how sure its result is. */
export function tabState(race, board) {
  if (!board || board.phase === "upcoming") {
    const planned = Date.parse((board && board.planned) || race.planned);
    return [weekday(planned), shortTime(planned)];
  }
  if (isOfficial(board)) return say(`tab.${board.standing}`);
  if (board.standing === "provisional") return say(matchMedia("(min-width: 1100px)").matches ? "tab.provisional" : "tab.provisional.short");
  if (board.phase === "closed") return say("tab.finished");
  if (board.finished_at) return say("tab.finishing");
  if (!board.leader) return say("tab.started");
  return say("tab.lap", { n: Math.min(board.leader.laps + 1, board.laps) });
}

/** The weekday is its own piece: a narrow phone leaves it out. */
function drawState(node, state) {
  const [day, time] = Array.isArray(state) ? state : ["", state];
  if (!day) return setText(node, time);
  if (node.textContent !== `${day} ${time}` || !node.firstElementChild) node.replaceChildren(el("span", { cls: "tab-weekday" }, `${day} `), time);
  return undefined;
}

/** What became of those who started, in parts that add up; those who did not start stand behind it. */
export function fieldWords(counts) {
  const order = ["racing", "finished", "lapped", "otl", "dnf", "nr", "dsq"];
  const told = order.reduce((sum, part) => sum + (part === "lapped" ? 0 : counts[part]), 0);
  // `lapped` of the board also counts those who still ride, a lap down; here only those who are out.
  const all = { ...counts, lapped: Math.max(0, counts.started - told) };
  const words = ["started", ...order, "dns"].filter((part) => all[part]).map((part) => say(`facts.${part}`, { n: all[part] }));
  return words.join(isEnglish() ? ", " : "，");
}

/** The time of the winner, of the newest first in the order while there is none; null when nobody has any. */
export function winningTime(board) {
  return board.rows.find((row) => row.rank === 1 && row.status === "FIN")?.time_ms ?? board.leader?.time_ms ?? null;
}

export class Headline {
  constructor(root, races) {
    this.root = root;
    this.races = races;
    this.at = (name) => root.querySelector(`[data-at="${name}"]`);
  }

  tabs(boards, current) {
    for (const race of this.races) {
      const tab = this.root.querySelector(`.tab[href="#${race.slug}"]`);
      drawState(tab.querySelector(".tab-state"), tabState(race, boards.get(race.slug)));
      if (race.slug === current) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
  }

  /** Everything that changes with a new board. */
  board(race, board) {
    setText(this.at("name"), race.title);
    const facts = [say("facts.km", { km: km(board.start_m + board.laps * board.lap_m) }),
      say("facts.laps", { n: board.laps, km: km(board.lap_m) }),
      say("facts.gun", { time: shortTime(Date.parse(board.gun || board.planned)) })];
    if (board.phase !== "upcoming") facts.push(fieldWords(board.counts));
    setText(this.at("facts"), facts.join(" · "));
    const standing = board.phase === "upcoming" ? [] : [say(`standing.${board.standing}`)];
    setText(this.at("standing"), [...standing, say("revision", { n: board.revision })].join(" · "));
    setText(this.at("speed"), board.leader?.speed ? board.leader.speed.toFixed(1) : "–");
    this.segments(board);
  }

  segments(board) {
    const bar = this.at("progress");
    if (bar.children.length === board.laps) return;
    bar.replaceChildren(...Array.from({ length: board.laps }, () => svg("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none" },
      svg("rect", { class: "seg-done", width: 0, height: 4 }), svg("rect", { class: "seg-now", width: 0, height: 4 }))));
  }

  /** Everything that changes with time alone: called a few times a second. */
  tick(board, nowMs, age) {
    const stale = age === "stale";
    const upcoming = board.phase === "upcoming" || (board.phase === "live" && !board.gun && !board.leader);
    toggle(this.root, "is-upcoming", upcoming);
    toggle(this.root, "is-finished", board.finished_at || board.phase === "closed");
    if (upcoming) return this.countdown(board, nowMs);
    const over = board.phase === "closed" || board.finished_at || (board.leader && board.leader.laps >= board.laps);
    const gun = board.gun ? Date.parse(board.gun) : null;
    setText(this.at("clock-label"), over ? say("clock.winner") : stale ? say("clock.estimated") : say("clock.race"));
    const won = over ? winningTime(board) : null;
    setText(this.at("clock"), won !== null ? raceTime(won) : board.phase === "closed" ? "–" : gun === null ? "–" : raceTime(nowMs - gun));
    setText(this.at("clock-note"), gun === null ? say("clock.nogun") : "");
    const way = leaderWay(board, nowMs);
    setText(this.at("togo-label"), over ? "" : say("togo"));
    const left = Math.max(board.laps - way.laps, 0);
    setText(this.at("togo"), over ? "" : String(left));
    setText(this.at("togo-unit"), over ? say(board.phase === "closed" ? "tab.finished" : "tab.finishing") : say("unit.laps", { n: left }));
    this.progress(board, way, stale);
    const distance = way.metres === null ? "" : say("progress.leader", { km: (way.metres / 1000).toFixed(1), total: km(way.total) });
    setText(this.at("distance"), stale ? "" : distance);
    setText(this.at("average"), stale || !board.leader?.speed ? "" : say("progress.speed", { speed: board.leader.speed.toFixed(1) }));
    return undefined;
  }

  progress(board, way, stale) {
    [...this.at("progress").children].forEach((segment, i) => {
      const [done, now] = segment.children;
      done.setAttribute("width", i < way.laps ? 100 : 0);
      now.setAttribute("width", i === way.laps && way.share && !stale ? Math.round(way.share * 100) : 0);
    });
  }

  countdown(board, nowMs) {
    const planned = Date.parse(board.planned);
    setText(this.at("clock-label"), "");
    setText(this.at("clock"), shortTime(planned));
    setText(this.at("clock-note"), planned > nowMs
      ? `${date(planned)} ${weekday(planned)} · ${say("until", { span: span(planned - nowMs) })}`
      : `${date(planned)} ${weekday(planned)} · ${say("until.gun")}`);
    setText(this.at("togo-label"), "");
    setText(this.at("togo"), "");
    setText(this.at("togo-unit"), "");
  }

  /** How old the data is, in words beside a sign; over a minute the notice says it large. */
  age(level, ageMs, stoppedAtMs, board) {
    const line = this.at("age");
    const seconds = Math.floor(ageMs / 1000), closed = board?.phase === "closed" && level !== "stale";
    line.className = closed ? "age age-closed" : `age age-${level}`;
    const waiting = board && board.phase === "upcoming";
    setText(line, closed ? say("age.closed") : level === "waiting" ? say("age.connecting")
      : level === "live" ? (waiting ? say("age.waiting") : say("age.live", { n: Math.max(seconds, 1) }))
      : level === "ageing" ? say("age.ageing", { n: seconds })
      : say("age.stale", { time: timeOfDay(stoppedAtMs) }));
    toggle(document.body, "pass-hollow", level === "stale" || level === "waiting");
    this.root.dataset.age = level;
    this.notice(level === "stale", ageMs, stoppedAtMs);
  }

  notice(on, ageMs, stoppedAtMs) {
    const place = this.at("notice");
    if (!on) { if (place.firstChild) place.replaceChildren(); return; }
    if (!place.firstChild) {
      const sign = document.getElementById("notice-icon").content.cloneNode(true);
      place.append(el("div", { cls: "banner banner-warn banner-large" }, sign, el("p", {}, el("strong"), el("span", { ariaHidden: "true" }), el("span"))));
    }
    const [fact, ago, then] = place.querySelector("p").children;
    setText(fact, say("stale.fact", { time: timeOfDay(stoppedAtMs) }));
    setText(ago, say("stale.ago", { span: span(ageMs) }));
    setText(then, say("stale.then"));
  }
}
