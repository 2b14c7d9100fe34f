/** Each side says something at least this often. */
const PING_INTERVAL_MS = 2_500;
/** Three pings unanswered: the path is gone, long before ICE says so. */
const SILENCE_MS = 8_000;
/** A timer that fires this much too late says that this page slept or was throttled, not that the other was silent. */
const LATE_MS = 2_000;

export interface HeartbeatOptions {
  ping: () => void;
  /** Called once, after which the heartbeat has stopped. */
  onSilence: () => void;
  now: () => number;
}

/** Finds out that nobody is there any more: pings, and counts how long nothing was heard while this page was awake. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heardAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.#heardAt = this.#options.now();
    this.#schedule();
  }

  handleHeard(): void {
    this.#heardAt = this.#options.now();
  }

  /** Whatever time has passed, the other side gets a fresh period to be heard in. */
  wakeUp(): void {
    if (this.#timer === undefined) return;
    this.#heardAt = this.#options.now();
    this.#beat();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const { now, onSilence } = this.#options;
    const delayMs = Math.max(0, Math.min(PING_INTERVAL_MS, this.#heardAt + SILENCE_MS - now()));
    const due = now() + delayMs;
    this.#timer = setTimeout(() => {
      if (now() - due > LATE_MS) return this.wakeUp();
      if (now() - this.#heardAt < SILENCE_MS) return this.#beat();
      this.stop();
      onSilence();
    }, delayMs);
  }

  #beat(): void {
    this.#options.ping();
    this.#schedule();
  }
}
