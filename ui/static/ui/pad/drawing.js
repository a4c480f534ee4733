// The screen of the pad, from what is known. It is drawn anew where it would look different, so that no row moves for nothing.
import { bib as chip, el, icon, mark, setText } from "../live/dom.js";
import { isEnglish, say } from "../live/words.js";
import { localText } from "./clock.js";
import { doubt, nameless, pending } from "./entries.js";

const SHOWN = 60, FINE = 50, ROUGH = 500;
const named = (row) => (isEnglish() ? row.latin || row.zh : row.zh || row.latin);

export class Drawing {
  constructor(state) {
    this.state = state;
    this.at = Object.fromEntries([...document.querySelectorAll("[data-at]")].map((node) => [node.dataset.at, node]));
    this.looks = new Map();
  }

  /** Put nodes into a place, where they look different from what stands there. */
  put(place, ...nodes) {
    const look = nodes.map((node) => node?.outerHTML ?? node ?? "").join("");
    if (this.looks.get(place) === look) return;
    this.looks.set(place, look);
    const held = this.at[place].contains(document.activeElement) ? document.activeElement.dataset : null;
    this.at[place].replaceChildren(...nodes.filter((node) => node !== null));
    if (held?.entry) this.at[place].querySelector(`[data-act="${held.act}"][data-entry="${held.entry}"]`)?.focus();
  }

  draw() {
    const { pad } = this.state;
    document.body.dataset.state = pad?.meta ? "pad" : "none";
    this.drawNone();
    if (!pad?.meta) return;
    setText(this.at.where, `${pad.meta.source} · ${pad.meta.point?.name ?? say("unmapped")}`);
    this.drawBadge();
    this.drawBib();
    this.drawWaiting();
    this.drawList();
    this.tick();
  }

  drawNone() {
    const { pad, problem } = this.state;
    if (pad?.meta) { this.put("none"); return; }
    const code = problem || "none";
    this.put("none", icon(problem ? "warning" : "flag"), el("h1", {}, say(`no_pad.${code}`)), el("p", {}, say(`no_pad.${code}.why`)));
  }

  drawBadge() {
    const { offline, trouble, signedOut, queued, failed, rejected } = this.state, n = queued;
    const waits = n ? say("waits", { n }) : "";
    const what = failed ? say("disk") : signedOut ? say("withdrawn") : trouble ? say("trouble", { status: trouble }) : rejected ? say("rejected", { n: rejected }) : offline ? say("offline") : n ? "" : say("all_sent");
    const bad = failed || signedOut || trouble || rejected > 0;
    this.at.badge.className = `pad-badge ${bad ? "pad-badge-danger" : offline ? "pad-badge-warn" : n ? "" : "pad-badge-ok"}`;
    this.put("badge", icon(bad || offline ? "warning" : n ? "clock" : "check"), el("span", {}, [what, waits].filter(Boolean).join(" · ")));
    this.at.trouble.hidden = !bad;
    setText(this.at.trouble, failed ? say("disk.why") : signedOut ? say("withdrawn.why") : trouble ? say("trouble.why") : rejected ? say("rejected.why") : "");
  }

  /** The clock, and how good it is. Called each second. */
  tick() {
    const { clock, pad } = this.state;
    if (!pad?.meta) return;
    setText(this.at.clock, localText(clock.event(), pad.meta.zone).slice(11, 19));
    const { error } = clock.reading, n = Math.ceil(error), rough = !clock.sure || error > ROUGH;
    setText(this.at.error, clock.sure ? say(error < 1000 ? "error" : "error.s", { n: error < 1000 ? n : (error / 1000).toFixed(1) }) : say("unmeasured"));
    this.at.error.className = `pad-error ${rough ? "pad-error-danger" : error > FINE ? "pad-error-warn" : ""}`;
  }

