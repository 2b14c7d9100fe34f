/** What a pace may make up for at once after a timer that came late, in milliseconds of it: more would be a burst that others must wait behind. */
const CREDIT_MS = 25;
/** What may wait in a paced channel, in milliseconds of the pace: it goes out in one burst when the network takes it again. */
const BACKLOG_MS = 25;
/** A channel that holds less than this idles between two turns of a busy page, however slow the pace. */
const LEAST_BACKLOG_BYTES = 32_768;
/** Browsers bring timers no more often than this, so a shorter wait is only a busier one. */
const LEAST_WAIT_MS = 4;

/** How fast bytes may go, as a bucket of allowance: pure, it takes the time in milliseconds. */
export class Pace {
  #bytesPerSecond: number;
  #allowance = 0;
  #at: number;

  constructor(bytesPerSecond: number, now: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#at = now;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Another pace from now on; what was sent beyond the one so far is still owed. */
  change(bytesPerSecond: number, now: number): void {
    this.#refill(now);
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Notes what was sent. It may be more than was allowed: the next wait is longer then. */
  take(bytes: number, now: number): void {
    this.#refill(now);
    this.#allowance -= bytes;
  }

  /** How long nothing more may be sent, in milliseconds; 0 when it may be sent now. */
  waitMs(bufferedBytes: number, now: number): number {
    this.#refill(now);
    const backlog = bufferedBytes - Math.max(LEAST_BACKLOG_BYTES, (this.#bytesPerSecond * BACKLOG_MS) / 1_000);
    const excess = Math.max(-this.#allowance, backlog);
    return excess <= 0 ? 0 : Math.max(LEAST_WAIT_MS, (1_000 * excess) / this.#bytesPerSecond);
  }

  #refill(now: number): void {
    const gained = (this.#bytesPerSecond * (now - this.#at)) / 1_000;
    this.#allowance = Math.min(this.#allowance + gained, (this.#bytesPerSecond * CREDIT_MS) / 1_000);
    this.#at = now;
  }
}
