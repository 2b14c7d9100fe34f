import { BLOCK_BYTES, PIECE_BYTES } from '@tincan/shared/limits';
import type { LaneName } from './path.ts';

/** What a lane is asked for at first, of which nothing is known; and at least: one piece to bring, and one to go on with. */
const FIRST_QUOTA_BYTES = BLOCK_BYTES / 4;
const LEAST_QUOTA_BYTES = 2 * PIECE_BYTES;
/** And otherwise what it brings in so many milliseconds and twice its own latency: enough that it never idles, and what it holds up when it slows down is little. */
const DEPTH_MS = 300;
const DEPTH_LATENCIES = 2;
/** Its rate is taken over at least so long, in milliseconds. */
const COUNTED_MS = 100;

/** What was asked for on one lane and has not arrived, and how much that may be. It goes with the lane, and with no other. */
export class LaneRequests {
  readonly index: number;
  readonly epoch: number;
  readonly #now: () => number;
  #awaitedBytes = 0;
  #quotaBytes = FIRST_QUOTA_BYTES;
  /** From a question to the first bytes of its answer, the least seen, in milliseconds. */
  #latencyMs = Infinity;
  #idleUntil: number | undefined;
  #countedFrom = 0;
  #broughtBytes = 0;

  constructor({ index, epoch }: LaneName, now: () => number = () => performance.now()) {
    this.index = index;
    this.epoch = epoch;
    this.#now = now;
  }

  get awaitedBytes(): number {
    return this.#awaitedBytes;
  }

  /** What may be asked for on it and not have arrived. */
  get quotaBytes(): number {
    return this.#quotaBytes;
  }

  ask(bytes: number): void {
    if (this.#awaitedBytes === 0) {
      this.#idleUntil = this.#countedFrom = this.#now();
      this.#broughtBytes = 0;
    }
    this.#awaitedBytes += bytes;
  }

  /** It is not waited for any more. */
  giveUp(bytes: number): void {
    this.#awaitedBytes -= bytes;
  }

  /** It has come. */
  bring(bytes: number): void {
    const now = this.#now();
    if (this.#idleUntil !== undefined) this.#latencyMs = Math.min(this.#latencyMs, now - this.#idleUntil);
    this.#idleUntil = undefined;
    this.#awaitedBytes -= bytes;
    this.#broughtBytes += bytes;
    const elapsedMs = now - this.#countedFrom;
    if (elapsedMs < COUNTED_MS) return;
    const depthMs = DEPTH_MS + DEPTH_LATENCIES * this.#latencyMs;
    const needed = Math.max(LEAST_QUOTA_BYTES, (this.#broughtBytes * depthMs) / elapsedMs);
    this.#quotaBytes = needed > this.#quotaBytes ? needed : (this.#quotaBytes + needed) / 2;
    this.#countedFrom = now;
    this.#broughtBytes = 0;
  }
}
