import { BLOCK_BYTES } from '@tincan/shared/limits';
import { TincanError } from '../platform/errors.ts';
import type { Sink, SinkStore } from './sink.ts';

/** The most that is kept in memory at once, in bytes, over all files: larger Blobs of pieces fail to read back in browsers. */
export const MEMORY_CAP_BYTES = 256 * BLOCK_BYTES;

/** Keeps received files in memory: for browsers without OPFS (private windows of some), up to a cap, and for tests. */
export class MemoryStore implements SinkStore {
  readonly #capBytes: number;
  #usedBytes = 0;

  constructor(capBytes = MEMORY_CAP_BYTES) {
    this.#capBytes = capBytes;
  }

  async available(): Promise<number> {
    return this.#capBytes - this.#usedBytes;
  }

  // Nothing outlives the page here.
  async markSaved(): Promise<void> {}
  close(): void {}

  async open(): Promise<Sink> {
    const pieces = new Map<number, Uint8Array<ArrayBuffer>>();
    return {
      write: async (offset, bytes) => {
        if (this.#usedBytes + bytes.length > this.#capBytes) {
          throw new TincanError('no-space', `memory is capped at ${this.#capBytes} bytes`);
        }
        this.#usedBytes += bytes.length - (pieces.get(offset)?.length ?? 0);
        pieces.set(offset, bytes);
      },
      flush: async () => {},
      finish: async () => new Blob([...pieces].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)),
      discard: async () => {
        for (const bytes of pieces.values()) this.#usedBytes -= bytes.length;
        pieces.clear();
      },
    };
  }
}
