// When to try a failed connection again. Pure but for the count it keeps.

const BASE_MS = 250;
const CEILING_MS = 8_000;
/** A connection that lived this long has shown that it can; its end counts as a first failure. */
const STABLE_MS = 10_000;

export interface RetryOptions {
  now: () => number;
  random: () => number;
}

/** Counts failures in a row: exponential, with half of each delay left to chance. */
export class Retry {
  readonly #options: RetryOptions;
  #failures = 0;
  #upAt: number | undefined;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  handleUp(): void {
    this.#upAt = this.#options.now();
  }

  /** The connection or an attempt at it has failed: how long to wait before the next, in milliseconds. */
  handleDown(): number {
    const { now, random } = this.#options;
    if (this.#upAt !== undefined && now() - this.#upAt >= STABLE_MS) this.#failures = 0;
    this.#upAt = undefined;
    const ceilingMs = Math.min(BASE_MS * 2 ** Math.min(this.#failures, 16), CEILING_MS);
    this.#failures += 1;
    return ceilingMs * (0.5 + random() / 2);
  }

  /** Circumstances have changed: earlier failures say nothing any more. */
  reset(): void {
    this.#failures = 0;
  }
}
