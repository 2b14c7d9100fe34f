import { BLOCK_BYTES, MAX_RANGES, PIECE_BYTES } from '@tincan/shared/limits';

export const PIECES_PER_BLOCK = BLOCK_BYTES / PIECE_BYTES;

/** How many blocks a file of `size` bytes has; the last one may be short, an empty file has none. */
export function blockCount(size: number): number {
  return Math.ceil(size / BLOCK_BYTES);
}

/** How many bytes block `index` of a file of `size` bytes has. */
export function blockBytes(size: number, index: number): number {
  return Math.min(BLOCK_BYTES, size - index * BLOCK_BYTES);
}

/** How many pieces a file of `size` bytes has; the last one may be short. */
export function pieceCount(size: number): number {
  return Math.ceil(size / PIECE_BYTES);
}

/** A set of a file's blocks and the bytes that they hold; one bit a block (100 GB is 12.5 KB). */
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

  delete(block: number): void {
    if (!this.has(block)) return;
    this.#bits[block >> 3]! &= ~(1 << (block & 7));
    this.#blocks--;
    this.#bytes -= blockBytes(this.#fileSize, block);
  }

  /** A set of its own with the same blocks. */
  copy(): BlockSet {
    const copy = new BlockSet(this.#fileSize);
    copy.#bits = this.#bits.slice();
    copy.#blocks = this.#blocks;
    copy.#bytes = this.#bytes;
    return copy;
  }

  /** The blocks in ascending order. */
  *[Symbol.iterator](): Generator<number> {
    for (let block = 0; block < this.#bits.length * 8; block++) if (this.has(block)) yield block;
  }
}

/** Joins neighbours in a list of ascending numbers into `[first, count]` ranges. */
export function* toRanges(numbers: Iterable<number>): Generator<[number, number]> {
  let range: [number, number] | undefined;
  for (const number of numbers) {
    if (range && range[0] + range[1] === number) {
      range[1]++;
      continue;
    }
    if (range) yield range;
    range = [number, 1];
  }
  if (range) yield range;
}

/** Groups ranges so that each group fits an entry of a message. */
export function* inGroups(ranges: Iterable<[number, number]>): Generator<[number, number][]> {
  let group: [number, number][] = [];
  for (const range of ranges) {
    group.push(range);
    if (group.length < MAX_RANGES) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
