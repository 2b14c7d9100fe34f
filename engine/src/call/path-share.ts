// What one peer's path is trusted with. The browser's own control follows a path within fractions of a second; this one says over seconds
// how much of our upstream is worth keeping for a path, so that what one cannot carry goes to the others.
import type { Reading } from './quality.ts';
import { NOTHING_SEEN, noteBest, type RecentBest } from './recent-best.ts';

/** Of packets sent: from here on a path is being asked for too much; between the two nothing changes, so that it does not flap. */
const TOO_MUCH_LOSS = 0.1;
const LITTLE_LOSS = 0.03;
/** Beyond the path's own round trip so much waits in queues, in milliseconds. A long path alone is no bad one. */
const TOO_LONG_QUEUE_MS = 250;
const SHORT_QUEUE_MS = 100;
const STEP_BACK = 0.7;
const STEP_UP = 1.08;
/** Good readings in a row before a step up: about as many seconds. */
const GOOD_READINGS = 3;
/** News of a step back takes a round trip and a report, two readings: meanwhile the same loss is not counted again. */
const SETTLING_READINGS = 2;
/** Less than this is not worth a limit: sound with its packets fits. */
const LEAST_BITS_PER_SECOND = 64_000;
/** Sound and a small picture: what a path is believed to carry where the browser makes no estimate. */
const BELIEVED_BITS_PER_SECOND = 160_000;

/** What is remembered of a path from one plan to the next. */
export interface PathShare {
  /** The path is given no more than this. */
  readonly mostBitsPerSecond: number;
  /** Readings without any sign of trouble, since the last one with. */
  readonly goodReadings: number;
  readonly settling: number;
  readonly best: RecentBest;
  /** When the reading that it is made of was taken. */
  readonly at: number;
}

/** Takes a reading into account, once; `usedBitsPerSecond` is what the path was given in the previous plan. */
export function nextPathShare(
  before: PathShare | undefined,
  reading: Reading | undefined,
  usedBitsPerSecond: number,
): PathShare {
  const share = before ?? {
    mostBitsPerSecond: Infinity,
    goodReadings: 0,
    settling: 0,
    best: NOTHING_SEEN,
    at: -Infinity,
  };
  if (!reading || reading.at === share.at) return share;
  const { at, fresh } = reading;
  const next = { ...share, at, best: noteBest(share.best, reading), settling: Math.max(0, share.settling - 1) };
  // Silence of a path is not for us to judge: a call that is interrupted sends nothing that could be less.
  if (!fresh) return next;
  // A busy computer answers late, too. The browser measures the delay of each packet: what it believes that the path carries makes no queue.
  const isBelieved = usedBitsPerSecond < (reading.availableBitsPerSecond ?? BELIEVED_BITS_PER_SECOND);
  const queueMs = isBelieved ? 0 : fresh.roundTripMs - next.best.roundTripMs;
  if (fresh.sentLoss > TOO_MUCH_LOSS || queueMs > TOO_LONG_QUEUE_MS) {
    if (share.settling > 0) return { ...next, goodReadings: 0 };
    const most = Math.max(LEAST_BITS_PER_SECOND, STEP_BACK * Math.min(share.mostBitsPerSecond, usedBitsPerSecond));
    return { ...next, mostBitsPerSecond: most, goodReadings: 0, settling: SETTLING_READINGS };
  }
  if (fresh.sentLoss > LITTLE_LOSS || queueMs > SHORT_QUEUE_MS) return { ...next, goodReadings: 0 };
  const goodReadings = share.goodReadings + 1;
  const factor = goodReadings > GOOD_READINGS ? STEP_UP : 1;
  return { ...next, goodReadings, mostBitsPerSecond: factor * share.mostBitsPerSecond };
}
