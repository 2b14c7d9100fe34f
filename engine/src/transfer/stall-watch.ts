/** Nothing at all for this long, in milliseconds, on a path whose link still answers its pings (every 2.5 s, 8 s at most). */
const STALL_MS = 10_000;
/** A path, or a disk that is read, may be slower than that: the wait doubles with every stall, up to this. */
const MAX_STALL_MS = 160_000;

/** Finds out that nothing comes although something is waited for: what was lost on the way, for whatever reason, is to be asked for again. */
export class StallWatch {
  readonly #isWaiting: () => boolean;
  readonly #onStall: () => void;
  #heard = false;
  #stallMs = STALL_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `isWaiting` is asked when the time has come; `onStall` may ask again, and is called again if that does not help. */
  constructor(isWaiting: () => boolean, onStall: () => void) {
    this.#isWaiting = isWaiting;
    this.#onStall = onStall;
  }

  /** Something was asked for. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#look(), this.#stallMs);
  }

  /** Something came. On the way of every frame, so it only leaves a note. */
  handleHeard(): void {
    this.#heard = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    const stalled = !this.#heard;
    this.#heard = false;
    if (!this.#isWaiting()) {
      this.#stallMs = STALL_MS;
      return;
    }
    if (stalled) {
      this.#stallMs = Math.min(2 * this.#stallMs, MAX_STALL_MS);
      this.#onStall();
    }
    this.start();
  }
}
