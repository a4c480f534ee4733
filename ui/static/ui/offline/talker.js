// Talking to the server when there is a network: one conversation at a time, one tab at a time, again whenever there is
// reason to hope. What is said carries its key, so that saying it again is harmless.
const PATIENCE = 20_000;

export class Talker {
  /** `hands`: {state, changed(), ...}. `state` gets offline, trouble (an HTTP status) and signedOut. A subclass says what to
   *  do in `round()`, and in `refused()` when the server no longer knows who asks. */
  constructor(hands, { lock, every }) {
    Object.assign(this, hands, { lock, every, busy: null, again: false, freshAt: 0 });
  }

  start() {
    addEventListener("online", () => this.now(true));
    addEventListener("offline", () => this.fell());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.now(); });
    setInterval(() => this.now(), this.every);
    return this.now(true);
  }

  /** Talk to the server; a call while one is under way makes it talk once more afterwards. `fresh`: ask for everything. */
  now(fresh = false) {
    if (fresh) this.freshAt = 0;
    if (this.busy) { this.again = true; return this.busy; }
    this.busy = this.talk().finally(() => {
      this.busy = null;
      if (this.again) { this.again = false; this.now(); }
    });
    return this.busy;
  }

  async talk() {
    try {
      await this.round();
      this.state.offline = false;
      this.state.trouble = 0;
    } catch (problem) {
      if (problem?.name === "TypeError" || problem?.name === "TimeoutError" || problem?.name === "AbortError") this.state.offline = true;
      else if (problem?.status === 401 || problem?.status === 403) { this.state.signedOut = true; await this.refused(); }
      else if (problem?.status) this.state.trouble = problem.status;
      else throw problem;
    }
    this.changed();
  }

  /** Run `work` in one tab of this device at a time, where the browser can tell them apart. */
  alone(work) {
    return navigator.locks ? navigator.locks.request(this.lock, work) : work();
  }

  fell() {
    this.state.offline = true;
    this.changed();
  }

  async ask(url, options = {}) {
    const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE), redirect: "error", ...options });
    if (!answer.ok && answer.status !== 304) throw Object.assign(new Error(`HTTP ${answer.status}`), { status: answer.status });
    this.state.signedOut = false;
    return answer;
  }
}
