import {
  parseLinkMessage,
  isSenderMessage,
  type ReceiverMessage,
  type SenderMessage,
} from '@tincan/shared/link-message';
import { MemoryStore } from '../memory-sink.ts';
import type { FrameLane } from '../path.ts';
import { Receiver, type IncomingFile } from '../receiver.ts';
import { Sender, type OutgoingFile } from '../sender.ts';
import type { SinkStore } from '../sink.ts';

type Item = { on: 'link'; text: string; to: Side } | { on: 'lane'; frame: ArrayBuffer; to: Side };

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
  readonly #queues: Record<'link' | 'lane', Item[]> = { link: [], lane: [] };
  #linkUp = true;
  #laneOpen = false;
  #running = false;
  readonly #waiters = new Set<{ resolve(): void; reject(error: Error): void }>();

  constructor({ alice = new MemoryStore(), bob = new MemoryStore() }: { alice?: SinkStore; bob?: SinkStore } = {}) {
    this.alice = new Side(this, alice);
    this.bob = new Side(this, bob);
  }

  other(side: Side): Side {
    return side === this.alice ? this.bob : this.alice;
  }

  put(item: Item): void {
    if (!this.#linkUp) return;
    this.#queues[item.on].push(item);
    void this.#run();
  }

  openLane(): void {
    if (this.#laneOpen || !this.#linkUp) return;
    this.#laneOpen = true;
    for (const side of [this.alice, this.bob]) side.sender.handleLaneOpened(this.#laneTo(this.other(side)));
  }

  /** The lane fails on both sides and, as the link lives, a new one opens. */
  cutLane(): void {
    if (!this.#laneOpen) return;
    this.#closeLane();
    this.openLane();
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

  readonly #lanes: { to: Side; lane: FrameLane }[] = [];

  #laneTo(to: Side): FrameLane {
    const queue = this.#queues.lane;
    const buffered = () =>
      queue.reduce((sum, item) => sum + (item.on === 'lane' && item.to === to ? item.frame.byteLength : 0), 0);
    let open = true;
    const lane = {
      get bufferedBytes() {
        return buffered();
      },
      send: (frame: Uint8Array<ArrayBuffer>) => {
        if (!open) return;
        const copy = frame.slice();
        this.tamper(copy);
        this.put({ on: 'lane', frame: copy.buffer, to });
      },
      drained: () =>
        new Promise<void>((resolve, reject) => {
          if (!open) reject(new Error('closed'));
          else this.#waiters.add({ resolve, reject });
        }),
      close: () => {
        open = false;
      },
    };
    this.#lanes.push({ to, lane });
    return lane;
  }

  #closeLane(): void {
    if (!this.#laneOpen) return;
    this.#laneOpen = false;
    this.#queues.lane.length = 0;
    for (const { to, lane } of this.#lanes.splice(0)) {
      (lane as FrameLane & { close(): void }).close();
      this.other(to).sender.handleLaneClosed(lane);
    }
    for (const waiter of this.#waiters) waiter.reject(new Error('lane closed'));
    this.#waiters.clear();
    for (const side of [this.alice, this.bob]) side.receiver.handleLaneClosed();
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
      if (this.#queues.lane.length < 4) {
        for (const waiter of this.#waiters) waiter.resolve();
        this.#waiters.clear();
      }
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

/** Waits until `predicate` holds, a turn of the loop at a time; fails with `what` after 5 s. */
export async function until(predicate: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!predicate()) {
    if (Date.now() > deadline) throw new Error(`not within 5 s: ${what}`);
    await new Promise(setImmediate);
  }
}
