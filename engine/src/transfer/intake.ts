// The way of received bytes, from the wire to the disk:
//
//   frame ─▶ place ─▶ (in the store) hash ─▶ check ─▶ write ─▶ flush ─▶ durable ─▶ (all blocks) whole ─▶ hash of the sidecar
//
// One intake for each accepted offer. It lives as long as the offer, over links and their losses, and knows nothing of either.
import { TincanError } from '../platform/errors.ts';
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { giveBlockMemory } from './block-memory.ts';
import { HASH_BYTES, hashBlock, sameHash, toHex } from './hash.ts';
import type { ReceivingFile } from './incoming-file.ts';
import type { OpenBlock } from './open-block.ts';
import type { OfferFolder } from './store.ts';

/** Written bytes become durable at least this often, in milliseconds, and at least every so many bytes. */
const FLUSH_INTERVAL_MS = 1_000;
const FLUSH_BYTES = 8 * BLOCK_BYTES;
/** How long a file whose last block is written waits for others to share a flush, in milliseconds. */
const FLUSH_SOON_MS = 20;
/** A block whose bytes are wrong is asked for once more. */
const MAX_BAD_TIMES = 1;

/** Why a file cannot go on by what the disk or the bytes say. */
export type IntakeFailure = 'corrupt' | 'store-failed' | 'source-changed';

export interface IntakeEvents {
  /** The block is not open any more; it was written, or has to be asked for again. */
  closed(file: ReceivingFile, open: OpenBlock): void;
  /** More of these files is durable. */
  durable(files: ReadonlySet<ReceivingFile>): void;
  /** What was durable has proved wrong: it has to be asked for again. */
  lost(file: ReceivingFile): void;
  /** All of it is on the disk, and this is its hash. */
  whole(file: ReceivingFile): void;
  /** The disk is full. Nothing is lost, and what is asked for and not written is asked for again. */
  full(file: ReceivingFile): void;
  failed(file: ReceivingFile, why: IntakeFailure): void;
}

const DEAF: IntakeEvents = { closed() {}, durable() {}, lost() {}, whole() {}, full() {}, failed() {} };

export class Intake {
  readonly #folder: OfferFolder;
  #events: IntakeEvents = DEAF;
  /** Written and not flushed. */
  #unflushed: { file: ReceivingFile; block: number }[] = [];
  #unflushedBytes = 0;
  #flushing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerMs = 0;
  #closed = false;
  /** The sidecars as an earlier visit has left them, of those files that are compared with what the sender reads anew. */
  readonly #found = new WeakMap<ReceivingFile, Promise<Uint8Array>>();
  readonly #rechecking = new WeakSet<ReceivingFile>();

  constructor(folder: OfferFolder) {
    this.#folder = folder;
  }

  /** Who is told from now on: the offer may go on with another session of its sender. */
  listen(events: IntakeEvents): void {
    this.#events = events;
  }

  /** Reads back, one by one, what an earlier visit has left of these files. They are not whole before that. */
  async recheck(files: readonly ReceivingFile[]): Promise<void> {
    for (const file of files) await this.#recheck(file);
  }

  /** One that has failed goes on. */
  tryAgain(file: ReceivingFile): void {
    if (file.failure === 'source-changed') this.#distrust(file);
    file.state = 'active';
    file.failure = undefined;
    this.goOn(file);
  }

