import type { Reading } from './quality.ts';

/** The best is forgotten after one to two of these, in milliseconds: a path may become longer. */
const WINDOW_MS = 60_000;

interface Best {
  readonly roundTripMs: number;
  /** Of packets sent, 0 to 1. */
  readonly loss: number;
}

/** The best that was seen of a path lately, each value by itself; `Infinity` while nothing was. */
export interface RecentBest extends Best {
  readonly inWindow: Best;
  readonly before: Best;
  readonly windowEnd: number;
}

const UNKNOWN: Best = { roundTripMs: Infinity, loss: Infinity };

export const NOTHING_SEEN: RecentBest = { ...UNKNOWN, inWindow: UNKNOWN, before: UNKNOWN, windowEnd: -Infinity };

/** With one reading more. */
export function noteBest(best: RecentBest, { at, fresh }: Pick<Reading, 'at' | 'fresh'>): RecentBest {
  const isOver = at >= best.windowEnd;
  const before = isOver ? best.inWindow : best.before;
  const known = isOver ? UNKNOWN : best.inWindow;
  const inWindow = fresh ? leastOf(known, { roundTripMs: fresh.roundTripMs, loss: fresh.sentLoss }) : known;
  return { ...leastOf(inWindow, before), inWindow, before, windowEnd: isOver ? at + WINDOW_MS : best.windowEnd };
}

function leastOf(a: Best, b: Best): Best {
  return { roundTripMs: Math.min(a.roundTripMs, b.roundTripMs), loss: Math.min(a.loss, b.loss) };
}
