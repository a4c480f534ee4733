// The order, as rows that stay: each is keyed by its bib, only what changed is touched, and at most once a second the
// order changes. Nothing moves under a finger; a focused row keeps its place on the glass and the rest moves around it.
import { bib, el, icon, setText, toggle } from "./dom.js";
import { listItems, resultOf } from "./board.js";
import { groupTitles, isForeign, mainName, otherName, otherPlace, placeWords, regionOf, statusText, subLine, teamOf } from "./names.js";
import { isEnglish, ordinal, say } from "./words.js";
import { gap, lapsDown, NOTHING, raceTime, sameTime } from "../times.js";

const REORDER_MS = 1000, MOVE_MS = 200, HOLD_MS = 1200;

export function resultText(row, before) {
  const result = resultOf(row, before);
  const language = isEnglish() ? "en" : "zh";
  if (result.kind === "time") return raceTime(result.value);
  if (result.kind === "gap") return gap(result.value);
  if (result.kind === "same") return sameTime(language);
  if (result.kind === "down") return lapsDown(result.value, language);
  return result.kind === "status" ? statusText(result.value) : NOTHING;
}

/** Places won or lost since the last crossing, as the drawn sign with words for those who hear the page. */
export function drawMove(node, places) {
  node.className = places === null || places === undefined ? "" : `move ${places > 0 ? "move-up" : places < 0 ? "move-down" : "move-none"}`;
  if (!node.className) return node.replaceChildren();
  const words = places > 0 ? "move.up" : places < 0 ? "move.down" : "move.same";
  return node.replaceChildren(el("span", { cls: "sr" }, `${say(words)} `), places ? String(Math.abs(places)) : "");
}

export class List {
  /** `hands`: {why(bib), star(bib), followed(bib)}. */
  constructor(box, hands) {
    this.box = box;
    this.hands = hands;
    this.nodes = new Map();
    this.opened = new Set();
    this.drawnAt = 0;
    this.touching = false;
    box.addEventListener("pointerdown", () => { this.touching = true; });
    for (const end of ["pointerup", "touchend", "touchcancel"]) addEventListener(end, () => this.release(), { passive: true });
    addEventListener("pointercancel", (event) => { if (event.pointerType === "mouse") this.release(); });
    box.addEventListener("touchstart", () => { this.touching = true; }, { passive: true });
    box.addEventListener("click", (event) => this.clicked(event));
  }

  release() {
    if (!this.touching) return;
    this.touching = false;
    this.ask();
  }

  clicked(event) {
    const star = event.target.closest(".star"), row = event.target.closest(".row"), fold = event.target.closest(".fold");
    if (fold) this.unfold(fold, event.detail === 0);
    else if (star) this.hands.star(Number(row.dataset.bib));
    else if (row) this.hands.why(Number(row.dataset.bib));
  }

  /** Shows what a fold holds; who opened it by the keyboard goes on at the first row that it held. */
  unfold(fold, byKeyboard) {
    const next = Number(fold.dataset.first);
    this.opened.add(fold.dataset.part);
    this.draw(true);
    if (byKeyboard) this.nodes.get(next)?.querySelector(".row-name").focus();
  }

  /** Another race: nothing of the old one stays. */
  reset() {
    this.box.replaceChildren();
    this.nodes.clear();
    this.opened.clear();
    this.drawnAt = 0;
  }

  show(board, race) {
    this.board = board;
    this.race = race;
    this.ask();
  }

  /** Draws now when a second has passed, else once when it has. */
  ask() {
    clearTimeout(this.later);
    const wait = this.drawnAt + REORDER_MS - Date.now();
    if (wait > 0 && this.drawnAt) this.later = setTimeout(() => this.ask(), wait);
    else if (!this.touching) this.draw(false);
  }

