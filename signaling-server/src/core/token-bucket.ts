/** How much may be spent at once, and how fast it comes back. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A budget that refills steadily. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #updatedAt: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#updatedAt = now;
  }

  /**
   * Spends `amount` and gives the milliseconds until the budget is out of debt; 0 means go on. It never fails: what goes
   * beyond the budget has to be waited for, so a reader that pauses for that long loses no message.
   */
  spend(amount: number, now: number): number {
    this.#refill(now);
    this.#tokens -= amount;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#rate.perSecond) * 1_000);
  }

  /** Spends `amount` if all of it is there, and says whether it was; a refusal costs nothing. */
  trySpend(amount: number, now: number): boolean {
    this.#refill(now);
    if (this.#tokens < amount) return false;
    this.#tokens -= amount;
    return true;
  }

  #refill(now: number): void {
    const elapsedSeconds = Math.max(0, now - this.#updatedAt) / 1_000;
    this.#updatedAt = Math.max(now, this.#updatedAt);
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + elapsedSeconds * this.#rate.perSecond);
  }
}
