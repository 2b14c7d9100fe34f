// How many lanes a path is given. Where packets are lost, a connection sends only so much, whatever the path could carry; several send several times that. So lanes are
// added while what arrives grows by it.

/** More than this many the other side cannot make us open: each costs a socket and its buffers. */
export const MAX_LANES = 32;
/** On a long path to begin with: one that has lost a packet needs many round trips to be as fast again, and the others go on meanwhile. */
const FIRST_LANES = 4;
/** The lanes are held back by something else than the rate for this part of the time, before another number is tried. */
const HELD_BACK_PART = 0.6;
/** Lately: over about so long, in milliseconds. */
const LATELY_MS = 1_000;
/** What they carry is looked at for so long first, in milliseconds. */
const FIRST_LOOK_MS = 1_500;
/** A new lane needs so long to open and for its window to grow, in milliseconds and round trips, before it is judged to have brought nothing; and half of the first for something else. */
const TRIAL_MS = 2_000;
const TRIAL_ROUND_TRIPS = 15;
/** More lanes have to bring so much more. */
const WORTH = 1.15;
/** After a number that was not worth it, no other is tried for so long, in milliseconds, and twice as long each time. */
const REST_MS = 8_000;

/** What the lanes are at a moment. */
export interface LanesReading {
  /** They send less than the rate allows. */
  readonly isHeldBack: boolean;
  readonly arrivingBytesPerSecond: number;
  /** There and back, in milliseconds, without a queue. */
  readonly roundTripMs: number;
}

/** More lanes than before are tried. */
interface Trial {
  readonly since: number;
  /** What arrived before, in bytes per second, and on how many lanes. */
  readonly before: number;
  readonly lanes: number;
}

/** How many lanes a long path is to have, as what arrives teaches it. Pure: it takes the time, in milliseconds. */
export class LaneCount {
  #wanted = FIRST_LANES;
  #restMs = REST_MS;
  #restsUntil: number | undefined;
  #trial: Trial | undefined;
  /** What arrived lately, and which part of the time they were held back, for a comparison that one moment does not decide. */
  #arriving: number | undefined;
  #heldBack = 0;
  #at: number | undefined;

  get wanted(): number {
    return this.#wanted;
  }

  /** To be called several times a second while something is sent, with the most that there may be. */
  handleReading({ isHeldBack, arrivingBytesPerSecond, roundTripMs }: LanesReading, most: number, now: number): void {
    this.#restsUntil ??= now + FIRST_LOOK_MS;
    const weight = 1 - Math.exp(-(now - (this.#at ?? now)) / LATELY_MS);
    this.#at = now;
    this.#arriving ??= arrivingBytesPerSecond;
    this.#arriving += weight * (arrivingBytesPerSecond - this.#arriving);
    this.#heldBack += weight * (Number(isHeldBack) - this.#heldBack);
    this.#wanted = Math.min(this.#wanted, most);
    if (this.#trial) return this.#judge(this.#trial, this.#arriving, now, TRIAL_MS + TRIAL_ROUND_TRIPS * roundTripMs);
    if (now < this.#restsUntil || this.#wanted >= most || this.#heldBack < HELD_BACK_PART) return;
    this.#trial = { since: now, before: this.#arriving, lanes: this.#wanted };
    this.#wanted = Math.min(most, 2 * this.#wanted);
  }

  #judge({ since, before, lanes }: Trial, arriving: number, now: number, longestMs: number): void {
    const isWorth = arriving >= WORTH * before;
    if (now - since < (isWorth ? TRIAL_MS / 2 : longestMs)) return;
    this.#trial = undefined;
    if (isWorth) {
      this.#restMs = REST_MS;
      return;
    }
    this.#wanted = Math.min(this.#wanted, lanes);
    this.#restsUntil = now + this.#restMs;
    this.#restMs *= 2;
  }
}
