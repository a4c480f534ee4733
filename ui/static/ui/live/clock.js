// Event time in the browser. The board carries the law (event = at `real` it was `event`, and runs at `speed`); what is
// missing is how far this device's own clock is off. A pulse is stamped when it leaves the server, so
// (stamp - arrival) is the offset minus the way: the largest of the last ones had the shortest way (Cristian's rule,
// with one direction only, since a stream has no question to time).
const KEPT = 12;

export class EventClock {
  constructor(now = () => Date.now()) {
    this.now = now;
    this.law = null;
    this.offsets = [];
  }

  /** A stamp of the server arrived just now. */
  hear(realIso) {
    const stamp = Date.parse(realIso);
    if (Number.isNaN(stamp)) return;
    this.offsets.push(stamp - this.now());
    if (this.offsets.length > KEPT) this.offsets.shift();
  }

  get offset() {
    return this.offsets.length ? Math.max(...this.offsets) : 0;
  }

  /** The clock of a board or a pulse; null means that event time is real time. */
  setLaw(clock) {
    this.law = clock ? { real: Date.parse(clock.real), event: Date.parse(clock.event), speed: clock.speed } : null;
  }

  /** The clock of a board, which may be an old one: it counts only where it is newer than the law in force. */
  offerLaw(clock) {
    if (this.law && clock && Date.parse(clock.real) > this.law.real) this.setLaw(clock);
  }

  /** Event time at the device time `at`, in milliseconds since 1970. */
  event(at = this.now()) {
    const real = at + this.offset;
    return this.law ? this.law.event + (real - this.law.real) * this.law.speed : real;
  }

  get speed() {
    return this.law ? this.law.speed : 1;
  }
}
