import { BLOCK_BYTES, PIECE_BYTES } from '@tincan/shared/limits';
import { PIECES_PER_BLOCK } from './blocks.ts';
import type { ReceivingFile } from './incoming-file.ts';
import type { LaneRequests } from './lane-requests.ts';
import type { OpenBlock } from './open-block.ts';
import type { LaneName } from './path.ts';

/** What may be asked for and not yet written, in bytes: the only window there is, so the disk sets the pace. */
const WINDOW_BYTES = 16 * BLOCK_BYTES;
/** What a block counts for at least, so that the window also bounds how many small files are open at once. */
const MAX_OPEN = 256;
const MIN_BLOCK_COST = WINDOW_BYTES / MAX_OPEN;
/** More is asked for when this much of a lane's quota is free, and so many more small files may be open: asking costs a message. */
const ASK_SHARE = 0.25;
/** Of all that was asked for, what may be asked for twice near the end. */
const TWICE_SHARE = 0.01;

/** Of what somebody waits for, so many pieces on each lane: what a lane is slow with, a quicker one could have brought. */
const NOW_PIECES = 2;
/** And beyond the window, in bytes. */
const NOW_BYTES = WINDOW_BYTES / 2;

/** What to ask for now: pieces by their number in the file, in order. */
export type Asked = Map<ReceivingFile, number[]>;

/**
 * Decides what to ask for on which lane: accepted files in order, block after block, as far as the window goes; what a lost lane has left
 * behind first; and near the end, on a lane that has nothing else to do, what another one is late with. Pure.
 */
export class Planner {
  /** Those of which somebody waits for bytes come before all others, */
  readonly #read = new Set<ReceivingFile>();
  /** and then those that must be asked for again. */
  readonly #again = new Set<ReceivingFile>();
  readonly #ahead = new Set<ReceivingFile>();
  readonly #lanes = new Map<number, LaneRequests>();
  /** Every block that is asked for and not yet written, in the order in which it was opened. */
  readonly #open = new Map<OpenBlock, ReceivingFile>();
  /** When last asked, there was not enough for all lanes. */
  #hasNothing = false;
  #usedBytes = 0;
  #askedBytes = 0;
  #twiceBytes = 0;

  /** Bytes that were asked for on two lanes. */
  get twiceBytes(): number {
    return this.#twiceBytes;
  }