  /** Does what is left to be done of a file without anything more arriving: for one that begins, or is tried again. */
  goOn(file: ReceivingFile): void {
    if (this.#unflushed.length > 0) this.#flushIn(0);
    if (file.unchecked.length > 0) void this.#recheck(file);
    else this.#finishIfWhole(file);
  }

  async #recheck(file: ReceivingFile): Promise<void> {
    if (this.#rechecking.has(file)) return;
    this.#rechecking.add(file);
    try {
      for (; file.unchecked.length > 0 && !this.#closed && file.isRunning; file.unchecked.shift())
        if (!(await this.#folder.recheck(file.place, file.unchecked[0]!))) this.#lose(file, file.unchecked[0]!);
    } catch (error) {
      this.#fail(file, error);
    } finally {
      this.#rechecking.delete(file);
    }
    if (!this.#closed) this.#finishIfWhole(file);
  }

  #lose(file: ReceivingFile, block: number): void {
    file.lose(block);
    this.#events.lost(file);
  }

  /** What is on the disk may be of several files: of each block the sender's word is heard before it counts. */
  #distrust(file: ReceivingFile): void {
    file.uncompared = file.durableBlocks.copy();
    this.#found.delete(file); // more may be there now
  }

  /** All bytes of the block have arrived. */
  handleWhole(file: ReceivingFile, open: OpenBlock): void {
    this.#writeIfKnown(file, open);
  }

  /**
   * The sender's word for a block's hash: for one that is open only the first counts. One that an earlier visit has written must not have changed
   * since, unless it is known that the file has and it is tried again all the same: then the sender's word counts.
   */
  handleHash(file: ReceivingFile, block: number, hash: Uint8Array<ArrayBuffer>): void {
    if (file.state !== 'active') return;
    const open = file.open.get(block);
    if (open) {
      if (open.expected) return;
      open.expected = hash;
      this.#writeIfKnown(file, open);
    } else if (file.written.has(block)) {
      void this.#compare(file, block, hash);
    }
  }

  async #compare(file: ReceivingFile, block: number, hash: Uint8Array): Promise<void> {
    try {
      const list = this.#found.get(file) ?? this.#folder.hashes(file.place);
      this.#found.set(file, list);
      const ours = (await list).subarray(block * HASH_BYTES, (block + 1) * HASH_BYTES);
      const isFound = ours.some((byte) => byte !== 0);
      if (!isFound || !file.isRunning) return;
      const isUncompared = file.uncompared.has(block);
      if (sameHash(ours, hash)) file.uncompared.delete(block);
      else if (isUncompared) {
        ours.fill(0); // what comes in its place is no find of an earlier visit
        this.#lose(file, block);
      } else return this.#events.failed(file, 'source-changed');
      if (isUncompared) this.#finishIfWhole(file);
    } catch (error) {
      console.warn('What is on the disk could not be compared; the last comparison will tell.', error);
    }
  }

  /** Makes everything durable that is written. Never rejects: what cannot be flushed is told by the events. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#flushing; // one at a time, so that they end in order
    if (this.#unflushed.length === 0 || this.#closed) return;
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  /** Nothing more is written, and nobody told. What was written is flushed by whoever closes the folder. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /**
   * Bytes of a file from this offset on, to the end of their block at most, as soon as any are here: also before their block is whole and was compared.
   * Rejects with the signal's reason, `gone` if the file ends without them or too many wait, and `store-failed`.
   */
  async read(file: ReceivingFile, offset: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const block = Math.floor(offset / BLOCK_BYTES);
    if (file.state === 'done' && !file.freed) {
      const part = (await this.#folder.open(file.place)).slice(offset, (block + 1) * BLOCK_BYTES);
      return new Uint8Array(await part.arrayBuffer());
    }
    while (file.isRunning) {
      if (file.written.has(block)) return (await this.#folder.read(file.place, block)).subarray(offset % BLOCK_BYTES);
      const arrived = file.arrivedFrom(offset);
      if (arrived.length > 0) return arrived;
      await file.whenHere(offset, signal);
    }
    throw new TincanError('gone', `${file.path} has ended`);
  }

  /** The store compares it with the sender's word for its hash before it writes. */
  #writeIfKnown(file: ReceivingFile, open: OpenBlock): void {
    if (open.isWhole && open.expected && !open.writing) void this.#write(file, open, open.expected);
  }

  #handleCorrupt(file: ReceivingFile, open: OpenBlock): void {
    file.closeAgain(open, open.badTimes + 1);
    this.#events.closed(file, open);
    if (open.badTimes >= MAX_BAD_TIMES) this.#events.failed(file, 'corrupt');
  }

  async #write(file: ReceivingFile, open: OpenBlock, hash: Uint8Array): Promise<void> {
    const { bytes } = open;
    open.writing = true;
    open.bytes = undefined; // the folder has them now
    try {
      const memory = await this.#folder.write(file.place, open.block, bytes!, hash);
      if (memory) giveBlockMemory(memory);
    } catch (error) {
      open.writing = false;
      if (!file.isOpen(open) || this.#closed) return;
      if (error instanceof TincanError && error.code === 'corrupt') return this.#handleCorrupt(file, open);
      file.closeAgain(open);
      this.#events.closed(file, open);
      this.#fail(file, error);
      return;
    }
    if (!file.isOpen(open)) return; // cancelled meanwhile
    file.closeWritten(open);
    this.#unflushed.push({ file, block: open.block });
    this.#unflushedBytes += open.length;
    const isLast = file.written.complete;
    if (this.#unflushedBytes >= FLUSH_BYTES) void this.flush();
    else this.#flushIn(isLast ? FLUSH_SOON_MS : FLUSH_INTERVAL_MS);
    this.#events.closed(file, open);
  }

  #flushIn(ms: number): void {
    if (this.#closed) return;
    if (this.#timer !== undefined && this.#timerMs <= ms) return;
    clearTimeout(this.#timer);
    this.#timerMs = ms;
    this.#timer = setTimeout(() => void this.flush(), ms);
  }

  async #flush(): Promise<void> {
    const flushed = this.#unflushed;
    this.#unflushed = [];
    this.#unflushedBytes = 0;
    const files = new Set(flushed.map(({ file }) => file));
    try {
      await this.#folder.flush();
    } catch (error) {
      if (!this.#closed) for (const file of files) this.#fail(file, error);
      this.#unflushed = [...flushed, ...this.#unflushed]; // written still, and flushed with the next
      return;
    }
    for (const { file, block } of flushed) file.durableBlocks.add(block);
    if (this.#closed) return;
    this.#events.durable(files);
    for (const file of files) this.#finishIfWhole(file);
  }

  #finishIfWhole(file: ReceivingFile): void {
    if (file.state !== 'active' || !file.isWhole) return;
    file.state = 'verifying';
    void this.#finish(file);
  }

  async #finish(file: ReceivingFile): Promise<void> {
    try {
      const list = file.onlyHash ?? (await this.#folder.hashes(file.place));
      file.hash = toHex(await hashBlock(list));
    } catch (error) {
      if (file.state === 'verifying') file.state = 'active'; // this step is still to be done
      this.#fail(file, error);
      return;
    }
    if (file.state === 'verifying' && !this.#closed) this.#events.whole(file);
  }

  #fail(file: ReceivingFile, error: unknown): void {
    if (!file.isRunning) return;
    if (error instanceof TincanError && error.code === 'no-space') {
      if (this.#unflushed.length > 0) this.#flushIn(0); // what was written before may still become durable
      this.#events.full(file);
      return;
    }
    console.error('A received file could not be written or read.', error);
    this.#events.failed(file, 'store-failed');
  }
}
