import { BLOCK_BYTES } from '@tincan/shared/limits';
import type { ReceivingFile } from './incoming-file.ts';

/** What may be asked for and not yet written, in bytes: the only window there is, so the disk sets the pace. */
const WINDOW_BYTES = 16 * BLOCK_BYTES;
/** What a block counts for at least, so that the window also bounds how many small files are open at once (256). */
const MIN_BLOCK_COST = WINDOW_BYTES / 256;
/** More is asked for when this much of the window is free: asking costs a message. */
const ASK_BYTES = WINDOW_BYTES / 4;

/** Decides what to ask for next: accepted files in order, as many blocks as the window has room for. Pure. */
export class Planner {
  readonly #ahead: ReceivingFile[] = [];
  #usedBytes = 0;

  /** Nothing is asked for that is not finished. */
  get idle(): boolean {
    return this.#usedBytes === 0;
  }

  /** The file's blocks come after those of all files before it. */
  add(file: ReceivingFile): void {
    this.#ahead.push(file);
  }

  /** The file has blocks that must be asked for again: they come first. */
  addFirst(file: ReceivingFile): void {
    if (!this.#ahead.includes(file)) this.#ahead.unshift(file);
  }

  /** Takes the blocks to ask for now; an empty file comes with none, and holds its place in the window all the same. */
  take(): Map<ReceivingFile, number[]> {
    const taken = new Map<ReceivingFile, number[]>();
    if (this.#usedBytes > WINDOW_BYTES - ASK_BYTES) return taken;
    for (let file = this.#ahead[0]; file && this.#usedBytes < WINDOW_BYTES; file = this.#ahead[0]) {
      const block = file.state === 'active' ? file.takeNext() : undefined;
      if (block !== undefined) {
        this.#usedBytes += cost(file, block);
        const blocks = taken.get(file);
        if (blocks) blocks.push(block);
        else taken.set(file, [block]);
        continue;
      }
      this.#ahead.shift();
      if (file.state !== 'active' || file.size > 0) continue;
      this.#usedBytes += cost(file, 0);
      taken.set(file, []);
    }
    return taken;
  }

  /** The blocks are finished with, whichever way. */
  release(file: ReceivingFile, blocks: readonly number[]): void {
    for (const block of blocks) this.#usedBytes -= cost(file, block);
  }
}

function cost(file: ReceivingFile, block: number): number {
  return Math.max(file.blockBytes(block), MIN_BLOCK_COST);
}
