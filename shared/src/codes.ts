// The signaling protocol's constants. docs/protocol/signaling.md says when each is used.

/** Why a message was refused (`error.code`). The connection stays open unless a close code follows. */
export const ERROR_CODES = [
  'malformed', // not a text frame with one JSON object
  'invalid-message', // a known type whose fields do not fit
  'unknown-type',
  'not-joined', // signal, announce or leave before join
  'already-joined', // one room per socket
  'room-full', // try again later
  'unreachable', // no such peer in this room, or what waits for it is full
  'already-in-slot', // one slot per connection at a time
  'not-in-slot', // slot-message without another side in the slot, or slot-closed without a slot
  'slot-limit', // this address has opened or entered too many slots, or this slot has carried too much
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Why a peer is no longer in the room (`peer-left.reason`). */
export const LEAVE_REASONS = [
  'left', // it said so
  'timeout', // its socket dropped and it did not come back within the grace period
  'gave-way', // it was absent and the room needed its place
] as const;
export type LeaveReason = (typeof LEAVE_REASONS)[number];

/** Why a slot has ended (`slot-closed.reason`). The first three are said by a client and passed on to the other side. */
export const SLOT_END_REASONS = [
  'done', // the owner has handed over what it had to hand over
  'wrong-code', // a proof did not fit: the code was typed wrong, or guessed
  'cancelled', // the other side gave up
  'left', // the other side's connection has ended
  'expired', // the slot's time is over
  'used', // to one who enters: somebody entered it before
  'unknown', // to one who enters: there is no such slot, nor was there lately
] as const;
/** Why a slot has ended, or cannot be entered. */
export type SlotEndReason = (typeof SLOT_END_REASONS)[number];
/** What a client can say of a slot's end. */
export const SLOT_CLIENT_REASONS = ['done', 'wrong-code', 'cancelled'] as const;
/** Why a client says that its slot has ended. */
export type SlotClientReason = (typeof SLOT_CLIENT_REASONS)[number];

/** A WebSocket close code of Tincan's, and whether a client should connect again by itself. */
export interface CloseCode {
  readonly code: number;
  readonly reason: string;
  readonly retry: boolean;
}

/** Every close code that the server sends. A code that is not listed (1006 above all) means: try again. */
export const CLOSE = {
  left: { code: 1000, reason: 'left', retry: false },
  goingAway: { code: 1001, reason: 'server is going away, try again', retry: true },
  // 1002, 1007, 1008 and 1009 come from the WebSocket layer itself, with an empty reason.
  protocolError: { code: 1002, reason: 'not a valid WebSocket frame', retry: false },
  notUtf8: { code: 1007, reason: 'text that is not UTF-8', retry: false },
  // Proxies send this one too, for reasons that pass.
  tooManyFragments: { code: 1008, reason: 'message in too many pieces', retry: true },
  tooBig: { code: 1009, reason: 'message over 64 KiB', retry: false },
  internalError: { code: 1011, reason: 'server error, try again', retry: true },
  replaced: { code: 4001, reason: 'replaced by a newer connection, do not retry', retry: false },
  tooManyBadMessages: { code: 4002, reason: 'too many bad messages, do not retry', retry: false },
  joinTimeout: { code: 4003, reason: 'no join in time, try again', retry: true },
  slowReader: { code: 4004, reason: 'reads too slowly, try again', retry: true },
} as const satisfies Record<string, CloseCode>;

/** Whether a client should connect again after this close code; unknown codes say yes. */
export function shouldRetry(code: number): boolean {
  return Object.values(CLOSE).find((known) => known.code === code)?.retry ?? true;
}
