// The network, when there is one: the roster down, the taps up, what other desks did back. Every tap carries its key, so that
// sending again is harmless: whatever was not answered is sent once more.
import { Talker } from "../offline/talker.js";

const SEND = 400, ROSTER_EACH = 60_000, POLL_EACH = 8_000;
const LET_GO = new Set(["done", "known"]);

const cookie = (name) => document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

export class Sync extends Talker {
  /** `hands`: {store, edition, urls, state, changed(), clock}. `state` holds what the page draws. */
  constructor(hands) {
    super(hands, { lock: "sign-on-sync", every: POLL_EACH });
  }

  async round() {
    await this.alone(() => this.send());
    if (!this.state.meta || Date.now() - this.freshAt > ROSTER_EACH) await this.fetchRoster();
  }

  async refused() {
    this.state.rows = new Map();
    this.state.meta = null;
    await this.store.wipe();
  }

  async fetchRoster() {
    const known = this.state.meta?.etag;
    const answer = await this.ask(this.urls.roster, known ? { headers: { "If-None-Match": known } } : {});
    this.freshAt = Date.now();
    if (answer.status === 304) { await this.keep({ fetched: Date.now() }, false); return; }
    const { rows, ...meta } = await answer.json();
    this.hear(meta);
    this.state.rows = new Map(rows.map((row) => [row.id, row]));
    this.state.meta = meta;
    await this.keep({ etag: answer.headers.get("ETag"), fetched: Date.now() });
    await this.reload();
  }

  /** Send what is queued, oldest first, and take in what came back. */
  async send() {
    await this.reload();
    if (!this.state.meta) return;
    const queue = this.state.queue.filter((event) => event.edition === this.edition);
    for (let start = 0; start === 0 || start < queue.length; start += SEND) {
      const part = queue.slice(start, start + SEND);
      const told = await this.post(this.edition, part, this.state.meta.cursor);
      this.hear(told);
      for (const row of told.rows) this.state.rows.set(row.id, row);
      Object.assign(this.state.meta, { cursor: told.cursor, clock: told.clock, stamp: told.stamp });
      // The rows first: were the tablet to die between the two, the taps are only sent again.
      await this.keep({ fetched: Date.now() }, told.rows.length > 0);
      await this.took(part, told);
    }
    await this.sendOthers();
  }

  /** Taps made when this tablet showed another edition; who has no role there any more leaves them where they are. */
  async sendOthers() {
    const others = this.state.queue.filter((event) => event.edition !== this.edition).slice(0, SEND);
    for (const edition of new Set(others.map((event) => event.edition))) {
      const part = others.filter((event) => event.edition === edition);
      try {
        await this.took(part, await this.post(edition, part, Number.MAX_SAFE_INTEGER));
      } catch (problem) {
        if (!problem?.status) throw problem;
      }
    }
  }

  async post(edition, part, cursor) {
    const ticks = part.map(({ key, entry, item, value, reason, desk, at, stamp, version }) => ({ key, entry, item, value, reason, desk, at, stamp, version }));
    const answer = await this.ask(this.urls.ticks + edition, {
      method: "POST", body: JSON.stringify({ cursor, ticks }),
      headers: { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") },
    });
    return answer.json();
  }

  /** What was answered leaves the queue; what could not be taken becomes a card for a person. */
  async took(part, told) {
    const answers = new Map(told.answers.map((one) => [one.key, one]));
    const cards = part.filter((event) => answers.has(event.key) && !LET_GO.has(answers.get(event.key).outcome))
      .map((event) => ({ key: event.key, event, answer: answers.get(event.key) }));
    await this.store.answered([...answers.keys()], cards);
    await this.reload();
  }

  hear(told) {
    this.clock.hear(told.now);
    this.clock.setLaw(told.clock);
  }

  async keep(more, rows = true) {
    Object.assign(this.state.meta, more, { offset: this.clock.offset });
    await this.store.keepRoster(this.edition, this.state.meta, rows ? [...this.state.rows.values()] : null);
  }

  /** The queue and the cards as the database has them: another tab of this tablet may have written. */
  async reload() {
    this.state.queue = await this.store.queue();
    this.state.conflicts = await this.store.conflicts();
  }
}
