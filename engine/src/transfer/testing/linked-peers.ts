import {
  parseLinkMessage,
  isSenderMessage,
  type ReceiverMessage,
  type SenderMessage,
} from '@tincan/shared/link-message';
import { MemoryStore } from '../memory-sink.ts';
import type { FrameLane } from '../path.ts';
import type { IncomingFile } from '../incoming-file.ts';
import { Receiver } from '../receiver.ts';
import { Sender, type OutgoingFile } from '../sender.ts';
import type { SinkStore } from '../sink.ts';

type Item = { on: 'link'; text: string; to: Side } | { on: 'lane'; frame: ArrayBuffer; to: Side };

/** As a real lane's. */
const LANE_FULL_BYTES = 1_048_576;

interface FakeLane extends FrameLane {
  readonly bufferedBytes: number;
  drain(): void;
  close(): void;
}

/** One end of the pair: a sender and a receiver over one link and one lane. */
export class Side {
  readonly sender: Sender;
  readonly receiver: Receiver;

  constructor(wire: LinkedPeers, store: SinkStore) {
    const path = {
      send: (message: SenderMessage | ReceiverMessage) =>
        wire.put({ on: 'link', text: JSON.stringify(message), to: wire.other(this) }),
      openLanes: () => wire.openLane(),
    };
    this.sender = new Sender(path);
    this.receiver = new Receiver(path, store);
  }
}

/**
 * Two peers in one process. What one says reaches the other in order, a piece at a time, each in a turn of its own;
 * link and lane are independent. After any number of pieces the lane or everything can be cut, and what is under way
 * is lost.
 */
export class LinkedPeers {
  readonly alice: Side;
  readonly bob: Side;
  /** Control messages and frames that have arrived so far. */
  delivered = 0;
  /** Called after each; may cut. */
  onDelivered: () => void = () => {};
  /** May change a frame under way, as a broken network would. */
  tamper: (frame: Uint8Array) => void = () => {};
  /** Says of what is put on the wire whether it never arrives. */
  loses: (item: Item) => boolean = () => false;
  readonly #queues: Record<'link' | 'lane', Item[]> = { link: [], lane: [] };
  #linkUp = true;
  #laneOpen = false;
  /** One end has seen that the lane is gone. */
  #laneLost = false;
  #running = false;

  constructor({ alice = new MemoryStore(), bob = new MemoryStore() }: { alice?: SinkStore; bob?: SinkStore } = {}) {
    this.alice = new Side(this, alice);
    this.bob = new Side(this, bob);
  }

  other(side: Side): Side {
    return side === this.alice ? this.bob : this.alice;
  }

  put(item: Item): void {
    if (!this.#linkUp || (item.on === 'lane' && this.#laneLost) || this.loses(item)) return;
    this.#queues[item.on].push(item);
    void this.#run();
  }

  openLane(): void {
    if (this.#laneOpen || !this.#linkUp) return;
    this.#laneOpen = true;
    for (const side of [this.alice, this.bob]) {
      side.sender.handleLaneOpened(this.#laneTo(this.other(side)));
      side.receiver.handleLaneOpened();
    }
  }

  /**
   * The lane fails: `first` sees it at once, the other so many turns of the loop later, and what it puts into the lane
   * meanwhile is lost. Then, as the link lives, a new one opens.
   */
  cutLane(first = this.bob, turnsBetween = 0): void {
    if (!this.#laneOpen || this.#laneLost) return;
    this.#laneLost = true;
    this.#queues.lane.length = 0;
    this.#closeLaneAt(first);
    const finish = (turns: number) => {
      if (turns > 0) return void setImmediate(() => finish(turns - 1));
      if (!this.#laneLost) return; // everything was cut meanwhile
      this.#closeLane();
      this.openLane();
    };
    finish(turnsBetween);
  }

  /** The path is cut: link and lane are gone until `restore`. */
  cut(): void {
    this.#linkUp = false;
    this.#queues.link.length = 0;
    this.#closeLane();
  }

  restore(): void {
    this.#linkUp = true;
    for (const side of [this.alice, this.bob]) {
      side.receiver.handleLinkUp();
      side.sender.handleLinkUp();
    }
  }

  /** Sends what is under way, and all that follows from it, until nothing is. */
  async settle(): Promise<void> {
    // Hashing and blobs end in turns of the loop that nobody announces: quiet means many empty turns.
    for (let quiet = 0; quiet < 40; quiet++) {
      await new Promise(setImmediate);
      if (this.#queues.link.length + this.#queues.lane.length > 0) quiet = 0;
    }
  }

  readonly #lanes: { to: Side; lane: FakeLane }[] = [];

  #laneTo(to: Side): FrameLane {
    const queue = this.#queues.lane;
    const waiters = new Set<{ resolve(): void; reject(error: Error): void }>();
    let open = true;
    const lane: FakeLane = {
      get bufferedBytes() {
        return queue.reduce((sum, item) => sum + (item.on === 'lane' && item.to === to ? item.frame.byteLength : 0), 0);
      },
      get full() {
        return lane.bufferedBytes >= LANE_FULL_BYTES;
      },
      send: (frame) => {
        if (!open) return;
        const copy = frame.slice();
        this.tamper(copy);
        this.put({ on: 'lane', frame: copy.buffer, to });
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
    this.#lanes.push({ to, lane });
    return lane;
  }

  #closeLane(): void {
    if (!this.#laneOpen) return;
    this.#laneOpen = false;
    this.#laneLost = false;
    this.#queues.lane.length = 0;
    for (const side of [this.alice, this.bob]) this.#closeLaneAt(side);
  }

  #closeLaneAt(side: Side): void {
    const own = this.#lanes.findIndex(({ to }) => to === this.other(side));
    if (own < 0) return; // closed here before
    const { lane } = this.#lanes[own]!;
    this.#lanes.splice(own, 1);
    lane.close();
    side.sender.handleLaneClosed(lane);
    side.receiver.handleLaneClosed();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      await Promise.resolve();
      // Link and lane take turns, so that neither is always first.
      const preferred = this.delivered % 2 ? this.#queues.link : this.#queues.lane;
      const item = preferred.shift() ?? this.#queues.link.shift() ?? this.#queues.lane.shift();
      if (!item) break;
      if (item.on === 'lane') {
        item.to.receiver.handleFrame(item.frame);
      } else {
        const message = parseLinkMessage(item.text);
        if (!message.ok) throw new Error(`the engine sent a bad message: ${JSON.stringify(message.error)}`);
        const { value } = message;
        if (isSenderMessage(value)) item.to.receiver.handleMessage(value);
        else item.to.sender.handleMessage(value as ReceiverMessage);
      }
      this.delivered++;
      this.onDelivered();
      if (this.#queues.lane.length < 4) for (const { lane } of this.#lanes) lane.drain();
    }
    this.#running = false;
  }
}

/** The only file whose path is `path`, or fails. */
export function fileAt<T extends IncomingFile | OutgoingFile>(files: Iterable<T>, path: string): T {
  const found = [...files].filter((file) => file.path === path);
  if (found.length !== 1) throw new Error(`${found.length} files at ${path}`);
  return found[0]!;
}

/** Waits until `predicate` holds, a turn of the loop at a time; fails with `what` after 20 s. */
export async function until(predicate: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!predicate()) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await new Promise(setImmediate);
  }
}
