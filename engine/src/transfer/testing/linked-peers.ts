import {
  parseLinkMessage,
  isSenderMessage,
  type ReceiverMessage,
  type SenderMessage,
} from '@tincan/shared/link-message';
import { MemoryStore } from '../memory-store.ts';
import type { FrameLane, LaneName } from '../path.ts';
import type { TransferFile } from '../file-state.ts';
import { Receiver } from '../receiver.ts';
import { Sender } from '../sender.ts';
import type { OfferStore } from '../store.ts';

type Item = { on: 'link'; text: string; to: Side } | { on: 'lane'; lane: string; frame: ArrayBuffer; to: Side };

/** As a real lane's. */
const LANE_FULL_BYTES = 1_048_576;

interface FakeLane extends FrameLane {
  readonly bufferedBytes: number;
  drain(): void;
  close(): void;
}

/** One end of the pair: a sender and a receiver over one link and its lanes. */
export class Side {
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly store: OfferStore;

  constructor(wire: LinkedPeers, store: OfferStore) {
    const path = {
      send: (message: SenderMessage | ReceiverMessage) =>
        wire.put({ on: 'link', text: JSON.stringify(message), to: wire.other(this) }),
      openLanes: () => wire.openLanes(),
    };
    this.store = store;
    this.sender = new Sender({ path, keeps: true });
    this.receiver = new Receiver({ path, store });
  }
}

export interface LinkedPeersOptions {
  alice?: OfferStore;
  bob?: OfferStore;
  lanes?: number;
  /** The largest message that either side takes on a lane, in bytes. */
  maxMessageBytes?: number;
}

/** A lane between the two: what is on its way on it, and its two ends. */
interface Pair {
  readonly name: string;
  readonly queue: Item[];
  readonly ends: Map<Side, FakeLane>;
}

/**
 * Two peers in one process. What one says reaches the other in order, a piece at a time, each in a turn of its own;
 * link and lanes are independent. After any number of pieces a lane or everything can be cut, and what is under way
 * is lost; either page can be loaded anew.
 */
export class LinkedPeers {
  alice: Side;
  bob: Side;
  /** Control messages and frames that have arrived so far. */
  delivered = 0;
  /** Frames that have arrived at either side. */
  frames = 0;
  /** Called after each; may cut. */
  onDelivered: (item: Item) => void = () => {};
  /** May change a frame under way, as a broken network would. */
  tamper: (frame: Uint8Array) => void = () => {};
  /** Says of what is put on the wire whether it never arrives. */
  loses: (item: Item) => boolean = () => false;
  /** Says of a lane whether it stands still. */
  stands: (index: number) => boolean = () => false;
  readonly #options: LinkedPeersOptions;
  readonly #link: Item[] = [];
  readonly #lanes = new Map<number, Pair>();
  #epoch = 0;
  #linkUp = true;
  #lanesWanted = false;
  #running = false;
  #turn = 0;

  constructor(options: LinkedPeersOptions = {}) {
    this.#options = options;
    this.alice = new Side(this, options.alice ?? new MemoryStore());
    this.bob = new Side(this, options.bob ?? new MemoryStore());
    this.#raise();
  }

  other(side: Side): Side {
    return side === this.alice ? this.bob : this.alice;
  }

