import { BLOCK_BYTES } from '@tincan/shared/limits';
import { TincanError } from '../platform/errors.ts';
import { blockBytes, blockCount, BlockSet } from './blocks.ts';
import type { FileState, Hold, Saved, TransferFile } from './file-state.ts';
import { isFrameOf, OpenBlock } from './open-block.ts';
import type { TransferFailure } from './path.ts';
import { savedOf, type FileEnd, type KeptFile } from './store.ts';

/** What became of a frame: `late` where it was not, or no more, waited for. */
export type Placed = 'placed' | 'whole' | 'late' | 'misplaced';

/** Somebody waits for the bytes at this offset. */
interface Read {
  readonly offset: number;
  readonly settle: (error?: Error) => void;
}

/** So many wait for bytes of one file; more of them, and the oldest is told that it waits in vain: players forget reads without a word. */
const MAX_READS = 8;

/** What a receiver knows of one file: which blocks are asked for, arriving, written, durable. No I/O. */
export class ReceivingFile implements TransferFile {
  readonly id: string;
  readonly path: string;
  readonly size: number;
  readonly modified: number | undefined;
  /** Its name on the present link; `undefined` while the sender has not offered it there. */
  handle: number | undefined;
  /** Its place in the folder, once it is accepted. */
  place = -1;
  state: FileState = 'offered';
  here: Hold = 'none';
  there: Hold = 'none';
  hash: string | undefined;
  failure: TransferFailure | undefined;
  saved: Saved = 'no';
  freed = false;
  /** What is on the disk, or on its way there: not to be asked for. */
  written: BlockSet;
  /** What is on the disk for certain. */
  durableBlocks: BlockSet;
  /** Blocks of an earlier visit that have not been read back yet. */
  unchecked: number[] = [];
  /** What is on the disk of a file that was another one in between: only the sender's hashes tell what of it is still right. */
  uncompared: BlockSet;
  readonly open = new Map<number, OpenBlock>();
  /** Of a file of one block that this visit has written: what stands in its sidecar, once that is durable. */
  onlyHash: Uint8Array<ArrayBuffer> | undefined;
  /** No block below this one is left to be opened. */
  #next = 0;
  /** Somebody looks at the file from this block on: what it lacks from here comes first. */
  #lookedAt = Infinity;
  /** How often a block has come with a wrong hash. */
  readonly #badTimes = new Map<number, number>();
  readonly #reads = new Set<Read>();

  constructor({ id, path, size, modified }: KeptFile) {
    this.id = id;
    this.path = path;
    this.size = size;
    this.modified = modified;
    this.written = new BlockSet(size);
    this.durableBlocks = new BlockSet(size);
    this.uncompared = new BlockSet(size);
  }

  get durable(): number {
    return this.state === 'done' ? this.size : this.durableBlocks.bytes;
  }

  /** It was accepted and has not ended. */
  get isRunning(): boolean {
    return this.state === 'active' || this.state === 'verifying';
  }

  /** Whether there is anything to ask for, and nobody who keeps it from going on. */
  get isAsked(): boolean {
    return this.state === 'active' && this.here === 'none' && this.there === 'none' && this.handle !== undefined;
  }

  /** Every block is on the disk, and what came from an earlier visit was read back, and compared where that is necessary. */
  get isWhole(): boolean {
    return this.durableBlocks.complete && this.unchecked.length === 0 && this.uncompared.bytes === 0;
  }

  /** It had ended on an earlier visit. */
  restoreEnd(end: FileEnd): void {
    this.state = end.end === 'removed' ? 'cancelled' : 'done';
    if (end.end === 'removed') return;
    this.hash = end.hash;
    this.freed = end.end === 'freed';
    this.saved = savedOf(end);
  }

  /** Goes on from what an earlier visit has left; all of that is still to be read back. */
  restore(durable: BlockSet): void {
    this.durableBlocks = durable;
    this.written = durable.copy();
    this.unchecked = [...durable];
  }

  /** A block of an earlier visit is not what it should be: it is asked for again. */
  lose(block: number): void {
    for (const blocks of [this.durableBlocks, this.written, this.uncompared]) blocks.delete(block);
    this.onlyHash = undefined;
    this.#badTimes.delete(block);
    this.#next = Math.min(this.#next, block);
  }

  /** Opens the next block to be asked for, in order from where somebody looks at it; `undefined` if none is left. */
  openNext(): OpenBlock | undefined {
    this.#lookedAt = this.#firstLackingFrom(this.#lookedAt) ?? Infinity;
    this.#next = this.#firstLackingFrom(this.#next) ?? Infinity;
    const block = this.#lookedAt === Infinity ? this.#next : this.#lookedAt;
    return block === Infinity ? undefined : this.openAt(block);
  }

