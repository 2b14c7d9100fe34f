import { TincanError } from '@tincan/engine/platform/errors';
import type { BlockToWrite, WrittenBlock } from './store-protocol.ts';

/** Requests under way at a time: while the worker writes one, the next is on its way. */
const MAX_UNDER_WAY = 2;
/** Blocks are gathered to about this, in bytes: a large one goes alone, thousands of small ones together. */
const BATCH_BYTES = 1_048_576;

type Write = (blocks: readonly BlockToWrite[]) => Promise<readonly WrittenBlock[]>;

interface Waiting extends BlockToWrite {
  readonly resolve: (memory: Uint8Array<ArrayBuffer> | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes blocks in the order in which they come, those that come while others are being written together. */
export class WriteBatches {
  readonly #write: Write;
  #waiting: Waiting[] = [];
  #underWay = 0;

  constructor(write: Write) {
    this.#write = write;
  }

  /** Resolves with the block's memory; rejects as the store does for it. */
  add(block: BlockToWrite): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...block, resolve, reject });
      if (this.#underWay < MAX_UNDER_WAY) void this.#next();
    });
  }

  async #next(): Promise<void> {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#underWay++;
    try {
      const written = await this.#write(batch.map(({ file, block, bytes, hash }) => ({ file, block, bytes, hash })));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const one = written[index];
        if (one && 'code' in one) reject(new TincanError(one.code, one.message));
        else resolve(one);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#underWay--;
      void this.#next();
    }
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    const last = this.#waiting.findIndex((each) => (bytes += each.bytes.length) >= BATCH_BYTES);
    return this.#waiting.splice(0, last < 0 ? this.#waiting.length : last + 1);
  }
}
