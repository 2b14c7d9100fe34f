// How fast a link's lanes send, and on how many: asks over the link what has arrived, and follows the answers.
//
//   whoever sends ── lane-ask { ask } ─────────────────▶ whoever receives     (40 times a second, while something is sent; at first 80)
//                 ◀─ lane-arrived { ask, arrived } ────
import type { LaneMessage } from '@tincan/shared/link-message';
import type { Timers } from '../platform/timers.ts';
import { Budget } from './budget.ts';
import type { Lane } from './lane.ts';
import { LaneCount, MAX_LANES } from './lane-count.ts';
import { LineRate } from './line-rate.ts';

/** So often the other side is asked, in milliseconds; and as long as the rate rises for the first time, since the sooner it is told of a queue, the faster it may rise. */
const ASK_MS = 25;
const FIRST_ASK_MS = 12;
/** So many questions tell how long the path is, before anything is sent. */
const FIRST_QUESTIONS = 10;
/** And so many may be unanswered; nothing new is asked while they are. */
const MAX_QUESTIONS = 200;
/** After the last byte it is still asked for so long, in milliseconds. */
const IDLE_MS = 1_000;
/** A relay is somebody's, and forwards each lane anew. */
const MAX_RELAYED_LANES = 2;
/** A lane whose network took no more than two packets of this size in a round trip for so long, although something waits in it, has lost its window: it sends one, and will for minutes. */
const BROKEN_MS = 1_000;
const BROKEN_BYTES_PER_ROUND_TRIP = 2_400;
/** While no answer has come for so long, in milliseconds, the path itself is away, and no lane is to blame. */
const SILENCE_MS = 500;

export interface LanePacerOptions {
  /** Sends over the link. */
  send: (message: LaneMessage) => void;
  /** The other page answers; without, nothing is learned of the path, and nothing is paced. */
  answers: () => boolean;
  isRelayed: () => boolean;
  now: () => number;
  timers: Timers;
  /** So many lanes are wanted from now on. */
  want: (count: number) => void;
  /** The lane looks alive, and is not. */
  replace: (lane: Lane) => void;
}

/** What is known of an open lane. */
interface Watched {
  /** What the other side says that it has brought there; never more than it has taken. */
  arrivedBytes: number;
  /** When the network last took enough, and what it had taken by then. */
  progress: { at: number; bytes: number };
}

/** Paces the lanes of one link. Each is paced from its first byte, unless the path is short. */
export class LanePacer {
  readonly #options: LanePacerOptions;
  readonly #budget: Budget;
  readonly #lanes = new Map<Lane, Watched>();
  /** Of lanes that have closed. */
  readonly #gone = { carriedBytes: 0, arrivedBytes: 0 };
  #rate = new LineRate();
  #count = new LaneCount();
  /** Of a call beside them. */
  #limit: number | undefined;
  #questions = new Map<number, number>();
  #lastQuestion = 0;
  #firstQuestions = 0;
  #sentAt = -Infinity;
  #answeredAt = -Infinity;
  /** Ends the looking; `undefined` while nothing is sent. */
  #cancel: (() => void) | undefined;

  constructor(options: LanePacerOptions) {
    this.#options = options;
    this.#budget = new Budget(options);
  }

  /** What all lanes take from. */
  get budget(): Budget {
    return this.#budget;
  }

  /** So many lanes there are to be as soon as anything is sent. */
  get firstCount(): number {
    return this.#paces && this.#rate.isLong ? Math.min(this.#count.wanted, this.#mostLanes) : 1;
  }