  draw(opening) {
    if (!this.board) return;
    const first = !this.drawnAt;
    this.drawnAt = Date.now();
    const wide = matchMedia("(min-width: 1100px)").matches;
    const known = new Set(this.board.groups.map((group) => group.key));
    const items = listItems(this.board.rows, { known, front: wide ? 15 : 13, rest: 5, opened: this.opened });
    this.titles = groupTitles(this.board.groups);
    const before = first || opening ? null : this.positions();
    const focused = this.box.contains(document.activeElement) ? document.activeElement.closest("[data-key]") : null;
    const top = focused?.getBoundingClientRect().top;
    const wanted = items.map((item) => this.node(item, first || opening));
    this.arrange(wanted, wanted.includes(focused) ? focused : null);
    if (focused?.isConnected) scrollBy(0, focused.getBoundingClientRect().top - top);
    if (before) this.animate(before);
  }

  /** Puts the nodes in order with few moves, and never lifts the focused one: a lifted node loses the focus. */
  arrange(wanted, pivot) {
    const keep = new Set(wanted);
    for (const [key, node] of this.nodes) if (!keep.has(node)) { node.remove(); this.nodes.delete(key); }
    let cursor = this.box.firstChild;
    for (const node of wanted) {
      if (node === pivot) {
        while (cursor !== pivot) { const next = cursor.nextSibling; this.box.append(cursor); cursor = next; }
      } else if (cursor && cursor !== pivot && cursor.nextSibling === node) {
        const late = cursor;
        cursor = node;
        this.box.append(late);
      }
      if (node === cursor) cursor = cursor.nextSibling;
      else this.box.insertBefore(node, cursor);
    }
  }

  positions() {
    const found = new Map();
    for (const [key, node] of this.nodes) if (node.classList.contains("row")) found.set(key, node.offsetTop);
    return found;
  }