  /** Opens a block that is neither open nor written. */
  openAt(block: number): OpenBlock {
    const open = new OpenBlock(block, this.blockBytes(block), this.#badTimes.get(block) ?? 0);
    this.open.set(block, open);
    return open;
  }

  /** Somebody waits for bytes. */
  get isRead(): boolean {
    return this.#reads.size > 0;
  }

  /** Where somebody waits for bytes, who came last first. */
  get readOffsets(): number[] {
    return [...this.#reads].map(({ offset }) => offset).reverse();
  }

  /** What has arrived from this offset on, to the end of its block at most, and is not with the disk. */
  arrivedFrom(offset: number): Uint8Array<ArrayBuffer> {
    const block = Math.floor(offset / BLOCK_BYTES);
    return this.open.get(block)?.arrivedFrom(offset - block * BLOCK_BYTES) ?? new Uint8Array();
  }

  /**
   * Resolves once the byte at this offset has arrived, or its block is written; from now on, it and what follows come first. Rejects with the signal's
   * reason, and with `gone` if the file ends without it, or too many wait.
   */
  whenHere(offset: number, signal: AbortSignal): Promise<void> {
    if (this.#isHere(offset)) return Promise.resolve();
    this.#lookedAt = Math.floor(offset / BLOCK_BYTES);
    return new Promise((resolve, reject) => {
      const read: Read = {
        offset,
        settle: (error) => {
          this.#reads.delete(read);
          signal.removeEventListener('abort', stop);
          if (error) reject(error);
          else resolve();
        },
      };
      const stop = () => read.settle(signal.reason as Error);
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop);
      this.#reads.add(read);
      const [oldest] = this.#reads;
      if (this.#reads.size > MAX_READS) oldest?.settle(new TincanError('gone', 'too many wait for this file'));
    });
  }

  /** Nothing more will come of it. */
  endReads(): void {
    for (const read of [...this.#reads]) read.settle(new TincanError('gone', `${this.path} has ended`));
  }

  blockBytes(block: number): number {
    return blockBytes(this.size, block);
  }

  /** Whether this very attempt at a block still counts. */
  isOpen(open: OpenBlock): boolean {
    return this.open.get(open.block) === open;
  }

  /** Puts a frame's bytes in their place. */
  placeFrame(offset: number, bytes: Uint8Array): Placed {
    if (!isFrameOf(this.size, offset, bytes.length)) return 'misplaced';
    const block = Math.floor(offset / BLOCK_BYTES);
    const open = this.open.get(block);
    if (!open || open.isWhole || !open.place(offset - block * BLOCK_BYTES, bytes)) return 'late';
    if (this.isRead) this.#settleReads();
    return open.isWhole ? 'whole' : 'placed';
  }

  /** Closes a block that will not be finished this time: it is asked for again. */
  closeAgain(open: OpenBlock, badTimes = open.badTimes): void {
    this.#close(open);
    if (badTimes > 0) this.#badTimes.set(open.block, badTimes);
    this.#next = Math.min(this.#next, open.block);
    for (const { offset } of this.#reads)
      if (Math.floor(offset / BLOCK_BYTES) === open.block) this.#lookedAt = open.block;
  }

  /** The block is on its way to the disk and was taken there. */
  closeWritten(open: OpenBlock): void {
    this.#close(open);
    this.written.add(open.block);
    if (this.size <= BLOCK_BYTES) this.onlyHash = open.expected;
    this.#settleReads();
  }

  /** Forgets what is asked for and arriving. Blocks that are being written stay. Gives those that are closed. */
  closeAll(): OpenBlock[] {
    const closed = [...this.open.values()].filter((open) => !open.writing);
    for (const open of closed) this.closeAgain(open);
    return closed;
  }

  #close(open: OpenBlock): void {
    open.giveUp();
    this.open.delete(open.block);
  }

  #isHere(offset: number): boolean {
    const block = Math.floor(offset / BLOCK_BYTES);
    return this.written.has(block) || (this.open.get(block)?.has(offset - block * BLOCK_BYTES) ?? false);
  }

  #settleReads(): void {
    for (const read of [...this.#reads]) if (this.#isHere(read.offset)) read.settle();
  }

  #firstLackingFrom(block: number): number | undefined {
    for (; block < blockCount(this.size); block++) if (!this.written.has(block) && !this.open.has(block)) return block;
    return undefined;
  }
}
