import type { Reading } from '../quality.ts';

/** A reading of a good path at `at` milliseconds, but for what is given. */
export function readingOf(at: number, differing: Partial<Reading> = {}): Reading {
  return {
    at,
    level: 'good',
    route: 'direct',
    roundTripMs: differing.fresh?.roundTripMs,
    receivedLoss: 0,
    sentLoss: differing.fresh?.sentLoss,
    receivedBitsPerSecond: 0,
    sentBitsPerSecond: 0,
    received: undefined,
    sent: undefined,
    availableBitsPerSecond: undefined,
    fresh: undefined,
    cameraPictures: 20,
    heard: true,
    counters: { byId: new Map(), pairBytes: 0, receivedLoss: { lost: 0, all: 0 }, sentLoss: { lost: 0, all: 0 } },
    ...differing,
  };
}