  /** Bytes that the network has taken on all lanes so far. */
  get carriedBytes(): number {
    return [...this.#lanes.keys()].reduce((sum, lane) => sum + lane.carriedBytes, this.#gone.carriedBytes);
  }

  /** The link is up: nothing is known of its path. */
  start(): void {
    this.#rate = new LineRate();
    this.#count = new LaneCount();
    this.#questions.clear();
    this.#firstQuestions = FIRST_QUESTIONS;
    this.#share();
    if (this.#options.answers()) this.#begin();
  }

  /** The link is down. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** How fast all lanes together may send from now on, whatever the path could carry; `undefined` for no limit. */
  limit(bytesPerSecond: number | undefined): void {
    this.#limit = bytesPerSecond;
    this.#share();
  }

  handleOpen(lane: Lane): void {
    this.#lanes.set(lane, { arrivedBytes: 0, progress: { at: this.#options.now(), bytes: 0 } });
    this.#share();
  }

  /** Before the lane forgets what still waits in it: that is not carried. */
  handleClose(lane: Lane): void {
    this.#gone.carriedBytes += lane.carriedBytes;
    this.#gone.arrivedBytes += this.#lanes.get(lane)?.arrivedBytes ?? 0;
    this.#lanes.delete(lane);
    this.#share();
  }

  /** Something is handed to a lane. */
  handleSend(): void {
    this.#sentAt = this.#options.now();
    if (this.#paces) this.#begin();
  }

  handleArrived({ ask, arrived }: Extract<LaneMessage, { type: 'lane-arrived' }>): void {
    const askedAt = this.#questions.get(ask);
    if (askedAt === undefined) return;
    for (const earlier of this.#questions.keys()) if (earlier <= ask) this.#questions.delete(earlier);
    for (const [lane, watched] of this.#lanes) {
      const [, , bytes = 0] = arrived.find(([index, epoch]) => index === lane.index && epoch === lane.epoch) ?? [];
      watched.arrivedBytes = Math.max(watched.arrivedBytes, Math.min(bytes, lane.carriedBytes));
    }
    const now = this.#options.now();
    this.#answeredAt = now;
    const arrivedBytes = [...this.#lanes.values()].reduce(
      (sum, each) => sum + each.arrivedBytes,
      this.#gone.arrivedBytes,
    );
    this.#rate.handleReading({ roundTripMs: now - askedAt, carriedBytes: this.carriedBytes, arrivedBytes }, now);
    this.#share();
    if (this.#paces && this.#isSending(now)) this.#review(now);
  }

  get #mostLanes(): number {
    return this.#options.isRelayed() ? MAX_RELAYED_LANES : MAX_LANES;
  }

  get #paces(): boolean {
    return this.#options.answers() && !this.#rate.isShort;
  }

  /** Gives the lanes what the path, and a call beside them, leave them. */
  #share(): void {
    const rates = [this.#limit, this.#paces ? this.#rate.bytesPerSecond : undefined];
    const known = rates.filter((rate) => rate !== undefined);
    const bytesPerSecond = known.length > 0 ? Math.min(...known) : undefined;
    this.#budget.change(bytesPerSecond);
    for (const lane of this.#lanes.keys()) lane.share(bytesPerSecond && bytesPerSecond / this.#lanes.size);
  }

  /** How many lanes there should be. */
  #review(now: number): void {
    const lanes = [...this.#lanes.keys()];
    const waiting = lanes.filter(({ bufferedBytes }) => bufferedBytes > 0).length;
    this.#count.handleReading(
      {
        isHeldBack: !this.#rate.isUsed && this.#limit === undefined && 2 * waiting >= lanes.length,
        arrivingBytesPerSecond: this.#rate.arrivingBytesPerSecond,
        roundTripMs: this.#rate.baseMs,
      },
      this.#mostLanes,
      now,
    );
    this.#options.want(this.#count.wanted);
  }

  #begin(): void {
    this.#cancel ??= this.#options.timers.after(this.#rate.isFirstRise ? FIRST_ASK_MS : ASK_MS, () => this.#look());
  }

  #look(): void {
    const now = this.#options.now();
    this.#cancel = undefined;
    if (!this.#paces || (!this.#isSending(now) && this.#firstQuestions === 0)) return;
    this.#firstQuestions = Math.max(0, this.#firstQuestions - 1);
    this.#ask(now);
    const enoughBytes = (BROKEN_BYTES_PER_ROUND_TRIP * BROKEN_MS) / this.#rate.baseMs;
    for (const [lane, watched] of this.#lanes) this.#lookAt(lane, watched, { enoughBytes, now });
    this.#begin();
  }

  #isSending(now: number): boolean {
    return now - this.#sentAt < IDLE_MS || [...this.#lanes.keys()].some((lane) => lane.bufferedBytes > 0);
  }

  #ask(now: number): void {
    if (this.#questions.size >= MAX_QUESTIONS) return;
    this.#lastQuestion += 1;
    this.#questions.set(this.#lastQuestion, now);
    this.#options.send({ type: 'lane-ask', ask: this.#lastQuestion });
  }

  /** A lane that has lost its window looks alive, and is not: it is replaced, not waited for. */
  #lookAt(lane: Lane, watched: Watched, { enoughBytes, now }: { enoughBytes: number; now: number }): void {
    const { bufferedBytes, carriedBytes } = lane;
    const { at, bytes } = watched.progress;
    const isSilent = now - this.#answeredAt >= SILENCE_MS;
    if (bufferedBytes === 0 || isSilent || carriedBytes - bytes >= enoughBytes) {
      watched.progress = { at: now, bytes: carriedBytes };
    } else if (now - at >= BROKEN_MS) {
      this.#options.replace(lane);
    }
  }
}
