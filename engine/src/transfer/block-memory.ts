import { BLOCK_BYTES } from '@tincan/shared/limits';

/** As many as may be open at once: what is more is left to the collector. */
const MOST = 16;

const free: Uint8Array<ArrayBuffer>[] = [];

/** Memory for a block; of a whole one it may hold what was there before, so all of it has to be written. */
export function takeBlockMemory(length: number): Uint8Array<ArrayBuffer> {
  return (length === BLOCK_BYTES ? free.pop() : undefined) ?? new Uint8Array(length);
}

/** Nobody uses it any more: new memory for each block costs more than what is done with it, and lies about until it is collected. */
export function giveBlockMemory(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.length === BLOCK_BYTES && bytes.buffer.byteLength === BLOCK_BYTES && free.length < MOST) free.push(bytes);
}