  drawBib() {
    const { typed, rows, target } = this.state, n = typed ? Number(typed) : null, row = n === null ? null : rows.get(n);
    const doubtful = n === null ? null : doubt(n, target?.when.event ?? this.state.clock.event(), this.state, target?.key);
    this.at.bib.dataset.mark = row?.mark ?? "";
    this.put("bib", el("span", { cls: typed ? "" : "pad-bib-none" }, typed || "–"));
    this.put("who", ...(n === null ? [el("span", { cls: "quiet" }, target ? say("type.for", { time: shortTime(target) }) : say("type"))] : [
      row ? el("b", { cls: "cut" }, named(row)) : null,
      row ? el("span", { cls: "pad-category" }, mark(row.mark), el("span", { cls: "cut" }, `${row.code} ${row.category}`)) : null,
      doubtful ? el("span", { cls: "pad-doubt" }, icon("warning"), el("span", {}, say(`doubt.${doubtful}`, { n }))) : null,
    ]));
    this.at.erase.disabled = !typed;
    this.at.give.disabled = n === null;
    this.put("now", el("b", {}, n === null ? say("now") : say("now.bib", { n })), el("small", {}, n === null ? say("now.sub") : say("now.bib.sub")));
    this.put("give", el("b", {}, target && n !== null ? say("give", { n }) : say("give.none")), el("small", {}, target ? shortTime(target) : n === null ? say("give.sub") : say("give.now")));
  }

  drawWaiting() {
    const waits = nameless(this.state.entries), target = this.state.target;
    this.at.waiting.hidden = !waits.length;
    this.put("waiting", el("h2", {}, say("taps", { n: waits.length })), el("div", { cls: "pad-taps" }, ...waits.map((entry) =>
      el("button", { cls: "pad-tap", type: "button", "aria-pressed": String(entry === target), data: { act: "choose", entry: entry.key } }, shortTime(entry)))));
    this.at.waiting.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  drawList() {
    const entries = [...this.state.entries].reverse().slice(0, SHOWN);
    if (!entries.length) { this.put("list", el("li", { cls: "pad-empty" }, el("b", {}, say("empty")), el("span", {}, say("empty.why")))); return; }
    this.put("list", ...entries.map((entry) => this.line(entry)));
  }

  line(entry) {
    const { rows, chosen } = this.state, row = rows.get(entry.bib), open = chosen === entry.key;
    const odd = entry.bib === null || entry.gone ? null : doubt(entry.bib, entry.when.event, this.state, entry.key);
    const about = entry.gone ? say("gone") : entry.bib === null ? say("no_bib") : odd ? say(`doubt.${odd}`, { n: entry.bib }) : row ? row.category : "";
    const sent = pending(entry) ? el("span", { cls: "pad-state" }, icon("clock"), say("queued")) : el("span", { cls: "pad-state pad-state-ok" }, icon("check"), say("sent"));
    return el("li", { cls: `pad-line${entry.gone ? " pad-line-gone" : ""}` },
      el("button", { cls: "pad-entry", type: "button", "aria-expanded": String(open), data: { act: "choose", entry: entry.key } },
        entry.bib === null ? el("span", { cls: "bib bib-none" }, "?") : chip(entry.bib, row?.mark ?? ""),
        el("span", { cls: "pad-name" }, el("span", { cls: "cut" }, row ? named(row) : ""), el("small", { cls: `cut${odd ? " pad-doubt" : ""}` }, odd ? icon("warning") : row && !entry.gone ? mark(row.mark) : null, el("span", { cls: "cut" }, about))),
        el("span", { cls: "pad-when" }, el("span", {}, shortTime(entry)), sent)),
      open ? el("div", { cls: "pad-more" },
        el("p", {}, say(entry.gone ? "more.gone" : "more"), " ", say("more.time", { time: entry.when.local.slice(11), n: Math.ceil(entry.when.error) })),
        entry.gone ? null : el("button", { cls: "button button-danger", type: "button", data: { act: "back", entry: entry.key } }, say("back"))) : null);
  }
}

/** To a tenth of a second: a finger is no better. */
const shortTime = (entry) => entry.when.local.slice(11, 21).replace(/^0/, "");
