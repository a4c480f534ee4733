// The phone's clock against the server's, by Cristian's algorithm: of many questions the one that came back fastest says
// most, and the truth lies within half its way. Everything hangs on the clock that only counts up (performance.now), so that
// somebody may set the phone's own clock at any moment. That counter has two weak sides, and both are watched for: on some
// phones it stands still while they sleep, and it begins anew with every page. A stretch is a time without either.
import { EventClock } from "../live/clock.js";
import { newKey } from "../offline/keys.js";

const KEPT = 64, DRIFT = 50e-6, JUMP = 250, LEAP = 5_000;

export class PadClock {
  /** `mono` counts up, `wall` is the phone's own clock; both in milliseconds. */
  constructor(mono = () => performance.now(), wall = () => Date.now()) {
    Object.assign(this, { mono, wall, samples: [], guess: null });
    this.events = new EventClock(mono);
    this.begin();
  }

  begin() {
    this.stretch = newKey();
    this.samples = [];
    this.gap = this.wall() - this.mono();
  }

  /** An answer: asked at `from`, back at `to` (counter), stamped `server` (milliseconds since 1970) in between. */
  heard(from, to, server) {
    if (Number.isNaN(server)) return;
    this.samples.push({ offset: server - (from + to) / 2, error: (to - from) / 2, at: to });
    if (this.samples.length > KEPT) this.samples.splice(this.samples.indexOf(this.worst()), 1);
  }

  /** How far a sample may be wrong by now: half its way, and what a quartz may have drifted since. */
  error(sample, at = this.mono()) {
    return sample.error + Math.abs(at - sample.at) * DRIFT;
  }

  best(at = this.mono()) {
    return this.samples.reduce((one, other) => (one && this.error(one, at) <= this.error(other, at) ? one : other), null);
  }

  worst() {
    const now = this.mono();
    return this.samples.reduce((one, other) => (this.error(one, now) >= this.error(other, now) ? one : other));
  }

  get sure() {
    return this.samples.length > 0;
  }

  /** {offset, error} to add to the counter for real time. Unmeasured, it is what the phone's own clock was worth before. */
  get reading() {
    const now = this.mono(), best = this.best(now);
    if (best) return { offset: best.offset, error: this.error(best, now) };
    const guess = this.guess ?? { shift: 0, error: LEAP, at: this.wall() };
    return { offset: this.gap + guess.shift, error: guess.error + Math.abs(this.wall() - guess.at) * DRIFT };
  }

  /** What to keep for the next page of this phone: how far its own clock is off. */
  kept() {
    const { offset, error } = this.reading;
    return { shift: offset - (this.wall() - this.mono()), error, at: this.wall() };
  }

  carry(kept) {
    if (kept) this.guess = kept;
  }

  setLaw(law) {
    this.events.setLaw(law);
  }

  /** Event time (milliseconds since 1970) of a moment of the counter, as it is known now. */
  event(mono = this.mono()) {
    this.events.offsets = [this.reading.offset];
    return this.events.event(mono);
  }

  /** Look for a break. `hidden`: the page was out of sight since the last look. Returns whether to measure anew at once.
   *
   *  The phone's clock leapt ahead of the counter: out of sight that was sleep, and the phone's clock goes on being right;
   *  in sight somebody set the clock, and the counter is right. Either way it is only known again after measuring. */
  watch(hidden) {
    const gap = this.wall() - this.mono(), leap = gap - this.gap;
    if (Math.abs(leap) < JUMP) return false;
    if (leap > 0 && hidden) {
      const shift = this.reading.offset - this.gap, error = this.reading.error + JUMP;
      this.begin();
      this.guess = { shift, error, at: this.wall() };
    } else {
      this.gap = gap;
      if (!this.sure && this.guess) this.guess = { ...this.guess, shift: this.guess.shift - leap };
    }
    return true;
  }
}

const zones = new Map();

/** An instant as the wall clock of a zone writes it, without a zone: 2024-05-25T09:20:00.250. */
export function localText(ms, zone) {
  if (!zones.has(zone)) {
    zones.set(zone, new Intl.DateTimeFormat("en-CA", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    }));
  }
  const whole = Math.round(ms), part = Object.fromEntries(zones.get(zone).formatToParts(whole).map(({ type, value }) => [type, value]));
  const thousandths = String(((whole % 1000) + 1000) % 1000).padStart(3, "0");
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}.${thousandths}`;
}
