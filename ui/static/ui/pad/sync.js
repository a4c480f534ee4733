// The network, when there is one: the time first, then who rides, then the taps up. Reads go before what is taken back, so
// that the server knows what is meant.
import { Talker } from "../offline/talker.js";
import { localText } from "./clock.js";
import { marked, pending, settled, untouched, waiting } from "./entries.js";

const SEND = 400, POLL_EACH = 5_000, ROSTER_EACH = 120_000, MEASURE_EACH = 60_000, PROBES = 20, FEW = 5;
//: A tap of another tab whose clock was not sure waits so long for that tab, which may still learn better.
const OTHERS_WAIT = 30_000;

export class Sync extends Talker {
  /** `hands`: {store, urls, state, clock, changed()}. `state.pad` is {id, secret, meta, ...}. */
  constructor(hands) {
    super(hands, { lock: "pad-sync", every: POLL_EACH });
    this.measuredAt = null;
    this.sureSince = null;
  }

  async round() {
    await this.measure();
    if (Date.now() - this.freshAt > ROSTER_EACH) await this.fetchRoster();
    await this.alone(() => this.send());
    await this.tell();
    await this.reload();
  }

  async refused() {
    await this.store.forget();
    this.state.rows = new Map();
  }

  /** The clock was touched, or the phone slept: what was measured is worth nothing until it is measured again. */
  measureAgain() {
    this.measuredAt = null;
    this.now();
  }

  /** Ask for the time: twenty times where nothing is known, a few times each minute after. */
  async measure() {
    const now = this.clock.mono();
    if (this.clock.sure && this.measuredAt !== null && now - this.measuredAt < MEASURE_EACH) return;
    const times = this.clock.sure ? FEW : PROBES;
    let law;
    for (let time = 0; time < times; time += 1) {
      const from = this.clock.mono(), stretch = this.clock.stretch;
      const answer = await this.ask(this.urls.clock + this.state.pad.meta.edition);
      const to = this.clock.mono(), told = await answer.json();
      if (stretch === this.clock.stretch) this.clock.heard(from, to, Date.parse(told.now));
      law = told.clock;
    }
    this.measuredAt = this.clock.mono();
    this.sureSince ??= this.measuredAt;
    this.clock.setLaw(law);
    await this.keep({ clock: this.clock.kept(), law });
  }

  async fetchRoster() {
    const { etag } = this.state.pad;
    const answer = await this.ask(this.urls.own, { headers: { ...key(this.state.pad), ...(etag ? { "If-None-Match": etag } : {}) } });
    this.freshAt = Date.now();
    if (answer.status === 304) return;
    const { rows, now, clock, ...meta } = await answer.json();
    this.clock.setLaw(clock);
    await this.keep({ meta, rows, law: clock, etag: answer.headers.get("ETag") });
    this.state.setRows(rows, meta);
  }

  async keep(more) {
    Object.assign(this.state.pad, more);
    await this.store.keepPad(this.state.pad);
  }

  /** Entries of a pad that may be sent: those whose time is known as well as it will ever be. */
  async ready(pad) {
    const waits = (entry) => entry.pad === pad.id && pending(entry);
    const unsure = (await this.store.entries()).filter((entry) => waits(entry) && !entry.when.sure && untouched(entry));
    const mine = unsure.filter((entry) => entry.when.stretch === this.clock.stretch);
    if (mine.length) await this.store.changeAll(mine.map((entry) => [entry.key, (found) => this.timed(found, pad)]));
    const young = this.clock.mono() - this.sureSince < OTHERS_WAIT;
    const held = new Set(young ? unsure.filter((entry) => entry.when.stretch !== this.clock.stretch).map((entry) => entry.key) : []);
    return (await this.store.entries()).filter((entry) => waits(entry) && !held.has(entry.key));
  }

  /** A tap of this stretch, at the time that the measured clock gives it. */
  timed(entry, pad) {
    if (entry.when.sure || !untouched(entry)) return entry;
    const { offset, error } = this.clock.reading, event = this.clock.event(entry.when.mono);
    return settled(entry, { ...entry.when, event, offset, error, sure: true, local: localText(event, pad.meta.zone) });
  }

  async send() {
    await this.sendOf(this.state.pad);
    // Another pad that this phone was: its taps go out with its own key. Where that was withdrawn they stay.
    for (const pad of await this.store.all("pads")) {
      if (pad.id === this.state.pad.id || !pad.meta) continue;
      try { await this.sendOf(pad); } catch (problem) { if (!problem?.status) throw problem; }
    }
  }

  async sendOf(pad) {
    const entries = await this.ready(pad), source = pad.meta.source;
    for (const part of parts(waiting(entries, "read"))) {
      const answer = await this.post(pad, this.urls.reads, { reads: part.map(({ chip, local, when }) => ({ source, chip, local, told: told(when) })) });
      // The server keeps what it cannot count; a person has to know, since sending it again would change nothing.
      this.state.rejected += (await answer.json()).counts.rejected;
      await this.sent(part);
    }
    for (const part of parts(waiting(entries, "back"))) {
      const answer = await this.post(pad, this.urls.own, { back: part.map(({ chip, local }) => ({ chip, local })) });
      const { back } = await answer.json();
      await this.sent(part.filter((_, place) => back[place] !== "later"));
    }
  }

  async sent(facts) {
    const places = new Map();
    for (const { key, place } of facts) places.set(key, [...(places.get(key) ?? []), place]);
    if (places.size) await this.store.changeAll([...places].map(([key, which]) => [key, (entry) => marked(entry, which)]));
  }

  /** How the phone is, each minute: battery, what still waits, how far its own clock is off. */
  async tell() {
    if (Date.now() - (this.toldAt ?? 0) < MEASURE_EACH) return;
    const battery = await navigator.getBattery?.().catch(() => null);
    const queue = (await this.store.entries()).filter(pending).length, { shift, error } = this.clock.kept();
    const status = { queue, clock_us: Math.round(-shift * 1000), error_ms: Math.ceil(error) };
    if (battery) Object.assign(status, { battery: Math.round(battery.level * 100), mains: battery.charging });
    await this.post(this.state.pad, this.urls.own, { status });
    this.toldAt = Date.now();
  }

  /** The key says who asks; whoever is signed in on this phone besides has nothing to do with it. */
  ask(url, options = {}) {
    return super.ask(url, { credentials: "omit", ...options });
  }

  post(pad, url, body) {
    return this.ask(url, { method: "POST", body: JSON.stringify(body), headers: { ...key(pad), "Content-Type": "application/json" } });
  }

  async reload() {
    this.state.entries = (await this.store.entries()).filter((entry) => entry.pad === this.state.pad.id);
  }
}

const key = (pad) => ({ Authorization: `Bearer ${pad.secret}` });
const parts = (facts) => Array.from({ length: Math.ceil(facts.length / SEND) }, (_, place) => facts.slice(place * SEND, (place + 1) * SEND));

/** What is kept with a read as evidence: both clocks of the phone, what was added, how wrong it may be, and whether it was measured. */
const told = ({ mono, wall, offset, error, sure }) =>
  `phone ${new Date(wall).toISOString()}, counter ${mono.toFixed(1)} ms + ${offset.toFixed(1)} ms ± ${error.toFixed(1)} ms${sure ? "" : ", by the phone's own clock"}`;
