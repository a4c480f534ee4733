// Why a row stands where it stands. What the board itself knows is there at once; the server's thread takes its place
// when it answers: {"revision", "steps": [{"kind", "reason", "at", "point", "article", "value"}]}.
import { bib, el, icon } from "./dom.js";
import { groupTitles, mainName, otherName, regionOf, statusText, teamOf } from "./names.js";
import { isEnglish, ordinal, say } from "./words.js";
import { timeOfDay } from "./when.js";
import { gap, lapsDown, raceTime } from "../times.js";

/** The thread without a line for each repeated read: how many more there were stands with the passing they belong to. */
export function folded(steps) {
  const found = [];
  for (const step of steps) {
    const before = step.kind === "merged" && found.findLast((one) => one.at === step.at && one.point === step.point);
    if (before) before.more = (before.more || 0) + (step.value || 0);
    else found.push({ ...step });
  }
  return found;
}

export class Why {
  constructor(dialog, whyUrl, hands) {
    this.dialog = dialog;
    this.whyUrl = whyUrl;
    this.hands = hands;
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
      if (event.target.closest(".star")) { this.hands.star(this.race.slug, this.number); this.draw(); }
    });
    dialog.addEventListener("close", () => { this.number = null; });
  }

  open(race, number) {
    this.race = race;
    this.number = number;
    this.thread = null;
    this.draw();
    if (!this.dialog.open) this.dialog.showModal();
    this.ask(race.slug, number);
  }

  async ask(slug, number) {
    const answer = await fetch(this.whyUrl.replace("{slug}", slug).replace("{bib}", number)).catch(() => null);
    if (!answer?.ok || number !== this.number || slug !== this.race.slug) return;
    this.thread = await answer.json();
    this.draw();
  }

  /** Again with a new board, while it is open. */
  refresh() { if (this.dialog.open && this.number !== null) this.draw(); }

  draw() {
    const board = this.hands.boards().get(this.race.slug), row = board?.byBib.get(this.number);
    if (!row) return;
    const rider = board.riders[row.bib] || {}, followed = this.hands.follow.has(this.race.slug, row.bib);
    const focused = this.dialog.contains(document.activeElement) ? document.activeElement.className : null;
    this.dialog.replaceChildren(
      el("div", { cls: "why-top" }, el("div", { cls: "dialog-head" }, bib(row.bib, this.race.mark), el("h2", { id: "why-title" }, mainName(rider), " ", el("small", {}, otherName(rider))),
        el("button", { cls: "star", type: "button", ariaPressed: String(followed), ariaLabel: say("star.follow", { bib: row.bib }) }, icon("star")),
        el("button", { cls: "star", type: "button", ariaLabel: say("close"), data: { close: "" } }, icon("cross"))),
      el("p", { cls: "why-team soft" }, [teamOf(rider), regionOf(rider), this.race.title].filter(Boolean).join(" · ")),
      this.answer(row)), el("h3", { cls: "why-head" }, say("why.title")),
      el("ol", { cls: "thread" }, ...this.steps(board, row)),
      el("p", { cls: "why-foot tiny quiet" }, say("why.revision", { n: this.thread?.revision ?? board.revision })));
    if (focused) this.dialog.querySelector(`.${focused.split(" ")[0]}`)?.focus();
  }

  answer(row) {
    const place = row.rank === null ? statusText(row.status) : say("rank", { n: ordinal(row.rank) });
    const language = isEnglish() ? "en" : "zh";
    const result = row.down > 0 ? lapsDown(row.down, language) : row.gap_ms >= 1000 ? gap(row.gap_ms) : row.time_ms === null ? "" : raceTime(row.time_ms);
    const status = row.rank === null ? null : statusText(row.status);
    return el("p", { cls: "why-answer" }, el("b", {}, place), status && el("span", { cls: "status" }, status), el("b", {}, result));
  }

  /** The server's thread when it came, else what the board says of the row. */
  steps(board, row) {
    if (this.thread) return [...folded(this.thread.steps).map((step) => this.told(step)), this.verdict(row)];
    const found = [];
    const gun = board.gun ? Date.parse(board.gun) : null;
    if (gun !== null) found.push(this.step("used", say("why.gun"), gun));
    if (row.time_ms !== null && row.laps) {
      found.push(this.step("used", say("why.laps", { n: row.laps, time: raceTime(row.time_ms) }), gun === null ? null : gun + row.time_ms));
    }
    if (row.lap_ms) found.push(this.step("used", say("why.lap", { time: raceTime(row.lap_ms) })));
    if (row.group && groupTitles(board.groups).get(row.group)) {
      found.push(this.step("used", say("why.group", { key: row.group, title: groupTitles(board.groups).get(row.group) })));
    }
    for (const flag of row.flags) found.push(this.step("rule", say(`reason.${flag}`, { n: "" }) || flag));
    return [...found, this.verdict(row)];
  }

  verdict(row) {
    return this.step("answer", row.rank === null ? say("why.unranked") : say("why.rank", { n: ordinal(row.rank) }));
  }

  /** A step of the server's thread in words; a reason this page does not know yet stands as its code. */
  told({ kind, reason, at, point, article, value, ruling, more }) {
    const key = kind === "ruling" ? `ruling.${reason}` : `reason.${reason}`;
    const text = say(key, { n: ruling ?? value, point: this.pointName(point), time: raceTime(value === null ? null : value * 1000) }) || reason;
    return this.step(kind, text, at ? Date.parse(at) : null, article, more);
  }

  pointName(code) {
    const point = this.race.course.points.find((one) => one.code === code);
    return (point && (isEnglish() ? point.name.en : point.name.zh)) || code;
  }

  step(state, text, at = null, rule = null, more = 0) {
    const small = [rule, more ? say("why.reads", { n: more + 1 }) : null].filter(Boolean).map((one) => el("small", {}, one));
    return el("li", { cls: `step step-${state}` }, el("span", {}, text, ...small), at === null ? null : el("time", {}, timeOfDay(at)));
  }
}
