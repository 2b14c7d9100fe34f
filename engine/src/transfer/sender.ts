import { randomId, toBase64Url } from '@tincan/shared/base64url';
import { encodeFrame } from '@tincan/shared/frame';
import type { FileEntry, ReceiverMessage } from '@tincan/shared/link-message';
import { BLOCK_BYTES, MAX_BATCH_ENTRIES, MAX_FRAME_PAYLOAD_BYTES } from '@tincan/shared/limits';
import { Emitter } from '../platform/emitter.ts';
import { TincanError } from '../platform/errors.ts';
import { inBatches } from './batches.ts';
import { blockCount } from './blocks.ts';
import { EndNotices } from './end-notices.ts';
import { isLive, type FileState } from './file-state.ts';
import type { FrameLane, TransferFailure, TransferPath } from './path.ts';
import type { Source } from './source.ts';

/** What one lane reads ahead, so that the disk works while the network does; at least one block. */
const READ_AHEAD_BYTES = 2 * BLOCK_BYTES;
const READ_AHEAD_BLOCKS = 16;
/** Hashes of small files that share a message. */
const HASHES_PER_MESSAGE = MAX_BATCH_ENTRIES / 4;
/** Ranges that one receiver may have asked for and not yet got: far above what an honest one has. */
const MAX_QUEUED_RANGES = 16_384;

/** One file on its way to one peer. Read it, do not change it. */
export interface OutgoingFile {
  readonly id: string;
  readonly offer: string;
  readonly path: string;
  readonly size: number;
  readonly state: FileState;
  /** Bytes that are durable at the receiver, as it says. */
  readonly durable: number;
  readonly hash: string | undefined;
  readonly failure: TransferFailure | undefined;
}

interface File extends OutgoingFile {
  state: FileState;
  durable: number;
  hash: string | undefined;
  failure: TransferFailure | undefined;
  readonly handle: number;
  readonly source: Source;
}

/** Blocks that the receiver asked for: `next` up to, not including, `end`. */
interface Asked {
  readonly file: File;
  next: number;
  readonly end: number;
}

/** A block that is being read while earlier ones are on their way out. */
interface Prepared {
  readonly file: File;
  readonly block: number;
  readonly generation: number;
  readonly bytes: Promise<Uint8Array<ArrayBuffer> | TincanError>;
}

/**
 * The sending side towards one peer: offers files and answers what the receiver asks for, frame by frame, on every
 * lane there is. It keeps no position of its own: after any loss the receiver asks again for what it lacks.
 */
export class Sender extends Emitter<{ changed: undefined }> {
  readonly #path: TransferPath;
  readonly #files = new Map<number, File>();
  readonly #byId = new Map<string, File>();
  readonly #endNotices: EndNotices;
  readonly #queue: Asked[] = [];
  #generation = 0;
  #nextHandle = 1;
  #hashing = 0;
  #hashes: { handle: number; block: number; hash: string }[] = [];
  /** Lanes whose loop has nothing to send, each with what wakes it. */
  readonly #idle = new Map<FrameLane, () => void>();
  readonly #lanes = new Set<FrameLane>();

  constructor(path: TransferPath) {
    super();
    this.#path = path;
    this.#endNotices = new EndNotices((handles, reason) => path.send({ type: 'withdraw', handles, reason }));
  }

  /** Every file ever offered to this peer, in order. */
  get files(): Iterable<OutgoingFile> {
    return this.#files.values();
  }

  /** Offers up to `MAX_FILES_PER_OFFER` files together; the other person accepts or declines them together. */
  offer(files: readonly { path: string; source: Source }[]): void {
    const offer = randomId();
    const added = files.map(({ path, source }): File => {
      const file: File = {
        id: randomId(),
        offer,
        handle: this.#nextHandle++,
        path,
        source,
        size: source.size,
        state: 'offered',
        durable: 0,
        hash: undefined,
        failure: undefined,
      };
      this.#files.set(file.handle, file);
      this.#byId.set(file.id, file);
      return file;
    });
    this.#sendOffer(offer, added);
    this.emit('changed', undefined);
  }

  /** Takes a file back, whatever has been sent of it. Does nothing once it has ended. */
  cancel(id: string): void {
    const file = this.#byId.get(id);
    if (file && isLive(file)) this.#end(file, 'cancelled', true);
  }

