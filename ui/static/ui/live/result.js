// How far the result has come: live, provisional with the time left to protest, official, amended; its communiqué.
// Each state has its own words and its own sign, so that none is told by colour alone.
import { el, icon, setText } from "./dom.js";
import { say } from "./words.js";
import { shortTime } from "./when.js";

const SIGNS = { provisional: "clock", official: "check", amended: "pen" };

/** Milliseconds of event time until protests end; 0 when they have, null where there are none to wait for. */
export function left(board, nowMs) {
  if (board.standing !== "provisional" || !board.publication?.protest_until) return null;
  return Math.max(0, Date.parse(board.publication.protest_until) - nowMs);
}

/** Whether a row may still be protested: a provisional or an amended result within its time. */
export function mayProtest(board, nowMs) {
  const until = board.publication?.protest_until;
  return ["provisional", "amended"].includes(board.standing) && Boolean(until) && Date.parse(until) >= nowMs;
}

export const countdown = (ms) => {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

/** The line that says it: {standing, title, then, disputed}; null while nothing is published. */
export function resultLine(board, nowMs) {
  if (!SIGNS[board.standing] || !board.publication) return null;
  const ms = left(board, nowMs), n = board.publication.version;
  const then = ms === null ? "" : ms ? say("result.left", { left: countdown(ms), time: shortTime(Date.parse(board.publication.protest_until)) }) : say("result.over");
  return { standing: board.standing, title: say(`result.${board.standing}`, { n }), then,
    disputed: board.disputed.length ? say("result.disputed", { n: board.disputed.length }) : "" };
}

/** Draws the line; only what changed is touched, since it runs with the clock. */
export function drawResult(box, board, nowMs, verifyUrl) {
  const line = resultLine(board, nowMs);
  box.hidden = !line;
  if (!line) return;
  const paper = board.publication.code || "", key = `${line.standing}|${line.title}|${paper}`;
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.className = `result result-${line.standing}`;
    box.replaceChildren(icon(SIGNS[line.standing]), el("p", {}, el("b", { role: "status" }, line.title), el("span", { cls: "result-then" }), el("span", { cls: "result-disputed" })),
      paper && el("a", { cls: "result-paper", href: verifyUrl.replace("{code}", paper) }, say("result.paper", { n: board.publication.communique })));
  }
  setText(box.querySelector(".result-then"), line.then);
  setText(box.querySelector(".result-disputed"), line.disputed);
}
