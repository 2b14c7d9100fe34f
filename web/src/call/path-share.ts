// What one peer's path is trusted with. The browser's own control follows a path within fractions of a second; this one says over seconds
// how much of our upstream is worth keeping for a path, so that what one cannot carry goes to the others.
import type { Reading } from './quality.ts';

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
/** The least round trip is forgotten after one to two of these, in milliseconds: a path may become longer. */
const WINDOW_MS = 60_000;
/** Less than this is not worth a limit: sound with its packets fits. */
const LEAST_BITS_PER_SECOND = 64_000;

/** What is remembered of a path from one plan to the next. */
export interface PathShare {
  /** The path is given no more than this. */
  readonly mostBitsPerSecond: number;
  /** Readings without any sign of trouble, since the last one with. */
  readonly goodReadings: number;
  readonly settling: number;
  /** Of this window and of the one before, in milliseconds. */
  readonly leastRoundTripMs: number;
  readonly earlierLeastRoundTripMs: number;
  readonly windowEnd: number;
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
    leastRoundTripMs: Infinity,
    earlierLeastRoundTripMs: Infinity,
    windowEnd: Infinity,
    at: -Infinity,
  };
  if (!reading || reading.at === share.at) return share;
  const { at, fresh } = reading;
  const next = { ...share, ...leastRoundTrip(share, reading), at, settling: Math.max(0, share.settling - 1) };
  // Silence of a path is not for us to judge: a call that is interrupted sends nothing that could be less.
  if (!fresh) return next;
  const queueMs = fresh.roundTripMs - Math.min(next.leastRoundTripMs, next.earlierLeastRoundTripMs);
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

function leastRoundTrip(
  { leastRoundTripMs, earlierLeastRoundTripMs, windowEnd }: PathShare,
  { at, fresh }: Reading,
): Pick<PathShare, 'leastRoundTripMs' | 'earlierLeastRoundTripMs' | 'windowEnd'> {
  const now = fresh?.roundTripMs ?? Infinity;
  const isFirst = windowEnd === Infinity;
  if (!isFirst && at < windowEnd)
    return { leastRoundTripMs: Math.min(leastRoundTripMs, now), earlierLeastRoundTripMs, windowEnd };
  return {
    leastRoundTripMs: now,
    earlierLeastRoundTripMs: isFirst ? Infinity : leastRoundTripMs,
    windowEnd: at + WINDOW_MS,
  };
}
