import { BLOCK_BYTES } from '@tincan/shared/limits';

/** How many blocks a file of `size` bytes has; the last one may be short, an empty file has none. */
export function blockCount(size: number): number {
  return Math.ceil(size / BLOCK_BYTES);
}

/** How many bytes block `index` of a file of `size` bytes has. */
export function blockBytes(size: number, index: number): number {
  return Math.min(BLOCK_BYTES, size - index * BLOCK_BYTES);
}

/** A growing set of blocks and the bytes that they hold; one bit a block (100 GB is 12.5 KB). */
export class BlockSet {
  readonly #fileSize: number;
  #bits = new Uint8Array(0);
  #blocks = 0;
  #bytes = 0;

  constructor(fileSize: number) {
    this.#fileSize = fileSize;
  }

  /** Bytes of the file that the set's blocks cover. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether every block of the file is in the set. */
  get complete(): boolean {
    return this.#blocks === blockCount(this.#fileSize);
  }

  has(block: number): boolean {
    return ((this.#bits[block >> 3] ?? 0) & (1 << (block & 7))) !== 0;
  }

  add(block: number): void {
    if (this.has(block)) return;
    const byte = block >> 3;
    if (byte >= this.#bits.length) {
      // Grows with what has really arrived, never with the size that the other side declared.
      const grown = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[byte]! |= 1 << (block & 7);
    this.#blocks++;
    this.#bytes += blockBytes(this.#fileSize, block);
  }
}

/** Joins ascending block numbers into `[first, count]` ranges. */
export function toRanges(blocks: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const block of blocks) {
    const last = ranges.at(-1);
    if (last && last[0] + last[1] === block) last[1]++;
    else ranges.push([block, 1]);
  }
  return ranges;
}
