/** Nothing at all for this long, in milliseconds, on a path whose link still answers its pings (every 2.5 s, 8 s at most). */
const STALL_MS = 10_000;

/** Finds out that nothing comes although something is waited for: what was lost on the way, for whatever reason, is to be asked for again. */
export class StallWatch {
  readonly #isWaiting: () => boolean;
  readonly #onStall: () => void;
  #heard = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `isWaiting` is asked when the time has come; `onStall` may ask again, and is called again if that does not help. */
  constructor(isWaiting: () => boolean, onStall: () => void) {
    this.#isWaiting = isWaiting;
    this.#onStall = onStall;
  }

  /** Something was asked for. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#look(), STALL_MS);
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
    if (!this.#isWaiting()) return;
    if (stalled) this.#onStall();
    this.start();
  }
}
