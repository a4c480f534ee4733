// One connection for all races of the page. It catches up by itself (Last-Event-ID), takes a delta only when it starts
// at the revision we hold, fetches the whole board otherwise, and asks every five seconds when streams do not get through.
import { applyDelta, fromBoard } from "./board.js";

const POLL_MS = 5000, DEAF_MS = 20000, GIVE_UP_AFTER = 3, LONGEST_WAIT_MS = 30000, FIRST_MS = 4000;

export class Stream {
  /** `say` gets {board(slug, board), heard(pulse | null), broken()}. */
  constructor({ streamUrl, boardUrl, slugs, current, say }) {
    Object.assign(this, { streamUrl, boardUrl, slugs, current, say });
    this.boards = new Map();
    this.tags = new Map();
    this.fetching = new Map();
    this.older = new Set();
    this.failures = 0;
    this.polling = 0;
    this.reached = false;
    this.last = Date.now();
  }

  start() {
    // Boards come compressed and cached; the stream then starts where they end, so nothing is sent twice.
    const first = Promise.allSettled(this.slugs.map((slug) => this.fetchBoard(slug)));
    Promise.race([first, new Promise((done) => setTimeout(done, FIRST_MS))]).then(() => this.open());
    setInterval(() => this.watch(), 1000);
    addEventListener("online", () => this.reopen());
    document.addEventListener("visibilitychange", () => { if (!document.hidden && this.silence() > 10000) this.reopen(); });
    addEventListener("pagehide", () => this.source?.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.reopen(); });
  }

  silence() { return Date.now() - this.last; }

  open() {
    clearTimeout(this.waiting);
    this.opened = Date.now();
    let through = false;
    const held = [...this.boards].map(([slug, board]) => `${slug}:${board.revision}`).join(",");
    const source = new EventSource(`${this.streamUrl}?races=${this.slugs.join(",")}${held && `&last=${held}`}`);
    this.source = source;
    source.addEventListener("board", (event) => { this.alive(); this.takeBoard(JSON.parse(event.data), true); });
    source.addEventListener("delta", (event) => { this.alive(); this.takeDelta(JSON.parse(event.data)); });
    source.addEventListener("pulse", (event) => { this.alive(); const told = JSON.parse(event.data); if (!told.late?.[this.current()]) this.heard(told); });
    source.onopen = () => { through = this.reached = true; };
    source.onerror = () => { if (!through) this.reached = false; this.failed(source); };
  }

  reopen() {
    this.source?.close();
    this.open();
  }

  alive() {
    this.failures = 0;
    clearInterval(this.polling);
    this.polling = 0;
  }

  heard(pulse) {
    this.last = Date.now();
    this.say.heard(pulse);
  }

  /** A refused stream is not retried by the browser; a cut one is, and then we only count. */
  failed(source) {
    if (source !== this.source) return;
    this.failures += 1;
    this.say.broken();
    if (this.failures >= GIVE_UP_AFTER && !this.polling) this.poll();
    if (source.readyState !== EventSource.CLOSED) return;
    const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(this.failures, 5)) * (0.7 + 0.6 * Math.random());
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.open(), wait);
  }

  /** An open connection that says nothing is a dead one: phones lose them without an error. */
  watch() {
    const quiet = Math.min(this.silence(), Date.now() - this.opened);
    if (quiet < DEAF_MS * (1 + Math.min(this.failures, 5)) || document.hidden) return;
    this.failures += 1;
    if (this.failures >= GIVE_UP_AFTER && !this.polling) this.poll();
    this.reopen();
  }

  poll() {
    let round = 0;
    this.polling = setInterval(() => {
      const rest = round++ % 6 === 0 ? this.slugs.filter((slug) => slug !== this.current()) : [];
      for (const slug of [this.current(), ...rest]) this.fetchBoard(slug);
    }, POLL_MS);
  }

  /**
   * Nothing new shows that the site answers, not that it hears the course. It counts where no stream gets through.
   */
  unchanged() {
    if (!this.reached) this.heard(null);
  }

  /**
   * What the stream sends replaces what we have, whatever its number. An answer can be older than the stream; but two in a row
   * are no accident: the site's record was set back.
   */
  takeBoard(raw, streamed = false) {
    const held = this.boards.get(raw.race);
    const older = held && raw.revision < held.revision;
    const back = older && (streamed || this.older.has(raw.race));
    if (older && !back) this.older.add(raw.race);
    else this.older.delete(raw.race);
    if (!held || back || raw.revision > held.revision) this.keep(fromBoard(raw));
    else this.unchanged();
  }

  keep(board) {
    this.boards.set(board.race, board);
    this.heard(null);
    this.say.board(board.race, board);
  }

  takeDelta(delta) {
    const held = this.boards.get(delta.race);
    if (!this.slugs.includes(delta.race) || (held && delta.to <= held.revision)) return;
    const next = applyDelta(held, delta);
    if (next) this.keep(next);
    else this.fetchBoard(delta.race);
  }

  /** The whole board; one question a race at a time, answered 304 when nothing changed. */
  fetchBoard(slug) {
    if (this.fetching.has(slug)) return this.fetching.get(slug);
    const tag = this.tags.get(slug);
    const asked = fetch(this.boardUrl.replace("{slug}", slug), { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} })
      .then(async (answer) => {
        if (answer.status === 304) return this.unchanged();
        if (!answer.ok) return undefined;
        this.tags.set(slug, answer.headers.get("ETag"));
        return this.takeBoard(await answer.json());
      })
      .catch(() => this.say.broken())
      .finally(() => this.fetching.delete(slug));
    this.fetching.set(slug, asked);
    return asked;
  }
}
