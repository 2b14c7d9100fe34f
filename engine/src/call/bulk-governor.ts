// How fast files may go to a peer while there is a call with it. A lane's own control of congestion knows only loss: it fills the queue at
// the narrowest place of the path, and a call's control, which watches the delay, gives way to it until little is left. So the lane is
// paced, and the pace follows the delay too, as LEDBAT's does (RFC 6817). What it finds out is how much the path carries: then it stays
// a little below that, and tries more only slowly, since news of a queue comes once a second and each step too far lasts until then.
import type { Reading } from './quality.ts';
import { NOTHING_SEEN, noteBest } from './recent-best.ts';

/** Where a pace begins that nothing is known about: three megabits, as much as a call's own picture. */
const FIRST_BYTES_PER_SECOND = 393_216;
/** Whatever the path is like, a transfer goes on. Half a megabit per second. */
const LEAST_BYTES_PER_SECOND = 65_536;
/** What waits in the queue because of us, in round trip time: below the least, a wireless path's own jitter would count as a queue. */
const LEAST_TARGET_MS = 25;
const MOST_TARGET_MS = 50;
const TARGET_OF_ROUND_TRIP = 0.6;
/** Answers that come late while no file is sent are not late because of us: a busy computer. So much of that is added, at most. */
const MOST_NOISE_MS = 50;
const NOISE_WEIGHT = 0.2;
/** A short queue overflows before it delays: so much more loss than the path has at its best counts as a full one. */
const EXCESS_LOSS = 0.02;
/** When the call's own control takes back its estimate at once to this part, it has met a queue, before a report tells of it. */
const ESTIMATE_DROP = 0.5;
/** A queue of so many targets is one at first sight; a shorter one may be a hiccup, and has to be there twice. */
const CERTAIN_TARGETS = 3;
/** Per reading with news, until the path's width is known. */
const GROWTH_AT_FIRST = 1.25;
/** And after a step back: slow while near to what was too much, then faster each time, as it may have been somebody else's queue. */
const GROWTH_AFTERWARDS = 1.01;
const GROWTH_OF_GROWTH = 1.25;
const MOST_GROWTH = 1.1;
/** Of what the path was seen to carry: while the queue that we made drains, and afterwards. */
const DRAINING_PART = 0.5;
const KEPT_PART = 0.85;
/** So many readings tell what the path carries; in the newest the lane may already be making up for losses. */
const REMEMBERED_READINGS = 4;
/** A pace that is not used to this part says nothing about the path: it does not grow. */
const USED_PART = 0.75;

/** Something was taken for a full queue, which is given time to drain. */
interface Alarm {
  /** The pace that it came at, and what was carried then, in bytes per second. */
  readonly pace: number;
  readonly carried: number;
  /** A queue or a loss was seen since, and not only the estimate. */
  isSeen: boolean;
}

/** The pace of files beside one call connection: below what lets a queue grow, and never less than `LEAST_BYTES_PER_SECOND`. */
export class BulkGovernor {
  #bytesPerSecond: number;
  #best = NOTHING_SEEN;
  #estimate: number | undefined;
  /** What the lanes carried in the latest readings. */
  readonly #carried: number[] = [];
  #alarm: Alarm | undefined;
  /** It was too much for the path once. */
  #isWidthKnown = false;
  /** How much later than at best answers come while no file is sent, in milliseconds, lately. */
  #noiseMs = 0;
  /** The newest news was of a short queue. */
  #suspected = false;
  #growth = GROWTH_AFTERWARDS;

  /** `carriedBytesPerSecond` is what went to the peer without a limit just before the call. */
  constructor(carriedBytesPerSecond = 0) {
    this.#bytesPerSecond = Math.max(FIRST_BYTES_PER_SECOND, carriedBytesPerSecond / 2);
  }

  /** What files may take at present, all lanes to the peer together. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** `carriedBytesPerSecond` is what the lanes to the peer have carried since the previous reading. */
  handleReading(reading: Reading, carriedBytesPerSecond: number): void {
    const { fresh, availableBitsPerSecond } = reading;
    const estimateFell = (availableBitsPerSecond ?? Infinity) < ESTIMATE_DROP * (this.#estimate ?? 0);
    this.#estimate = availableBitsPerSecond;
    if (this.#carried.push(carriedBytesPerSecond) > REMEMBERED_READINGS) this.#carried.shift();
    if (!fresh && !estimateFell) return;
    const best = noteBest(this.#best, reading);
    this.#best = best;
    const carried = Math.max(...this.#carried);
    const queueMs = fresh ? fresh.roundTripMs - best.roundTripMs : 0;
    // What waits while we send next to nothing is not ours.
    if (carried < LEAST_BYTES_PER_SECOND / 2) {
      if (fresh) this.#noiseMs += NOISE_WEIGHT * (Math.min(MOST_NOISE_MS, queueMs) - this.#noiseMs);
      return;
    }
    const ownTargetMs = Math.min(MOST_TARGET_MS, Math.max(LEAST_TARGET_MS, best.roundTripMs * TARGET_OF_ROUND_TRIP));
    const targetMs = ownTargetMs + this.#noiseMs;
    const excessLoss = fresh ? fresh.sentLoss - best.loss : 0;
    const isQueued = queueMs > targetMs;
    const isLossy = excessLoss > EXCESS_LOSS;
    const isCertain = estimateFell || isLossy || queueMs > CERTAIN_TARGETS * targetMs;
    const isSeen = isLossy || queueMs >= targetMs / 2;
    if (this.#alarm) this.#alarm.isSeen ||= isSeen;
    if (isCertain || (isQueued && (this.#suspected || this.#alarm))) this.#stepBack(carried, isSeen);
    else if (this.#alarm) this.#resume(this.#alarm);
    else if (!isSeen && carried >= USED_PART * this.#bytesPerSecond) this.#grow();
    this.#suspected = isQueued;
  }

  #stepBack(carried: number, isSeen: boolean): void {
    const pace = this.#bytesPerSecond;
    // While it lasts it is one and the same queue, and what is carried of little says nothing about the path.
    if (this.#alarm) return this.#set(KEPT_PART * pace);
    this.#alarm = { pace, carried: Math.min(pace, carried), isSeen };
    this.#set(DRAINING_PART * this.#alarm.carried);
  }

  #resume({ pace, carried, isSeen }: Alarm): void {
    this.#alarm = undefined;
    // An estimate also falls because the computer was busy: then nothing has been learned of the path.
    if (!isSeen) return this.#set(KEPT_PART * pace);
    this.#isWidthKnown = true;
    this.#growth = GROWTH_AFTERWARDS;
    this.#set(KEPT_PART * carried);
  }

  #grow(): void {
    if (!this.#isWidthKnown) return this.#set(GROWTH_AT_FIRST * this.#bytesPerSecond);
    this.#set(this.#growth * this.#bytesPerSecond);
    this.#growth = Math.min(MOST_GROWTH, 1 + (this.#growth - 1) * GROWTH_OF_GROWTH);
  }

  #set(bytesPerSecond: number): void {
    this.#bytesPerSecond = Math.max(LEAST_BYTES_PER_SECOND, bytesPerSecond);
  }
}