  get lanes(): LaneRequests[] {
    return [...this.#lanes.values()];
  }

  /** The file's blocks come after those of all files before it. */
  add(file: ReceivingFile): void {
    if (!this.#again.has(file)) this.#ahead.add(file);
  }

  /** The file has blocks that must be asked for again: they come first. */
  addFirst(file: ReceivingFile): void {
    if (!this.#ahead.has(file)) this.#again.add(file);
  }

  /** Somebody waits for bytes of the file: for so long, it comes before all others. */
  addNow(file: ReceivingFile): void {
    this.#read.add(file);
  }

  openLane(requests: LaneRequests): void {
    this.#lanes.set(requests.index, requests);
  }

  /** The lane is gone: what it has not brought is for others to bring. What has arrived stays. */
  closeLane({ index, epoch }: LaneName): void {
    const lane = this.#lanes.get(index);
    if (lane?.epoch !== epoch) return;
    this.#lanes.delete(index);
    for (const open of this.#open.keys()) open.giveBack(lane);
  }

  /**
   * What somebody waits for and nobody was asked for: all lanes bring it together, and before what they were asked for earlier, however much that is and
   * whatever the window says: half of it more.
   */
  takeNow(): Map<LaneRequests, Asked> {
    const { lanes } = this;
    if (this.#read.size === 0 || lanes.length === 0) return new Map();
    const taken = new Map<LaneRequests, Asked>(lanes.map((lane) => [lane, new Map()]));
    for (const file of this.#read) {
      if (!file.isRead || !file.isAsked) {
        this.#read.delete(file); // it is planned anew when it is asked for again
        continue;
      }
      for (const offset of file.readOffsets) {
        const [block, piece] = [Math.floor(offset / BLOCK_BYTES), Math.floor((offset % BLOCK_BYTES) / PIECE_BYTES)];
        const isRoom = this.#usedBytes < WINDOW_BYTES + NOW_BYTES;
        const open = file.open.get(block) ?? (isRoom ? this.#note(file, file.openAt(block)) : undefined);
        if (!open) continue;
        const soon = piece + NOW_PIECES * lanes.length;
        for (const each of open.unasked().filter((one) => one >= piece && one < soon)) {
          const lane = leastFull(lanes)!;
          this.#ask(taken.get(lane)!, file, open, [each], lane);
        }
      }
    }
    return taken;
  }

  /** What to ask for on each lane now: block by block, on the lane that has least to bring; nothing on one that still has enough. */
  take(): Map<LaneRequests, Asked> {
    const hungry = this.lanes.filter(isHungry);
    const taken = new Map<LaneRequests, Asked>(hungry.map((lane) => [lane, new Map()]));
    const next = () => {
      const lane = leastFull(hungry);
      return lane && fullness(lane) < 1 ? lane : undefined;
    };
    /** A block by itself to one lane; where a lane's share is less than that, its parts to several. */
    const share = (open: OpenBlock, file: ReceivingFile) => {
      const pieces = open.unasked();
      while (pieces.length > 0) {
        const lane = next();
        if (!lane) return;
        const room = Math.ceil((lane.quotaBytes - lane.awaitedBytes) / PIECE_BYTES);
        const count = lane.quotaBytes < 2 * BLOCK_BYTES ? room : pieces.length;
        this.#ask(taken.get(lane)!, file, open, pieces.splice(0, count), lane);
      }
    };
    for (const [open, file] of this.#open) {
      if (!next()) break;
      if (file.isAsked) share(open, file);
    }
    const isWorthIt = this.#open.size <= MAX_OPEN * (1 - ASK_SHARE);
    let isTheEnd = false;
    while (isWorthIt && !isTheEnd && this.#usedBytes < WINDOW_BYTES && next()) {
      const opened = this.#openNext();
      if (opened) share(opened.open, opened.file);
      else isTheEnd = true;
    }
    this.#hasNothing = next() !== undefined;
    if (isTheEnd) for (const [lane, asked] of taken) if (lane.awaitedBytes === 0) this.#takeLate(asked, lane);
    return taken;
  }

  /** A lane has little left to bring, and there may be something to ask it for. */
  get isHungry(): boolean {
    for (const lane of this.#lanes.values())
      if (lane.awaitedBytes === 0 || (isHungry(lane) && !this.#hasNothing)) return true;
    return false;
  }

  /** Something is asked for that has not come: bytes, or the hash of a block. */
  get isWaiting(): boolean {
    return [...this.#open.keys()].some((open) => !open.isWhole || !open.expected);
  }

  /** Everything that is asked for on this lane and has not arrived, and the first piece of every block whose hash has not: with it, the sender tells it again. */
  awaited(lane: LaneRequests): Asked {
    const awaited: Asked = new Map();
    for (const [open, file] of this.#open) {
      if (!file.isAsked) continue;
      note(awaited, file, open, open.isWhole && !open.expected ? [0] : open.awaitedOn(lane));
    }
    return awaited;
  }

  /** The block is finished with, whichever way. */
  release(open: OpenBlock): void {
    if (this.#open.delete(open)) this.#usedBytes -= cost(open);
  }

  #openNext(): { file: ReceivingFile; open: OpenBlock } | undefined {
    for (const files of [this.#read, this.#again, this.#ahead]) {
      for (const file of files) {
        const isTurn = file.isAsked && (file.isRead || files !== this.#read);
        const open = isTurn ? file.openNext() : undefined;
        if (open) return { file, open: this.#note(file, open) };
        files.delete(file);
      }
    }
    return undefined;
  }

  #note(file: ReceivingFile, open: OpenBlock): OpenBlock {
    this.#open.set(open, file);
    this.#usedBytes += cost(open);
    return open;
  }

  /** A lane that is late with the last pieces must not keep all others waiting. */
  #takeLate(asked: Asked, lane: LaneRequests): void {
    for (const [open, file] of this.#open) {
      const pieces = file.isAsked ? open.lateFor(lane) : [];
      const bytes = pieces.length * PIECE_BYTES;
      if (this.#twiceBytes + bytes > Math.max(PIECE_BYTES, this.#askedBytes * TWICE_SHARE)) continue;
      this.#twiceBytes += bytes;
      this.#ask(asked, file, open, pieces, lane);
    }
  }

  #ask(asked: Asked, file: ReceivingFile, open: OpenBlock, pieces: readonly number[], lane: LaneRequests): void {
    if (pieces.length === 0) return;
    for (const piece of pieces) open.ask(piece, lane);
    this.#askedBytes += pieces.length * PIECE_BYTES;
    note(asked, file, open, pieces);
  }
}

function fullness({ awaitedBytes, quotaBytes }: LaneRequests): number {
  return awaitedBytes / quotaBytes;
}

/** The lane that has least to bring; of several, the first. */
function leastFull(lanes: readonly LaneRequests[]): LaneRequests | undefined {
  return lanes.reduce<LaneRequests | undefined>(
    (least, each) => (least && fullness(least) <= fullness(each) ? least : each),
    undefined,
  );
}

function isHungry(lane: LaneRequests): boolean {
  return fullness(lane) <= 1 - ASK_SHARE;
}

function note(asked: Asked, file: ReceivingFile, open: OpenBlock, pieces: readonly number[]): void {
  if (pieces.length === 0) return;
  const all = asked.get(file) ?? [];
  asked.set(file, all);
  for (const piece of pieces) all.push(open.block * PIECES_PER_BLOCK + piece);
}

function cost(open: OpenBlock): number {
  return Math.max(open.length, MIN_BLOCK_COST);
}