  put(item: Item): void {
    if (!this.#linkUp || this.loses(item)) return;
    if (item.on === 'link') this.#link.push(item);
    else this.#laneNamed(item.lane)?.queue.push(item);
    void this.#run();
  }

  openLanes(): void {
    this.#lanesWanted = true;
    if (!this.#linkUp) return;
    for (let index = 0; index < (this.#options.lanes ?? 1); index++) if (!this.#lanes.has(index)) this.#openLane(index);
  }

  /**
   * A lane fails: `first` sees it at once, the other so many turns of the loop later, and what it puts into the lane
   * meanwhile is lost. Then, as the link lives, a new one opens.
   */
  cutLane(first = this.bob, turnsBetween = 0, index = 0): void {
    const pair = this.#lanes.get(index);
    if (!pair || pair.ends.size < 2) return;
    pair.queue.length = 0;
    pair.queue.push = () => 0; // what is still put into it is lost
    this.#closeLaneAt(first, pair);
    const finish = (turns: number) => {
      if (turns > 0) return void setImmediate(() => finish(turns - 1));
      if (this.#lanes.get(index) !== pair) return; // everything was cut meanwhile
      this.#closeLane(pair);
      this.openLanes();
    };
    finish(turnsBetween);
  }

  /** The path is cut: link and lanes are gone until `restore`. */
  cut(): void {
    if (!this.#linkUp) return;
    this.#linkUp = false;
    this.#link.length = 0;
    for (const pair of [...this.#lanes.values()]) this.#closeLane(pair);
    for (const side of [this.alice, this.bob]) {
      side.sender.handleLinkDown();
      side.receiver.handleLinkDown();
    }
  }

  restore(): void {
    this.#linkUp = true;
    this.#raise();
    if (this.#lanesWanted) this.openLanes();
  }

  /** A lane that stood still does not any more. */
  goOn(): void {
    void this.#run();
  }

  /** Sends what is under way, and all that follows from it, until nothing is but on lanes that stand still. */
  async settle(): Promise<void> {
    // Hashing and blobs end in turns of the loop that nobody announces: quiet means many empty turns.
    for (let quiet = 0; quiet < 40; quiet++) {
      await new Promise(setImmediate);
      if (this.#queues().some((queue) => queue.length > 0)) quiet = 0;
    }
  }

  #raise(): void {
    for (const side of [this.alice, this.bob]) {
      side.receiver.handleLinkUp();
      side.sender.handleLinkUp();
    }
  }

  #laneNamed(name: string): Pair | undefined {
    return [...this.#lanes.values()].find((pair) => pair.name === name);
  }

  #openLane(index: number): void {
    const epoch = ++this.#epoch;
    const pair: Pair = { name: `${index} ${epoch}`, queue: [], ends: new Map() };
    this.#lanes.set(index, pair);
    for (const side of [this.alice, this.bob]) {
      const lane = this.#laneFrom(side, pair, { index, epoch });
      pair.ends.set(side, lane);
      side.sender.handleLaneOpened(lane);
      side.receiver.handleLaneOpened(lane);
    }
  }

  #laneFrom(side: Side, pair: Pair, name: LaneName): FakeLane {
    const to = this.other(side);
    const waiters = new Set<{ resolve(): void; reject(error: Error): void }>();
    let open = true;
    const lane: FakeLane = {
      ...name,
      maxMessageBytes: this.#options.maxMessageBytes ?? 262_144,
      get bufferedBytes() {
        return pair.queue.reduce(
          (sum, item) => sum + (item.on === 'lane' && item.to === to ? item.frame.byteLength : 0),
          0,
        );
      },
      get full() {
        return lane.bufferedBytes >= LANE_FULL_BYTES;
      },
      send: (frame) => {
        if (!open) return;
        if (frame.byteLength > lane.maxMessageBytes) throw new Error('a frame that the other side does not take');
        const copy = frame.slice();
        this.tamper(copy);
        this.put({ on: 'lane', lane: pair.name, frame: copy.buffer, to });
      },
      drained: () =>
        new Promise<void>((resolve, reject) => {
          if (!open) reject(new Error('closed'));
          else if (lane.bufferedBytes === 0) resolve();
          else waiters.add({ resolve, reject });
        }),
      drain: () => {
        for (const waiter of waiters) waiter.resolve();
        waiters.clear();
      },
      close: () => {
        open = false;
        for (const waiter of waiters) waiter.reject(new Error('lane closed'));
        waiters.clear();
      },
    };
    return lane;
  }

  #closeLane(pair: Pair): void {
    for (const [index, known] of this.#lanes) if (known === pair) this.#lanes.delete(index);
    pair.queue.length = 0;
    for (const side of [this.alice, this.bob]) this.#closeLaneAt(side, pair);
  }

  #closeLaneAt(side: Side, pair: Pair): void {
    const lane = pair.ends.get(side);
    if (!lane) return; // closed here before
    pair.ends.delete(side);
    lane.close();
    side.sender.handleLaneClosed(lane);
    side.receiver.handleLaneClosed(lane);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      await Promise.resolve();
      const item = this.#next();
      if (!item) break;
      if (item.on === 'lane') {
        this.frames++;
        item.to.receiver.handleFrame(item.frame);
      } else {
        const message = parseLinkMessage(item.text);
        if (!message.ok) throw new Error(`the engine sent a bad message: ${JSON.stringify(message.error)}`);
        const { value } = message;
        if (isSenderMessage(value)) item.to.receiver.handleMessage(value);
        else item.to.sender.handleMessage(value as ReceiverMessage);
      }
      this.delivered++;
      this.onDelivered(item);
      for (const { queue, ends } of this.#lanes.values())
        if (queue.length < 4) for (const lane of ends.values()) lane.drain();
    }
    this.#running = false;
  }

  #queues(): Item[][] {
    return [this.#link, ...[...this.#lanes].filter(([index]) => !this.stands(index)).map(([, { queue }]) => queue)];
  }

  /** Link and lanes take turns, so that none is always first. */
  #next(): Item | undefined {
    const queues = this.#queues();
    for (let tried = 0; tried < queues.length; tried++) {
      const item = queues[this.#turn++ % queues.length]!.shift();
      if (item) return item;
    }
    return undefined;
  }
}

/** The only file whose path is `path`, or fails. */
export function fileAt<T extends TransferFile>(files: Iterable<T>, path: string): T {
  const found = [...files].filter((file) => file.path === path);
  if (found.length !== 1) throw new Error(`${found.length} files at ${path}`);
  return found[0]!;
}

/** The bytes of a received file. */
export async function openAt(receiver: Receiver, path: string): Promise<Uint8Array> {
  const blob = await receiver.open(fileAt(receiver.files, path).id);
  if (!blob) throw new Error(`${path} is not whole`);
  return new Uint8Array(await blob.arrayBuffer());
}

/** Waits until `predicate` holds, a turn of the loop at a time; fails with `what` after 20 s. */
export async function until(predicate: () => boolean, what: string | (() => string)): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!predicate()) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${typeof what === 'string' ? what : what()}`);
    await new Promise(setImmediate);
  }
}
