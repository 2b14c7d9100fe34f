import { PIECE_BYTES, SMALL_FRAME_PAYLOAD_BYTES } from '@tincan/shared/limits';
import { takeBlockMemory } from './block-memory.ts';
import type { LaneRequests } from './lane-requests.ts';

const HALVES_PER_PIECE = PIECE_BYTES / SMALL_FRAME_PAYLOAD_BYTES;

/** Whether bytes at this offset of a file are a whole piece, or one half of it. */
export function isFrameOf(size: number, offset: number, length: number): boolean {
  if (offset % SMALL_FRAME_PAYLOAD_BYTES !== 0 || offset + length > size) return false;
  const left = size - offset;
  const half = Math.min(SMALL_FRAME_PAYLOAD_BYTES, left);
  return length === half || (offset % PIECE_BYTES === 0 && length === Math.min(PIECE_BYTES, left));
}

/**
 * A block that was asked for and is not yet written: which of its pieces are asked for on which lane, and what has arrived of them. Its memory is taken
 * when its first frame comes. What has arrived stays, whatever happens to the lane that brought it.
 */
export class OpenBlock {
  readonly block: number;
  readonly length: number;
  /** How often it came with a wrong hash before. */
  readonly badTimes: number;
  bytes: Uint8Array<ArrayBuffer> | undefined;
  /** The sender's word for what its SHA-256 is; the first one counts. */
  expected: Uint8Array<ArrayBuffer> | undefined;
  /** Handed to the disk. */
  writing = false;
  /** One bit a half of a piece that has arrived: 32 of them in a block. */
  #arrived = 0;
  #missingBytes: number;
  readonly #asked: (LaneRequests | undefined)[] = [];
  readonly #askedTwice: (LaneRequests | undefined)[] = [];

  constructor(block: number, length: number, badTimes: number) {
    this.block = block;
    this.length = length;
    this.badTimes = badTimes;
    this.#missingBytes = length;
  }

  get pieces(): number {
    return Math.ceil(this.length / PIECE_BYTES);
  }

  get isWhole(): boolean {
    return this.#missingBytes === 0;
  }

  /** The pieces that have not wholly arrived and that nobody was asked for. */
  unasked(): number[] {
    return this.#lacking().filter((piece) => this.#asked[piece] === undefined);
  }

  /** The pieces that have not wholly arrived and were asked for on one other lane. */
  lateFor(lane: LaneRequests): number[] {
    return this.#lacking().filter((piece) => {
      const asked = this.#asked[piece];
      return asked !== undefined && asked !== lane && this.#askedTwice[piece] === undefined;
    });
  }

  /** The pieces that have not wholly arrived and were asked for on this lane. */
  awaitedOn(lane: LaneRequests): number[] {
    return this.#lacking().filter((piece) => this.#asked[piece] === lane || this.#askedTwice[piece] === lane);
  }

  /** Notes that a piece is asked for on this lane. */
  ask(piece: number, lane: LaneRequests): void {
    (this.#asked[piece] === undefined ? this.#asked : this.#askedTwice)[piece] = lane;
    lane.ask(this.#pieceBytes(piece));
  }

  /** This lane will not bring what it was asked for. */
  giveBack(lane: LaneRequests): void {
    for (let piece = 0; piece < this.pieces; piece++) {
      if (this.#askedTwice[piece] === lane) this.#release(this.#askedTwice, piece);
      if (this.#asked[piece] !== lane) continue;
      this.#release(this.#asked, piece);
      this.#asked[piece] = this.#askedTwice[piece];
      this.#askedTwice[piece] = undefined;
    }
  }

  /** Nobody is to bring anything of it any more. */
  giveUp(): void {
    for (let piece = 0; piece < this.pieces; piece++) {
      this.#release(this.#asked, piece);
      this.#release(this.#askedTwice, piece);
    }
  }

  /**
   * Puts the bytes of a frame (see `isFrameOf`) in their place. False where all of them were there already. Whoever else was asked for a piece
   * that is now whole is not waited for any more.
   */
  place(within: number, bytes: Uint8Array): boolean {
    const piece = Math.floor(within / PIECE_BYTES);
    const first = within / SMALL_FRAME_PAYLOAD_BYTES;
    let isNews = false;
    for (let half = first; half * SMALL_FRAME_PAYLOAD_BYTES < within + bytes.length; half++) {
      const bit = 1 << half;
      if (this.#arrived & bit) continue;
      isNews = true;
      this.#arrived |= bit;
      this.#missingBytes -= Math.min(SMALL_FRAME_PAYLOAD_BYTES, this.length - half * SMALL_FRAME_PAYLOAD_BYTES);
    }
    if (!isNews) return false;
    this.bytes ??= takeBlockMemory(this.length);
    this.bytes.set(bytes, within);
    if (this.#hasWhole(piece)) {
      this.#asked[piece]?.bring(this.#pieceBytes(piece));
      this.#asked[piece] = undefined;
      this.#release(this.#askedTwice, piece);
    }
    return true;
  }

  /** Whether the byte at this place in the block has arrived, and is not with the disk. */
  has(within: number): boolean {
    return this.bytes !== undefined && (this.#arrived & (1 << Math.floor(within / SMALL_FRAME_PAYLOAD_BYTES))) !== 0;
  }

  /** What has arrived from this place in the block on, without a gap; nothing once the disk has it. */
  arrivedFrom(within: number): Uint8Array<ArrayBuffer> {
    let half = Math.floor(within / SMALL_FRAME_PAYLOAD_BYTES);
    while (half * SMALL_FRAME_PAYLOAD_BYTES < this.length && this.#arrived & (1 << half)) half++;
    const end = Math.min(half * SMALL_FRAME_PAYLOAD_BYTES, this.length);
    return this.bytes && end > within ? this.bytes.slice(within, end) : new Uint8Array();
  }

  #lacking(): number[] {
    const lacking: number[] = [];
    for (let piece = 0; piece < this.pieces; piece++) if (!this.#hasWhole(piece)) lacking.push(piece);
    return lacking;
  }

  #hasWhole(piece: number): boolean {
    const halves = Math.ceil(this.#pieceBytes(piece) / SMALL_FRAME_PAYLOAD_BYTES);
    const mask = ((1 << halves) - 1) << (piece * HALVES_PER_PIECE);
    return (this.#arrived & mask) === mask;
  }

  #pieceBytes(piece: number): number {
    return Math.min(PIECE_BYTES, this.length - piece * PIECE_BYTES);
  }

  #release(asked: (LaneRequests | undefined)[], piece: number): void {
    const lane = asked[piece];
    lane?.giveUp(this.#pieceBytes(piece));
    asked[piece] = undefined;
  }
}
