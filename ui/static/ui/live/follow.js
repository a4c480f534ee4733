// The riders a reader follows, kept on this device only, and the bar that pins them to the bottom of the page.
import { bib, el, icon } from "./dom.js";
import { drawMove, resultText } from "./list.js";
import { groupTitles, mainName, statusText } from "./names.js";
import { untilLine } from "./road.js";
import { ordinal, say } from "./words.js";
import { span, timeOfDay } from "./when.js";
import { gap } from "../times.js";

export class Follow {
  constructor(edition) {
    this.key = `follow:${edition}`;
    this.list = this.read();
    this.changed = new Map();
  }

  read() {
    try { return JSON.parse(localStorage.getItem(this.key)) || []; } catch { return []; }
  }

  has(slug, number) { return this.list.includes(`${slug}:${number}`); }

  bibs(slug) { return this.list.filter((one) => one.startsWith(`${slug}:`)).map((one) => Number(one.slice(slug.length + 1))); }

  switch(slug, number) {
    const one = `${slug}:${number}`;
    this.list = this.list.includes(one) ? this.list.filter((other) => other !== one) : [...this.list, one];
    try { localStorage.setItem(this.key, JSON.stringify(this.list)); } catch { /* private mode: followed for this visit */ }
  }

  /** Followed riders, the newest change first: [{slug, number}]. */
  newestFirst(boards) {
    const found = this.list.map((one) => { const cut = one.lastIndexOf(":"); return { slug: one.slice(0, cut), number: Number(one.slice(cut + 1)) }; });
    for (const { slug, number } of found) {
      const row = boards.get(slug)?.byBib.get(number), key = `${slug}:${number}`, now = row ? `${row.rank}|${row.laps}|${row.status}` : "";
      const held = this.changed.get(key);
      if (!held || held.now !== now) this.changed.set(key, { now, at: held ? Date.now() : 0 });
    }
    return found.filter(({ slug, number }) => boards.get(slug)?.byBib.get(number))
      .sort((a, b) => this.changed.get(`${b.slug}:${b.number}`).at - this.changed.get(`${a.slug}:${a.number}`).at);
  }
}

/** The line under a pinned name: which group, and when this rider is at the line again. */
export function pinnedLine(board, row, nowMs, stoppedAt) {
  const title = row.group && groupTitles(board.groups).get(row.group);
  if (stoppedAt !== null) return [title, say("pinned.at", { time: timeOfDay(stoppedAt) })].filter(Boolean).join(" · ");
  const left = untilLine(board, row, nowMs);
  return [title, left === null ? null : say("pinned.line", { span: span(left) })].filter(Boolean).join(" · ");
}

export class Pinned {
  constructor(box, open) {
    this.box = box;
    this.open = open;
    box.addEventListener("click", (event) => {
      const card = event.target.closest(".pin");
      if (card) this.open(card.dataset.race, Number(card.dataset.bib));
    });
  }

  /** `inView(slug, number)`: the rider's own row can be seen, so that the bar need not repeat it. */
  draw({ follow, boards, races, now, stoppedAt, inView }) {
    const found = follow.newestFirst(boards).filter(({ slug, number }) => !inView(slug, number));
    this.box.hidden = !found.length;
    document.body.classList.toggle("has-pinned", found.length > 0);
    const key = found.map(({ slug, number }) => {
      const board = boards.get(slug), row = board.byBib.get(number);
      return [slug, number, row.rank, row.move, row.gap_ms, row.down, row.status, pinnedLine(board, row, now(slug), stoppedAt)].join("|");
    }).join("\n");
    if (key === this.key) return;
    this.key = key;
    this.box.replaceChildren(...found.map(({ slug, number }) => this.card(boards.get(slug), races.get(slug), number, now(slug), stoppedAt)));
  }

  card(board, race, number, nowMs, stoppedAt) {
    const row = board.byBib.get(number), rider = board.riders[number] || {};
    const move = drawMoved(row);
    const place = row.rank === null ? (row.status === "racing" || row.status === "waiting" ? "" : statusText(row.status)) : say("rank", { n: ordinal(row.rank) });
    const result = row.down === 0 && row.gap_ms >= 1000 ? gap(row.gap_ms) : row.rank === null ? "" : resultText(row, null);
    return el("button", { cls: "pin", type: "button", data: { race: board.race, bib: number } }, icon("star", "star-on"), bib(number, race.mark),
      el("span", { cls: "pin-who" }, el("span", { cls: "cut" }, el("b", {}, mainName(rider)), " ", place, " ", move),
        el("span", { cls: "pin-line cut" }, pinnedLine(board, row, nowMs, stoppedAt))), el("b", { cls: "pin-gap" }, result));
  }
}

function drawMoved(row) {
  const node = el("span");
  drawMove(node, row.status === "racing" ? row.move : null);
  return node;
}
