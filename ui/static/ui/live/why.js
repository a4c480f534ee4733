// Why a row stands where it stands. What the board itself knows is there at once; the server's thread takes its place
// when it answers: {"revision", "steps": [{"kind", "reason", "at", "point", "article", "value"}]}.
import { bib, el, icon } from "./dom.js";
import { groupTitles, mainName, otherName, regionOf, statusText, teamOf } from "./names.js";
import { countdown, left, mayProtest } from "./result.js";
import { isEnglish, ordinal, say } from "./words.js";
import { timeOfDay } from "./when.js";
import { gap, lapsDown, raceTime } from "../times.js";

const seconds = (us) => String(Math.round(us / 1000) / 1000);

/** The thread without a line for each repeated read: how many more there were stands with the passing they belong to. */
export function folded(steps) {
  const found = [];
  for (const step of steps) {
    const before = step.kind === "merged" && found.findLast((one) => one.at === step.at && one.point === step.point);
    if (before) Object.assign(before, { more: (before.more || 0) + (step.value || 0), detail: { ...before.detail, ...step.detail } });
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

  /** What the row stands on: with another publication or another fact under a live row, the thread is asked for again. */
  stale(board) {
    const official = ["official", "amended"].includes(board.standing);
    return this.thread && (this.thread.standing !== board.standing || this.thread.revision !== (official ? board.publication.revision : board.revision));
  }

  /** Again with a new board, while it is open. */
  refresh() {
    if (!this.dialog.open || this.number === null) return;
    this.draw();
    clearTimeout(this.later);
    if (this.stale(this.hands.boards().get(this.race.slug))) this.later = setTimeout(() => this.number !== null && this.ask(this.race.slug, this.number), 1500);
  }

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
      this.answer(board, row), this.protest(board, row), this.certificate(board, row)), el("h3", { cls: "why-head" }, say("why.title")),
      el("ol", { cls: "thread" }, ...this.steps(board, row)),
      el("p", { cls: "why-foot tiny quiet" }, say("why.revision", { n: this.thread?.revision ?? board.revision }),
        this.thread && ` ${say("why.rests", { n: this.thread.rests_on })}`));
    if (focused) this.dialog.querySelector(`.${focused.split(" ")[0]}`)?.focus();
  }

  /** How sure the row is, and the way to say that it is wrong. */
  protest(board, row) {
    const may = mayProtest(board, this.hands.now()), disputed = board.disputed.includes(row.bib), ms = left(board, this.hands.now());
    if (!may && !disputed) return null;
    const url = this.hands.urls.protest.replace("{slug}", this.race.slug).replace("{bib}", row.bib);
    return el("div", { cls: "why-protest" }, icon(disputed ? "flag" : "clock"),
      el("p", {}, disputed ? say("why.disputed") : ms ? say("why.protest.left", { left: countdown(ms) }) : say("result.amended", { n: board.publication.version })),
      may && el("a", { href: url }, say("why.protest")));
  }

  /** The finisher's certificate once the result is official; until then, that it comes. */
  certificate(board, row) {
    if (row.status !== "FIN" && !(row.status === "LAP" && row.rank !== null)) return null;
    if (!["official", "amended"].includes(board.standing)) return el("p", { cls: "why-certificate quiet" }, say("why.certificate.wait"));
    const url = this.hands.urls.certificate.replace("{slug}", this.race.slug).replace("{bib}", row.bib).replace("{language}", isEnglish() ? "en" : "zh");
    return el("p", { cls: "why-certificate" }, el("a", { href: url }, icon("down"), say("why.certificate")));
  }

  /** What the thread explains: the published row, or the live one. */
  stands(board) {
    const n = board.publication?.version ?? board.revision;
    const paper = board.publication?.code && el("a", { href: this.hands.urls.verify.replace("{code}", board.publication.code) }, say("result.paper", { n: board.publication.communique }));
    return [say(`why.stands.${board.standing}`, { n }), paper];
  }

  answer(board, row) {
    const place = row.rank === null ? statusText(row.status) : say("rank", { n: ordinal(row.rank) });
    const language = isEnglish() ? "en" : "zh";
    const result = row.down > 0 ? lapsDown(row.down, language) : row.gap_ms >= 1000 ? gap(row.gap_ms) : row.time_ms === null ? "" : raceTime(row.time_ms);
    const status = row.rank === null ? null : statusText(row.status);
    const ranked = board.rows.filter((one) => one.rank !== null).length;
    return el("p", { cls: "why-answer" }, el("span", { cls: "why-place" }, el("b", {}, place), row.rank !== null && el("small", {}, ` ${say("why.of", { n: ranked })}`)), status && el("span", { cls: "status" }, status), el("b", {}, result));
  }

  /** The server's thread when it came, else what the board says of the row. */
  steps(board, row) {
    if (this.thread) return [...folded(this.thread.steps).map((step) => this.told(step)), this.verdict(board, row)];
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
    return [...found, this.verdict(board, row)];
  }

  verdict(board, row) {
    const text = row.rank === null ? say("why.unranked") : say("why.rank", { n: ordinal(row.rank) });
    return this.step("answer", text, null, [this.stands(board)]);
  }

  /** A step of the server's thread in words; a reason this page does not know yet stands as its code. */
  told({ kind, reason, at, point, article, value, ruling, more, detail = {}, words = null }) {
    const key = kind === "ruling" ? `ruling.${reason}` : `reason.${reason}`;
    const text = say(key, { n: ruling ?? value, point: this.pointName(point), time: raceTime(value === null ? null : value * 1000) }) || reason;
    const moved = detail.was !== undefined, small = [...this.details(detail), ...(moved ? [say("why.moved.by", { bib: detail.bib, what: text })] : []), ...this.article(words)];
    if (article) small.push(article);
    if (more && detail.apart_us === undefined) small.push(say("why.reads", { n: more + 1 }));
    return this.step(kind, moved ? say("why.moved", detail) : text, at ? Date.parse(at) : words ? Date.parse(words.at) : null, small);
  }

  /** The numbers of a step, in sentences. */
  details({ apart_us, after_us, least_us, size, behind_us }) {
    const found = [];
    if (apart_us !== undefined) found.push(say("why.backup", { s: seconds(apart_us) }));
    if (after_us !== undefined) found.push(say("why.soon", { s: seconds(after_us), least: raceTime(least_us / 1000) }));
    if (size > 1) found.push(say("why.together", { n: size }));
    if (behind_us !== undefined) found.push(say("why.behind", { s: seconds(behind_us) }));
    return found;
  }

  /** A ruling's article and reason. */
  article(words) {
    if (!words) return [];
    const said = isEnglish() ? words.en : words.zh;
    return [words.article && say("why.article", { code: words.article, words: said }), words.reason].filter(Boolean);
  }

  pointName(code) {
    const point = this.race.course.points.find((one) => one.code === code);
    return (point && (isEnglish() ? point.name.en : point.name.zh)) || code;
  }

  /** `small`: what stands under the sentence, each a text or a list of pieces. */
  step(state, text, at = null, small = []) {
    const lines = small.map((one) => el("small", {}, ...[one].flat().flatMap((piece, i) => (piece ? (i ? [" · ", piece] : [piece]) : []))));
    return el("li", { cls: `step step-${state}` }, el("span", {}, el("span", { cls: "step-main" }, text), ...lines), at === null ? null : el("time", {}, timeOfDay(at)));
  }
}
