import { encodeFrame, FRAME_HEADER_BYTES } from '@tincan/shared/frame';
import { BLOCK_BYTES, PIECE_BYTES, SMALL_FRAME_PAYLOAD_BYTES } from '@tincan/shared/limits';
import { PIECES_PER_BLOCK } from './blocks.ts';
import type { SendingFile } from './outgoing-offer.ts';
import type { FrameLane } from './path.ts';

/** What a lane reads ahead, so that the disk works while the network does; at least one block. */
const READ_AHEAD_BYTES = 2 * BLOCK_BYTES;
/** Of small files. Refilled by halves: what is asked for together is read with one call to the browser, but more at a time keep a click waiting. */
const READ_AHEAD_BLOCKS = 32;
/** Pieces that may be asked for on one lane and not yet sent: four times what an honest receiver asks for on all of them. */
export const MAX_QUEUED_PIECES = 1_024;

/** Some pieces of one block, whose bytes are being read while earlier ones are on their way out. */
interface Prepared {
  readonly file: SendingFile;
  /** Its name when it was asked for: on another link, or with another session, it has another. */
  readonly handle: number;
  readonly block: number;
  readonly pieces: readonly number[];
  readonly bytes: Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Reads a block, of which these pieces are asked for here; `undefined` if it is not to be had (and its file has been dealt with). */
export type ReadBlock = (
  file: SendingFile,
  block: number,
  pieces: readonly number[],
) => Promise<Uint8Array<ArrayBuffer> | undefined>;

export interface LaneFeedOptions {
  lane: FrameLane;
  read: ReadBlock;
}

/** What waits to go out, by the file's handle and the piece, in order. */
type Queue = Map<string, { file: SendingFile; handle: number; piece: number }>;

/** Answers what was asked for on one lane, in that order but for what somebody waits for, as fast as the lane takes it, until the lane closes. */
export class LaneFeed {
  readonly lane: FrameLane;
  readonly #read: ReadBlock;
  readonly #queue: Queue = new Map();
  /** Before all that is in the queue. */
  readonly #now: Queue = new Map();
  /** Of one after the other: whoever sends it copies it. */
  readonly #frame = new Uint8Array(FRAME_HEADER_BYTES + PIECE_BYTES);
  #wake = () => {};
  #closed = false;

  constructor({ lane, read }: LaneFeedOptions) {
    this.lane = lane;
    this.#read = read;
    void this.#run();
  }

  /** Asks for pieces, `now` where they come before all others; one that waits already is not sent twice. False, and none of them is sent, if too many would wait. */
  ask(file: SendingFile, first: number, count: number, now = false): boolean {
    const { handle } = file;
    if (handle === undefined || count > MAX_QUEUED_PIECES) return false;
    if (this.#queue.size + this.#now.size + count > 2 * MAX_QUEUED_PIECES) return false;
    for (let piece = first; piece < first + count; piece++) {
      const key = `${handle} ${piece}`;
      if (now) this.#queue.delete(key);
      if (now || !this.#now.has(key)) (now ? this.#now : this.#queue).set(key, { file, handle, piece });
    }
    if (this.#queue.size + this.#now.size > MAX_QUEUED_PIECES) return false;
    this.#wake();
    return true;
  }

  /** Nobody waits any more for what was asked for of this file. */
  drop({ handle }: SendingFile): void {
    for (const queue of [this.#now, this.#queue])
      for (const [key, waiting] of queue) if (waiting.handle === handle) queue.delete(key);
  }

  /** The lane is gone, and what was asked for on it with it. */
  close(): void {
    this.#closed = true;
    this.#now.clear();
    this.#queue.clear();
    this.#wake();
  }

  async #run(): Promise<void> {
    const ahead: Prepared[] = [];
    let aheadBytes = 0;
    while (!this.#closed) {
      await this.#sendNow();
      if (ahead.length <= READ_AHEAD_BLOCKS / 2) {
        while (ahead.length < READ_AHEAD_BLOCKS && aheadBytes < READ_AHEAD_BYTES) {
          const prepared = this.#prepareNext(this.#queue);
          if (!prepared) break;
          ahead.push(prepared);
          aheadBytes += Math.min(prepared.file.size, BLOCK_BYTES);
        }
      }
      const current = ahead.shift();
      if (!current) {
        if (this.#now.size === 0) await new Promise<void>((wake) => (this.#wake = wake));
        continue;
      }
      aheadBytes -= Math.min(current.file.size, BLOCK_BYTES);
      const bytes = await current.bytes;
      if (bytes) await this.#send(current, bytes);
    }
  }

  /** What somebody waits for. */
  async #sendNow(): Promise<void> {
    while (this.#now.size > 0 && !this.#closed) {
      const prepared = this.#prepareNext(this.#now);
      const bytes = await prepared?.bytes;
      if (prepared && bytes) await this.#send(prepared, bytes, true);
    }
  }

  /** Takes what is asked for next of one block, and starts reading it. */
  #prepareNext(queue: Queue): Prepared | undefined {
    let begun: { file: SendingFile; handle: number } | undefined;
    let block = -1;
    const pieces: number[] = [];
    for (const [key, next] of queue) {
      const of = Math.floor(next.piece / PIECES_PER_BLOCK);
      if (begun && (next.handle !== begun.handle || of !== block)) break;
      queue.delete(key);
      if (!isAnswered(next)) continue;
      begun = next;
      block = of;
      pieces.push(next.piece);
    }
    if (!begun) return undefined;
    const { file, handle } = begun;
    return { file, handle, block, pieces, bytes: this.#read(file, block, pieces) };
  }

  /** Lets what somebody waits for go first, piece by piece, unless this is it. */
  async #send({ file, handle, block, pieces }: Prepared, bytes: Uint8Array, isNow = false): Promise<void> {
    const most = this.lane.maxMessageBytes < FRAME_HEADER_BYTES + PIECE_BYTES ? SMALL_FRAME_PAYLOAD_BYTES : PIECE_BYTES;
    const start = block * BLOCK_BYTES;
    for (const piece of pieces) {
      if (!isNow && this.#now.size > 0) await this.#sendNow();
      const from = piece * PIECE_BYTES - start;
      const end = Math.min(from + PIECE_BYTES, bytes.length);
      for (let at = from; at < end; at += most) {
        while (this.lane.full) {
          try {
            await this.lane.drained();
          } catch {
            return; // closed: the receiver asks again on another lane
          }
        }
        if (this.#closed || !isAnswered({ file, handle })) return; // the rest would be for nothing
        this.lane.send(encodeFrame(handle, start + at, bytes.subarray(at, Math.min(at + most, end)), this.#frame));
      }
    }
  }
}

/** Whether what was asked for of a file, under this name, is sent. */
function isAnswered({ file, handle }: { file: SendingFile; handle: number }): boolean {
  return file.state === 'active' && file.here === 'none' && file.handle === handle;
}
