import { TokenBucket, type Rate } from './token-bucket.ts';

/**
 * Addresses that are remembered at most, about 10 MiB. Who has more addresses than this has more budgets than being
 * forgotten early gives him; refusing unknown addresses instead would let him shut everybody else out.
 */
export const MAX_ADDRESSES = 50_000;

/** A budget for each address, all of one rate. An address is remembered for as long as its budget can be less than full. */
export class AddressBudgets {
  readonly #rate: Rate;
  readonly #refillMs: number;
  // In the order of their last spending, so also in the order in which they are full again at the latest.
  readonly #budgets = new Map<string, { bucket: TokenBucket; fullAtMs: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#refillMs = (rate.burst / rate.perSecond) * 1_000;
  }

  /** Addresses that are remembered now. */
  get size(): number {
    return this.#budgets.size;
  }

  /** Spends one from the address's budget, and says whether it was there; a refusal costs nothing. */
  trySpend(address: string, now: number): boolean {
    const bucket = this.#budgets.get(address)?.bucket ?? new TokenBucket(this.#rate, now);
    if (!bucket.trySpend(1, now)) return false;
    this.#budgets.delete(address);
    this.#budgets.set(address, { bucket, fullAtMs: now + this.#refillMs });
    const [oldest] = this.#budgets.keys();
    if (oldest !== undefined && this.#budgets.size > MAX_ADDRESSES) this.#budgets.delete(oldest);
    return true;
  }

  /** Forgets the addresses whose budget is full again: a new one is the same. */
  prune(now: number): void {
    for (const [address, { fullAtMs }] of this.#budgets) {
      if (fullAtMs > now) return;
      this.#budgets.delete(address);
    }
  }
}
