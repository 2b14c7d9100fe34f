import type { ReceiverMessage } from '@tincan/shared/link-message';
import { LaneFeed, type ReadBlock } from './lane-feed.ts';
import type { SendingFile } from './outgoing-offer.ts';
import type { FrameLane } from './path.ts';

/** What a receiver may ask for on a lane that is not open here yet, in messages. */
const MAX_EARLY_WANTS = 64;

type Want = Extract<ReceiverMessage, { type: 'want' }>;

/** The feeds of all lanes that are open, and what was asked for on those that are not open here yet. */
export class LaneFeeds {
  readonly #read: ReadBlock;
  readonly #feeds = new Map<number, LaneFeed>();
  #early: Want[] = [];

  constructor(read: ReadBlock) {
    this.#read = read;
  }

  /** What is asked for on the lane goes out on it until it closes. Gives what was asked for before it was open here. */
  open(lane: FrameLane): Want[] {
    this.#feeds.get(lane.index)?.close();
    this.#feeds.set(lane.index, new LaneFeed({ lane, read: this.#read }));
    const early = this.#early.filter(({ lane: index, epoch }) => index === lane.index && epoch === lane.epoch);
    // Those of a later opening, which the receiver has seen before us, wait on.
    this.#early = this.#early.filter(({ lane: index, epoch }) => index !== lane.index || epoch > lane.epoch);
    return early;
  }

  /** The feed that answers this, if its lane is open: what came early waits for it, what came late is lost with its lane. */
  feedFor(want: Want): LaneFeed | undefined {
    const feed = this.#feeds.get(want.lane);
    if (feed?.lane.epoch === want.epoch) return feed;
    const isLate = feed !== undefined && feed.lane.epoch > want.epoch;
    if (!isLate && this.#early.length < MAX_EARLY_WANTS) this.#early.push(want);
    return undefined;
  }

  /** Nobody waits any more for what was asked for of this file. */
  drop(file: SendingFile): void {
    for (const feed of this.#feeds.values()) feed.drop(file);
  }

  close(lane: FrameLane): void {
    const feed = this.#feeds.get(lane.index);
    if (feed?.lane !== lane) return;
    feed.close();
    this.#feeds.delete(lane.index);
  }

  closeAll(): void {
    this.#early = [];
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
  }
}