  /** The link is up (again): repeats every offer that has not ended, and the receiver says what it still lacks. */
  handleLinkUp(): void {
    const live = [...this.#files.values()].filter(isLive);
    for (const offer of new Set(live.map((file) => file.offer))) {
      this.#sendOffer(
        offer,
        live.filter((file) => file.offer === offer),
      );
    }
  }

  /** A lane is open: what is asked for goes out on it until it closes. */
  handleLaneOpened(lane: FrameLane): void {
    this.#lanes.add(lane);
    void this.#feed(lane);
  }

  /** A lane is gone, and what was on it: the receiver sees that too and asks again. */
  handleLaneClosed(lane: FrameLane): void {
    this.#lanes.delete(lane);
    this.#idle.get(lane)?.();
  }

  handleMessage(message: ReceiverMessage): void {
    switch (message.type) {
      case 'accept':
        for (const file of this.#ofOffer(message.offer)) file.state = 'active';
        break;
      case 'decline':
        for (const file of this.#ofOffer(message.offer)) file.state = 'declined';
        break;
      case 'want':
        this.#handleWant(message);
        break;
      case 'complete':
        void this.#verify(message.files);
        break;
      case 'stop':
        for (const handle of message.handles) {
          const file = this.#files.get(handle);
          if (file && isLive(file)) this.#end(file, message.reason, false);
        }
        break;
    }
    this.emit('changed', undefined);
  }

  /** The peer has left for good, or this page leaves it: what has not ended fails, and nothing is sent any more. */
  close(): void {
    for (const file of this.#files.values()) if (isLive(file)) this.#end(file, 'peer-left', false);
    for (const lane of [...this.#lanes]) this.handleLaneClosed(lane);
  }

  // ---- offers

  #ofOffer(offer: string): File[] {
    return [...this.#files.values()].filter((file) => file.offer === offer && file.state === 'offered');
  }

  #sendOffer(offer: string, files: readonly File[]): void {
    this.#path.openLanes(); // before the answer, so that they are ready when it comes
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    let start = 0;
    const entries = files.map(({ id, handle, path, size }): FileEntry => ({ id, handle, path, size }));
    for (const batch of inBatches(entries)) {
      this.#path.send({ type: 'offer', offer, files: files.length, bytes, start, entries: batch });
      start += batch.length;
    }
  }

  // ---- what the receiver asks for

  #handleWant({ generation, wants }: Extract<ReceiverMessage, { type: 'want' }>): void {
    if (generation > this.#generation) {
      this.#generation = generation;
      this.#queue.length = 0;
    }
    for (const { handle, blocks, durable } of wants) {
      const file = this.#files.get(handle);
      if (file?.state === 'done') continue;
      if (!file || !isLive(file)) {
        this.#refuse(handle, file);
        continue;
      }
      if (file.state === 'offered') file.state = 'active';
      file.durable = Math.min(Math.max(file.durable, durable), file.size);
      const count = blockCount(file.size);
      for (const [first, length] of blocks) {
        if (first + length > count || this.#queue.length >= MAX_QUEUED_RANGES) {
          this.#end(file, 'protocol', true);
          break;
        }
        this.#queue.push({ file, next: first, end: first + length });
      }
    }
    for (const wake of [...this.#idle.values()]) wake();
  }

  /** Takes the next block that was asked for and starts reading it. */
  #prepareNext(): Prepared | undefined {
    for (let asked = this.#queue[0]; asked; asked = this.#queue[0]) {
      const { file } = asked;
      if (asked.next === asked.end || file.state !== 'active') {
        this.#queue.shift();
        continue;
      }
      const block = asked.next++;
      const bytes = file.source.readBlock(block).catch((error: unknown) => {
        return error instanceof TincanError
          ? error
          : new TincanError('source-unreadable', String(error), { cause: error });
      });
      return { file, block, generation: this.#generation, bytes };
    }
    return undefined;
  }

  /** One lane's loop: block by block, frame by frame, until the lane closes. */
  async #feed(lane: FrameLane): Promise<void> {
    const ahead: Prepared[] = [];
    let aheadBytes = 0;
    while (this.#lanes.has(lane)) {
      while (ahead.length < READ_AHEAD_BLOCKS && aheadBytes < READ_AHEAD_BYTES) {
        const prepared = this.#prepareNext();
        if (!prepared) break;
        ahead.push(prepared);
        aheadBytes += Math.min(prepared.file.size, BLOCK_BYTES);
      }
      const current = ahead.shift();
      if (!current) {
        await new Promise<void>((wake) => {
          this.#idle.set(lane, wake);
          this.#flushLastHashes();
        });
        this.#idle.delete(lane);
        continue;
      }
      aheadBytes -= Math.min(current.file.size, BLOCK_BYTES);
      const bytes = await current.bytes;
      if (bytes instanceof TincanError) {
        if (isLive(current.file)) this.#end(current.file, 'source-unreadable', true);
        continue;
      }
      void this.#reportHash(current.file, current.block, bytes.length);
      if (!(await this.#sendBlock(lane, current, bytes))) return; // the lane closed
    }
  }

  /** Sends one block as frames, as fast as the lane takes them; false once the lane is closed. */
  async #sendBlock(lane: FrameLane, { file, block, generation }: Prepared, bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += MAX_FRAME_PAYLOAD_BYTES) {
      while (lane.full) {
        try {
          await lane.drained();
        } catch {
          return false; // closed: the receiver asks again on the next lane
        }
      }
      // Asked anew, or ended meanwhile: the rest of this block would be for nothing.
      if (generation !== this.#generation || file.state !== 'active') return true;
      lane.send(encodeFrame(file.handle, block * BLOCK_BYTES + at, bytes.subarray(at, at + MAX_FRAME_PAYLOAD_BYTES)));
    }
    return true;
  }

  // ---- hashes

  /** Tells a block's hash over the link: that of a large block at once, those of small ones in one message. */
  async #reportHash(file: File, block: number, length: number): Promise<void> {
    this.#hashing++;
    const hash = toBase64Url(await file.source.blockHash(block));
    this.#hashing--;
    this.#hashes.push({ handle: file.handle, block, hash });
    if (length > MAX_FRAME_PAYLOAD_BYTES || this.#hashes.length >= HASHES_PER_MESSAGE) this.#flushHashes();
    else this.#flushLastHashes();
  }

  /** Sends what is left when nothing more is on its way. */
  #flushLastHashes(): void {
    if (this.#hashing === 0 && this.#idle.size === this.#lanes.size) this.#flushHashes();
  }

  #flushHashes(): void {
    if (this.#hashes.length === 0) return;
    this.#path.send({ type: 'hashes', hashes: this.#hashes });
    this.#hashes = [];
  }

  /** The receiver has these files whole: both sides compare the hashes, each for itself. */
  async #verify(files: Extract<ReceiverMessage, { type: 'complete' }>['files']): Promise<void> {
    const ours: { handle: number; hash: string }[] = [];
    for (const { handle, hash: theirs } of files) {
      const file = this.#files.get(handle);
      if (!file || (!isLive(file) && file.state !== 'done')) {
        this.#refuse(handle, file);
        continue;
      }
      if (file.state !== 'done') file.state = 'verifying';
      try {
        file.hash ??= await file.source.fileHash();
      } catch {
        if (isLive(file)) this.#end(file, 'source-unreadable', true);
        continue;
      }
      ours.push({ handle, hash: file.hash });
      if (file.state !== 'verifying') continue;
      if (file.hash === theirs) {
        file.state = 'done';
        file.durable = file.size;
      } else {
        this.#end(file, 'hash-mismatch', false); // the receiver sees the same from our hash
      }
    }
    if (ours.length > 0) this.#path.send({ type: 'verified', files: ours });
    this.emit('changed', undefined);
  }

  // ---- ends

  #end(file: File, reason: 'cancelled' | TransferFailure, tell: boolean): void {
    file.state = reason === 'cancelled' ? 'cancelled' : 'failed';
    file.failure = reason === 'cancelled' ? undefined : reason;
    if (tell && reason !== 'peer-left') this.#endNotices.add(file.handle, reason);
    this.emit('changed', undefined);
  }

  /** Answers a question about a transfer that has ended here, or never was. */
  #refuse(handle: number, file: File | undefined): void {
    const ended = file?.state === 'cancelled' ? 'cancelled' : file?.failure;
    const reason = ended === undefined || ended === 'peer-left' ? 'unknown-transfer' : ended;
    this.#endNotices.add(handle, reason);
  }
}
