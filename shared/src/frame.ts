// A frame: what travels on a lane. Binary, one RTCDataChannel message each, big endian.
//
//    0         1              4                 8                               16
//   +---------+--------------+-----------------+-------------------------------+------------------
//   | version | reserved (0) | handle (uint32) | offset in the file (uint64)   | 1 to 65,536 bytes
//   +---------+--------------+-----------------+-------------------------------+------------------
//
// `handle` names the transfer: the sender gives it in its offer. Frames may arrive in any order and more than once.
import { PIECE_BYTES } from './limits.ts';
import type { Result } from './result.ts';

export const FRAME_HEADER_BYTES = 16;
const FRAME_VERSION = 1;

export interface Frame {
  handle: number;
  /** Where the bytes belong in the file, in bytes. */
  offset: number;
  /** A view into the message, not a copy. */
  bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Builds a frame around a copy of `bytes` (the header must stand right before them). In `into`, where that is given, which must have room for it: new memory for each
 * costs nine times as much as the copy, and what sends it copies once more.
 */
export function encodeFrame(
  handle: number,
  offset: number,
  bytes: Uint8Array,
  into?: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const length = FRAME_HEADER_BYTES + bytes.length;
  const frame = into?.subarray(0, length) ?? new Uint8Array(length);
  const header = new DataView(frame.buffer, frame.byteOffset);
  header.setUint8(0, FRAME_VERSION);
  header.setUint32(4, handle);
  header.setBigUint64(8, BigInt(offset));
  frame.set(bytes, FRAME_HEADER_BYTES);
  return frame;
}

/** Reads a lane's message. The offset is a safe integer and the bytes are within the limit; whether they belong to a wanted piece is the receiver's to check. */
export function parseFrame(message: ArrayBuffer): Result<Frame, string> {
  const length = message.byteLength - FRAME_HEADER_BYTES;
  if (length < 1 || length > PIECE_BYTES) return { ok: false, error: `frame of ${message.byteLength} bytes` };
  const header = new DataView(message, 0, FRAME_HEADER_BYTES);
  if (header.getUint8(0) !== FRAME_VERSION) return { ok: false, error: `frame version ${header.getUint8(0)}` };
  const offset = Number(header.getBigUint64(8));
  if (!Number.isSafeInteger(offset + length)) return { ok: false, error: 'frame offset out of range' };
  return {
    ok: true,
    value: { handle: header.getUint32(4), offset, bytes: new Uint8Array(message, FRAME_HEADER_BYTES) },
  };
}
