import { ownTimers, type Timers } from '../platform/timers.ts';

/** What may be made up for at once after a timer that came late, in milliseconds of the rate: more would be a burst that others must wait behind. */
const CREDIT_MS = 15;
/** Browsers bring timers no more often than this, so a shorter wait is only a busier one. */
const LEAST_WAIT_MS = 4;

/** How fast all lanes to one peer may send together: a bucket of allowance that they take from, whoever waits longest first. Without a rate it is always open. */
export class Budget {
  readonly #now: () => number;
  #bytesPerSecond: number | undefined;
  #allowance = 0;
  #at: number;
  #waiting: (() => void)[] = [];
  readonly #timers: Timers;
  /** Prevents the next look; `undefined` while none is due. */
  #cancel: (() => void) | undefined;

  constructor({ now = () => performance.now(), timers = ownTimers }: { now?: () => number; timers?: Timers } = {}) {
    this.#now = now;
    this.#timers = timers;
    this.#at = now();
  }

  /** Something may be sent now. */
  get isOpen(): boolean {
    return this.#waitMs() === 0;
  }

  /** Somebody waits for a turn. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Another rate from now on, `undefined` for none; what was sent beyond the one so far is still owed. */
  change(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond === this.#bytesPerSecond) return;
    this.#refill();
    if (this.#bytesPerSecond === undefined || bytesPerSecond === undefined) this.#allowance = 0;
    this.#bytesPerSecond = bytesPerSecond;
    this.#serve();
  }

  /** Notes what was sent. It may be more than was allowed: the next wait is longer then. */
  take(bytes: number): void {
    if (this.#bytesPerSecond === undefined) return;
    this.#refill();
    this.#allowance -= bytes;
    this.#serve();
  }

  /** Calls back once it is somebody's turn to look whether something may be sent. */
  wait(wake: () => void): void {
    this.#waiting.push(wake);
    if (this.#cancel === undefined) this.#serve();
  }

  /** Does not wait any more. */
  leave(wake: () => void): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== wake);
    if (this.#waiting.length > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #serve(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#waiting.length === 0) return;
    if (this.#bytesPerSecond === undefined) {
      for (const wake of this.#waiting.splice(0)) wake();
      return;
    }
    const waitMs = this.#waitMs();
    if (waitMs === 0) this.#waiting.shift()!();
    // Whoever was woken takes something, and it goes on from there; or takes nothing, and it is the next one's turn.
    if (this.#waiting.length > 0)
      this.#cancel ??= this.#timers.after(Math.max(LEAST_WAIT_MS, waitMs), () => this.#serve());
  }

  #waitMs(): number {
    if (this.#bytesPerSecond === undefined) return 0;
    this.#refill();
    return this.#allowance >= 0 ? 0 : Math.max(LEAST_WAIT_MS, (-1_000 * this.#allowance) / this.#bytesPerSecond);
  }

  #refill(): void {
    const now = this.#now();
    const rate = this.#bytesPerSecond ?? 0;
    this.#allowance = Math.min(this.#allowance + (rate * (now - this.#at)) / 1_000, (rate * CREDIT_MS) / 1_000);
    this.#at = now;
  }
}