  /** Rows in view slide to their new place; with reduced motion the arrow alone tells. */
  animate(before) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const from = scrollY - this.box.offsetTop - 100, to = from + innerHeight + 200;
    for (const [key, top] of before) {
      const node = this.nodes.get(key);
      if (!node) continue;
      const delta = top - node.offsetTop;
      if (delta && node.offsetTop > from && node.offsetTop < to) {
        node.animate([{ transform: `translateY(${delta}px)` }, { transform: "none" }], { duration: MOVE_MS, easing: "ease-out" });
      }
    }
  }

  node(item, quiet) {
    let node = this.nodes.get(item.key);
    if (!node) {
      node = item.type === "row" ? this.makeRow(item) : item.type === "head" ? this.makeHead() : this.makeFold();
      node.dataset.key = item.key;
      this.nodes.set(item.key, node);
      quiet = true;
    }
    if (item.type === "row") this.fillRow(node, item, quiet);
    else if (item.type === "head") this.fillHead(node, item);
    else this.fillFold(node, item);
    return node;
  }

  makeHead() {
    return el("div", { cls: "grouphead", role: "row" }, el("b", { role: "rowheader" }), el("span", { role: "cell" }), el("span", { role: "cell" }));
  }

  fillHead(node, { part, rows, mixed }) {
    const [title, size, right] = node.children, key = part.startsWith("group:") ? part.slice(6) : null;
    const group = key && this.board.groups.find((one) => one.key === key);
    setText(title, group ? `${key} ${this.titles.get(key)}` : say(`part.${part}`));
    setText(size, say("riders", { n: group ? group.size : rows.length }));
    const leads = group && !group.gap_ms && group.time_ms !== null;
    setText(right, leads ? this.leadWords(group) : group ? [gap(group.gap_ms), otherPlace(group, this.board.groups, this.race)].filter(Boolean).join(" · ") : mixed ? say("head.mixed") : "");
  }

  /** Where the gaps of the leaders were taken: at the line after a lap, or at a point on the next one. */
  leadWords(group) {
    return [raceTime(group.time_ms), placeWords(group, this.race)].join(isEnglish() ? " " : " · ");
  }

  makeFold() {
    const button = el("button", { cls: "fold", type: "button" }, el("span"), icon("down"));
    return el("div", { role: "row" }, el("div", { role: "cell" }, button));
  }

  fillFold(node, { name, rows }) {
    const button = node.querySelector("button");
    Object.assign(button.dataset, { part: name, first: rows[0].bib });
    const first = rows[0].rank, last = rows[rows.length - 1].rank;
    setText(button.firstChild, first && last ? say("fold.ranks", { from: ordinal(first), to: ordinal(last) }) : say("fold.rest", { n: rows.length }));
  }

  makeRow({ row }) {
    const name = el("button", { cls: "row-name", type: "button", ariaHasPopup: "dialog" });
    return el("div", { cls: "row", role: "row", data: { bib: row.bib } },
      el("span", { cls: "row-rank", role: "cell" }), el("span", { cls: "row-move", role: "cell" }, el("span")),
      el("span", { cls: "row-bib", role: "cell" }, bib(row.bib, this.race.mark)),
      el("span", { cls: "row-who", role: "cell" }, name, el("span", { cls: "row-sub cut" })),
      el("span", { cls: "row-team cut", role: "cell" }), el("span", { cls: "row-region cut", role: "cell" }), el("span", { cls: "row-lap", role: "cell" }),
      el("span", { cls: "row-gap", role: "cell" }), el("span", { cls: "row-star", role: "cell" }, el("button", { cls: "star", type: "button" }, icon("star"))));
  }

  fillRow(node, { row, before }, quiet) {
    const followed = this.hands.followed(row.bib), text = resultText(row, before);
    const rider = this.board.riders[row.bib] || {};
    const disputed = this.board.disputed.includes(row.bib);
    const signature = [disputed, row.rank, row.move, text, row.lap_ms, row.laps, row.status, followed, rider.zh, rider.latin, isEnglish()].join("|");
    if (node.signature === signature) return;
    node.signature = signature;
    const [rank, move, , who, team, region, lap, result, star] = node.children;
    const old = rank.textContent;
    setText(rank, row.rank === null ? "" : String(row.rank));
    drawMove(move.firstChild, row.status === "racing" || row.status === "FIN" ? row.move : null);
    this.fillWho(who, rider, row, disputed);
    setText(team, teamOf(rider));
    setText(region, regionOf(rider));
    setText(lap, row.lap_ms ? raceTime(row.lap_ms) : NOTHING);
    this.fillResult(result, row, before, text);
    const pressed = String(followed), button = star.firstChild;
    button.setAttribute("aria-pressed", pressed);
    button.setAttribute("aria-label", say("star.follow", { bib: row.bib }));
    toggle(node, "row-mine", followed);
    toggle(node, "is-disputed", disputed);
    if (!quiet && old !== rank.textContent) this.hold(node);
  }

  fillWho(who, rider, row, disputed) {
    const [name, sub] = who.children;
    name.replaceChildren(el("span", { cls: "row-main" }, mainName(rider) || say("unnamed")));
    const other = otherName(rider);
    if (isForeign(rider)) name.append(" ", el("small", { cls: "only-phone" }, rider.nation));
    if (other && other !== mainName(rider)) name.append(" ", el("small", { cls: "only-desk" }, other));
    const lines = subLine(rider).filter(Boolean).map((line) => el("span", {}, line));
    if (row.status === "DNF" && row.laps) lines.push(el("span", { cls: "row-out" }, `${lines.length ? "· " : ""}${say("out.after", { n: row.laps })}`));
    if (disputed) lines.unshift(el("span", { cls: "row-disputed" }, icon("flag"), say("row.disputed")));
    sub.replaceChildren(...lines);
  }

  fillResult(node, row, before, text) {
    const kind = resultOf(row, before).kind;
    toggle(node, "row-same", kind === "same" || kind === "none");
    if (kind === "status") node.replaceChildren(el("span", { cls: `status${row.status === "DSQ" ? " status-dsq" : ""}` }, text));
    else setText(node, text);
  }

  /** A changed value holds the soft accent for a moment. */
  hold(node) {
    node.classList.add("is-fresh");
    setTimeout(() => node.classList.remove("is-fresh"), HOLD_MS);
  }

  rowNode(number) { return this.nodes.get(number); }
}
