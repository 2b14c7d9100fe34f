import type { ReceiverMessage } from '@tincan/shared/link-message';
import { inBatches } from './batches.ts';
import { inGroups, toRanges } from './blocks.ts';
import type { ReceivingFile } from './incoming-file.ts';
import { LaneRequests } from './lane-requests.ts';
import type { OpenBlock } from './open-block.ts';
import type { LaneName } from './path.ts';
import { Planner, type Asked } from './planner.ts';
import { StallWatch } from './stall-watch.ts';

/** Asks one peer for what its files lack, each lane for its own pieces: what a lane was asked for goes with it, and with nothing else. */
export class Requests {
  readonly #send: (message: ReceiverMessage) => void;
  readonly #now: () => number;
  readonly #planner = new Planner();
  readonly #stallWatch = new StallWatch(
    () => this.#planner.isWaiting,
    () => this.#askAgain(),
  );
  #askIsSoon = false;

  constructor(send: (message: ReceiverMessage) => void, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  /** Asks for what the file lacks, after all files before it, or before them where it had its turn already; before all where somebody looks at it. */
  plan(file: ReceivingFile, when: 'first' | 'last'): void {
    if (!file.isAsked) return;
    if (file.isRead) this.#planner.addNow(file);
    if (when === 'first') this.#planner.addFirst(file);
    else this.#planner.add(file);
    this.#askSoon();
  }

  /** A block is not open any more: written, or to be asked for again. */
  handleClosed(file: ReceivingFile, open: OpenBlock): void {
    this.#planner.release(open);
    this.plan(file, 'first');
    this.#askSoon();
  }

  /** Nothing of the file is waited for any more; what has not wholly arrived is forgotten. */
  giveBack(file: ReceivingFile): void {
    for (const open of file.closeAll()) this.#planner.release(open);
    this.#askSoon();
  }

  openLane(lane: LaneName): void {
    this.#planner.openLane(new LaneRequests(lane, this.#now));
    this.#askSoon();
  }

  /** What the lane was asked for is asked for on others, or on the next; what it has brought stays. */
  closeLane(lane: LaneName): void {
    this.#planner.closeLane(lane);
    this.#askSoon();
  }

  /** Something came. On the way of every frame. */
  handleHeard(): void {
    this.#stallWatch.handleHeard();
    if (this.#planner.isHungry) this.#askSoon();
  }

  /** All lanes are gone with the link. Blocks whose hash was not heard are closed: the sender's word for it may be lost. */
  handleLinkDown(files: Iterable<ReceivingFile>): void {
    this.#stallWatch.stop();
    for (const lane of this.#planner.lanes) this.#planner.closeLane(lane);
    for (const file of files) {
      for (const open of [...file.open.values()]) {
        if (open.writing || open.expected) continue;
        file.closeAgain(open);
        this.#planner.release(open);
      }
    }
  }

  /** Asks once for all that happens in this turn. */
  #askSoon(): void {
    if (this.#askIsSoon) return;
    this.#askIsSoon = true;
    queueMicrotask(() => {
      this.#askIsSoon = false;
      for (const [lane, asked] of this.#planner.takeNow()) this.#sendWants(lane, asked, true);
      for (const [lane, asked] of this.#planner.take()) this.#sendWants(lane, asked);
    });
  }

  /** Nothing came for long, and no loss is known of: asks once more for what has not arrived. */
  #askAgain(): void {
    for (const lane of this.#planner.lanes) this.#sendWants(lane, this.#planner.awaited(lane));
  }

  #sendWants({ index, epoch }: LaneRequests, asked: Asked, now?: true): void {
    const wants = [...asked].flatMap(([{ handle, durable }, pieces]) =>
      handle === undefined
        ? []
        : [...inGroups(toRanges(pieces))].map((ranges) => ({ handle, pieces: ranges, durable })),
    );
    for (const batch of inBatches(wants)) this.#send({ type: 'want', lane: index, epoch, now, wants: batch });
    if (wants.length > 0) this.#stallWatch.start();
  }
}
