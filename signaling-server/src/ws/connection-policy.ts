import type { Rate } from '../core/token-bucket.ts';

/** What one connection may do. An introduction is about 25 messages and 15 KiB; joining a full room makes seven. */
export interface ConnectionPolicy {
  /** Frames of any kind; beyond it the server reads more slowly. */
  messages: Rate;
  /** Bytes of frames; beyond it the server reads more slowly. */
  bytes: Rate;
  /** Messages that break the protocol; beyond it the connection is closed. */
  badMessages: Rate;
  /** Time to join a room or to be in a slot, from the opening and again from the end of each slot. */
  joinDeadlineMs: number;
  /** How often every socket is pinged; one that was silent since the last time is dead. */
  heartbeatMs: number;
  /** What may wait to be read by the client; more closes the connection. */
  bufferedBytes: number;
  /** Time for the client to answer a close frame. */
  closeTimeoutMs: number;
}

export const CONNECTION_POLICY: ConnectionPolicy = {
  messages: { burst: 400, perSecond: 100 },
  bytes: { burst: 512 * 1_024, perSecond: 128 * 1_024 },
  badMessages: { burst: 5, perSecond: 1 / 60 },
  joinDeadlineMs: 10_000,
  heartbeatMs: 15_000,
  bufferedBytes: 1_048_576,
  closeTimeoutMs: 1_000,
};
