import type { TransferFailure } from './path.ts';
import { BLOCK_BYTES, MAX_FRAME_PAYLOAD_BYTES } from '@tincan/shared/limits';
import { blockBytes, blockCount, BlockSet } from './blocks.ts';
import type { FileState } from './file-state.ts';
import { sameHash } from './hash.ts';
import type { Sink } from './sink.ts';

/** One file on its way from one peer. Read it, do not change it. */
export interface IncomingFile {
  readonly id: string;
  /** The relative path, cleaned and unlike every other of this peer's. */
  readonly path: string;
  readonly size: number;
  readonly state: FileState;
  /** Bytes written and flushed. */
  readonly durable: number;
  readonly hash: string | undefined;
  readonly failure: TransferFailure | undefined;
  /** The whole, verified file, once `state` is `done`. */
  readonly file: Blob | undefined;
}

/** A block that was asked for and is not yet written. */
export interface OpenBlock {
  readonly block: number;
  /** How often it came with a wrong hash before. */
  readonly badTimes: number;
  bytes: Uint8Array<ArrayBuffer> | undefined;
  /** One bit a frame that has arrived. */
  arrived: number;
  missingBytes: number;
  /** Of the bytes that arrived, once they are whole and hashed. */
  hash: Uint8Array | undefined;
}

/**
 * What a receiver knows of one file: which blocks are asked for, arriving, written. No I/O; it allocates a block only
 * when its first frame arrives, and only for blocks that were asked for.
 */
export class ReceivingFile implements IncomingFile {
  readonly id: string;
  readonly handle: number;
  readonly path: string;
  readonly size: number;
  state: FileState = 'offered';
  durable = 0;
  hash: string | undefined;
  failure: TransferFailure | undefined;
  file: Blob | undefined;

  sink: Promise<Sink> | undefined;
  /** Blocks that are written, whether or not they are durable. */
  readonly written: BlockSet;
  /** The sender's hashes of blocks that are asked for or written. */
  readonly #expected = new Map<number, Uint8Array>();
  readonly #open = new Map<number, OpenBlock>();
  /** No block below this one is left to ask for, but those in `again`. */
  #next = 0;
  #again: { block: number; badTimes: number }[] = [];

  constructor(entry: { id: string; handle: number; path: string; size: number }) {
    this.id = entry.id;
    this.handle = entry.handle;
    this.path = entry.path;
    this.size = entry.size;
    this.written = new BlockSet(entry.size);
  }

  /** Takes the next block to ask for; `undefined` when all are asked for. */
  takeNext(): number | undefined {
    const again = this.#again.shift();
    const block = again?.block ?? (this.#next < blockCount(this.size) ? this.#next++ : undefined);
    if (block === undefined) return undefined;
    const missingBytes = this.blockBytes(block);
    this.#open.set(block, {
      block,
      badTimes: again?.badTimes ?? 0,
      bytes: undefined,
      arrived: 0,
      missingBytes,
      hash: undefined,
    });
    return block;
  }

  blockBytes(block: number): number {
    return blockBytes(this.size, block);
  }

  /** Whether this very attempt at a block still counts. */
  isOpen(open: OpenBlock): boolean {
    return this.#open.get(open.block) === open;
  }

  /** Puts a frame's bytes in their place; gives the block when this made it whole. A frame that nobody asked for is left. */
  place(offset: number, bytes: Uint8Array): OpenBlock | 'misplaced' | undefined {
    const block = Math.floor(offset / BLOCK_BYTES);
    const within = offset - block * BLOCK_BYTES;
    if (offset + bytes.length > this.size || within % MAX_FRAME_PAYLOAD_BYTES !== 0) return 'misplaced';
    const length = this.blockBytes(block);
    if (bytes.length !== Math.min(MAX_FRAME_PAYLOAD_BYTES, length - within)) return 'misplaced';
    const open = this.#open.get(block);
    const bit = 1 << (within / MAX_FRAME_PAYLOAD_BYTES);
    if (!open || open.arrived & bit) return undefined;
    open.bytes ??= new Uint8Array(length);
    open.bytes.set(bytes, within);
    open.arrived |= bit;
    open.missingBytes -= bytes.length;
    return open.missingBytes === 0 ? open : undefined;
  }

  /** Keeps the sender's hash of a block; gives the block if it only waited for that. */
  expect(block: number, hash: Uint8Array): OpenBlock | undefined {
    const open = this.#open.get(block);
    if (!open) return undefined; // written already, or never asked for
    this.#expected.set(block, hash);
    return open.hash && open;
  }

  /** Compares a whole, hashed block with what the sender said; `undefined` while it has not said it. */
  check(open: OpenBlock): 'good' | 'bad' | undefined {
    const expected = this.#expected.get(open.block);
    if (!expected || !open.hash) return undefined;
    return sameHash(expected, open.hash) ? 'good' : 'bad';
  }

  /** The block is written. */
  markWritten(open: OpenBlock): void {
    this.#open.delete(open.block);
    this.written.add(open.block);
  }

  /** The block's hash was wrong: it is asked for again. False when that was the second time. */
  askAgain(open: OpenBlock): boolean {
    this.#open.delete(open.block);
    this.#expected.delete(open.block);
    if (open.badTimes > 0) return false;
    this.#again.push({ block: open.block, badTimes: open.badTimes + 1 });
    return true;
  }

  /** The hash of every block in order; each was checked before it was written. */
  blockHashes(): Uint8Array[] {
    return Array.from({ length: blockCount(this.size) }, (_, block) => this.#expected.get(block)!);
  }

  /**
   * A lane was lost: blocks that have not fully arrived are asked for again, and with the link also those whose hash
   * has not been heard, as it may have been lost with it. Gives the blocks that are no longer open.
   */
  reopen(lost: 'lane' | 'link'): number[] {
    const again = this.#lacking(lost);
    for (const { block, badTimes } of again) {
      this.#open.delete(block);
      this.#again.push({ block, badTimes });
    }
    this.#again.sort((a, b) => a.block - b.block);
    return again.map((open) => open.block);
  }

  /** The blocks that were asked for and have not wholly arrived, or whose hash has not. */
  get lacking(): number[] {
    return this.#lacking('link').map(({ block }) => block);
  }

  #lacking(lost: 'lane' | 'link'): OpenBlock[] {
    return [...this.#open.values()].filter(
      (open) => open.missingBytes > 0 || (lost === 'link' && !this.#expected.has(open.block)),
    );
  }

  /** Forgets everything that takes memory; the file has ended. Gives the blocks that were open. */
  drop(): number[] {
    const blocks = [...this.#open.keys()];
    this.#open.clear();
    this.#expected.clear();
    this.#again = [];
    this.#next = blockCount(this.size);
    return blocks;
  }
}
