// When to knock again at a server that is gone. Pure: the same numbers in, the same delay out.

/** The first ceiling; doubles with every further failure. */
const BASE_MS = 500;
/** Never sooner than this, or a server that refuses at once would be hammered. */
const FLOOR_MS = 100;
/** A person is looking: they must not wait longer than this once the server is back. */
const VISIBLE_CEILING_MS = 3_000;
/** Nobody is looking, and coming back to the page tries at once: spare the battery and the server. */
const HIDDEN_CEILING_MS = 30_000;
/** A full room changes when a person leaves, not within seconds. */
const ROOM_FULL_MS = 15_000;

export interface ReconnectSituation {
  /** Failures in a row, at least 1. */
  failures: number;
  visible: boolean;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** Exponential with full jitter, so that a thousand pages do not come back to a restarted server as one. */
export function reconnectDelayMs({ failures, visible, random }: ReconnectSituation): number {
  const ceilingMs = Math.min(
    BASE_MS * 2 ** Math.min(failures - 1, 16),
    visible ? VISIBLE_CEILING_MS : HIDDEN_CEILING_MS,
  );
  return FLOOR_MS + random() * (ceilingMs - FLOOR_MS);
}

/** How long to wait before trying a full room again: 10 to 20 s. */
export function roomFullDelayMs(random: () => number): number {
  return ROOM_FULL_MS * (2 / 3 + random() * (2 / 3));
}
