// How fast the lanes to one peer send on a long path. A data channel's own control of congestion doubles what it sends until the queue at the path's narrowest place overflows,
// loses thousands of packets at once, and then sends one packet a round trip for minutes. So what it is given is paced, from the first byte, and the rate follows
// what the receiver says has arrived, and how long a small message on the link takes to it and back: that tells of a queue while it grows, before it overflows
// (as LEDBAT, RFC 6817, and BBR do). Not how long frames take: a connection with a small window needs several round trips for one, without any queue.

/** Where a rate begins that nothing is known about, in bytes per second. */
const FIRST_BYTES_PER_SECOND = 1_000_000;
/** Whatever the path is like, a transfer goes on. */
const LEAST_BYTES_PER_SECOND = 65_536;
/** A path whose round trip is so short, in milliseconds, holds no more than the receiver's own buffer: nothing to pace. */
const SHORT_PATH_MS = 10;
/** The shortest round trip of so long is what the path itself takes, without a queue, in milliseconds. */
const BASE_MS = 15_000;
/**
 * Of so many round trips the third is what it takes at present: some are long by themselves, as pages are busy, and some find a queue empty that bursts
 * fill.
 */
const FLOOR_READINGS = 8;
const FLOOR_RANK = 2;
/** Answers that come so close together, in milliseconds, waited for one packet that was lost: only the last says something about the path. */
const TOGETHER_MS = 5;
/** When bytes wait in a queue for so long, in milliseconds, a little less is sent than arrives, so that it drains; and from the second on much less. */
const SHORT_QUEUE_MS = 8;
const LONG_QUEUE_MS = 20;
/** What arrives is counted over so long, and the path carries the most of so long, in milliseconds: what comes less in between may be a page that was busy. */
const COUNTED_MS = 600;
const REMEMBERED_MS = 1_500;
/** As something begins to be sent, what arrives says nothing for so long, in milliseconds: the path carries half of what is sent then, at least. */
const KNOWN_MS = 1_000;
const UNKNOWN_PART = 0.5;
/** News of a queue takes a round trip and so many milliseconds, less where more is asked, in the first rise. What is sent too much until then has to fit into the queue: so much of the rate, in milliseconds, within so many bytes. */
const NEWS_MS = 300;
const FIRST_NEWS_MS = 200;
const OVERSHOOT_MS = 20;
const LEAST_OVERSHOOT_BYTES = 100_000;
const OVERSHOOT_BYTES = 150_000;
/** Of what the path was seen to carry. */
const DRAINING_PART = 0.97;
const KEPT_PART = 0.85;
/** And of the rate, whatever was seen. */
const LESS_PART = 0.93;
/** After a step back nothing changes for so long, in milliseconds and round trips: news of it takes that. */
const SETTLING_MS = 300;
const SETTLING_ROUND_TRIPS = 2;
/** Afterwards it grows as at first up to this part of what was too much, as pages that are busy look like a queue. */
const SURE_PART = 0.9;
/** And from there by so much of itself each second, or of what it began with if that is more; faster each second, as what was in its way may be gone. */
const GROWTH = 0.04;
const GROWTH_OF_GROWTH = 2;
const MOST_GROWTH = 0.3;
/** A rate that is not used to this part says nothing about the path, and does not grow. */
const USED_PART = 0.75;
/** And stays within this of what arrives: what it was good for before may not be so any more. */
const UNUSED_TIMES = 2;

/** What had been taken by the network, or had arrived, by when: milliseconds and bytes. */
interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** What one question and its answer tell. */
export interface LineReading {
  readonly roundTripMs: number;
  /** What the network has taken since the beginning, when the answer came. */
  readonly carriedBytes: number;
  /** What had come to the other side since the beginning. */
  readonly arrivedBytes: number;
}

/** The rate at which a peer is sent to, as its answers teach it. Pure: it takes the time, in milliseconds. */
export class LineRate {
  #rate = FIRST_BYTES_PER_SECOND;
  /** What it would have been since the beginning, always sent to the full. */
  #allowed: Sample[] = [];
  #carried: Sample[] = [];
  #arrived: Sample[] = [];
  /** What arrived each second, lately. */
  #arriving: { at: number; bytesPerSecond: number }[] = [];
  #roundTrips: { at: number; ms: number }[] = [];
  #isShort = false;
  /** What the path carried when it was too much. */
  #ceiling = Infinity;
  #settlesAt = -Infinity;
  /** Before that nothing was sent. */
  #beganAt = 0;
  #growth = GROWTH;

  /** Bytes per second; `undefined` where nothing need be paced. */
  get bytesPerSecond(): number | undefined {
    return this.isShort ? undefined : this.#rate;
  }

  /** The path's own delay is so small that one connection makes full use of it. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** It is known to be no short one. */
  get isLong(): boolean {
    return !this.isShort && this.#roundTrips.length >= FLOOR_READINGS;
  }

  /** Nothing was too much yet. */
  get isFirstRise(): boolean {
    return this.#ceiling === Infinity;
  }

  /** Of what is sent: where it is less than it may be, something else holds the lanes back. */
  get isUsed(): boolean {
    return rateOf(this.#carried) >= USED_PART * rateOf(this.#allowed);
  }

  /** What arrives, in bytes per second, lately. */
  get arrivingBytesPerSecond(): number {
    return rateOf(this.#arrived);
  }

  handleReading({ roundTripMs, carriedBytes, arrivedBytes }: LineReading, now: number): void {
    const last = this.#roundTrips.at(-1);
    if (last && now - last.at > COUNTED_MS) this.#forget(); // nothing was sent
    const elapsedMs = last ? Math.min(now - last.at, COUNTED_MS) : 0;
    if (last && now - last.at < TOGETHER_MS) this.#roundTrips.pop();
    this.#roundTrips.push({ at: now, ms: roundTripMs });
    this.#roundTrips = this.#roundTrips.filter(({ at }) => at > now - BASE_MS);
    this.#isShort ||= this.baseMs < SHORT_PATH_MS;
    const before = this.#allowed.at(-1) ?? { at: now, bytes: 0 };
    note(this.#allowed, { at: now, bytes: before.bytes + (this.#rate * (now - before.at)) / 1_000 });
    note(this.#carried, { at: now, bytes: carriedBytes });
    note(this.#arrived, { at: now, bytes: arrivedBytes });
    if (rateOf(this.#carried) === 0) this.#beganAt = now;
    this.#arriving.push({ at: now, bytesPerSecond: this.arrivingBytesPerSecond });
    this.#arriving = this.#arriving.filter(({ at }) => at > now - REMEMBERED_MS);
    this.#adjust(now, elapsedMs);
  }

  /** What was counted before a pause says nothing of what comes after it. */
  #forget(): void {
    this.#allowed = [];
    this.#carried = [];
    this.#arrived = [];
    this.#arriving = [];
  }

  /** What the path itself takes there and back, without a queue, in milliseconds. */
  get baseMs(): number {
    return this.#roundTrips.reduce((least, { ms }) => Math.min(least, ms), Infinity);
  }

  #adjust(now: number, elapsedMs: number): void {
    if (this.isShort || this.#roundTrips.length < FLOOR_READINGS || rateOf(this.#carried) === 0) return;
    const base = this.baseMs;
    const lately = this.#roundTrips.slice(-FLOOR_READINGS).map(({ ms }) => ms);
    const floor = lately.sort((a, b) => a - b)[FLOOR_RANK]!;
    if (now < this.#settlesAt) return;
    if (floor - base > LONG_QUEUE_MS) return this.#stepBack(now);
    if (floor - base > SHORT_QUEUE_MS) return this.#stay(now);
    if (!this.isUsed) {
      this.#rate = Math.min(this.#rate, Math.max(FIRST_BYTES_PER_SECOND, UNUSED_TIMES * this.arrivingBytesPerSecond));
      return;
    }
    const seconds = elapsedMs / 1_000;
    const slope = this.#slope(base);
    if (this.#rate < SURE_PART * this.#ceiling) this.#rate += seconds * slope;
    else {
      this.#rate += seconds * Math.min(this.#growth * Math.max(this.#rate, FIRST_BYTES_PER_SECOND), slope);
      this.#growth = Math.min(MOST_GROWTH, this.#growth * (1 + GROWTH_OF_GROWTH * seconds));
    }
  }

  /** The most that it was seen to carry lately. */
  #carries(now: number): number {
    const known = Math.max(...this.#arriving.map(({ bytesPerSecond }) => bytesPerSecond));
    return now - this.#beganAt < KNOWN_MS ? Math.max(known, UNKNOWN_PART * this.#rate) : known;
  }

  #stay(now: number): void {
    this.#lower(now, DRAINING_PART, 1);
    this.#settlesAt = now + this.baseMs;
  }

  #stepBack(now: number): void {
    this.#lower(now, KEPT_PART, LESS_PART);
    this.#settlesAt = now + SETTLING_MS + SETTLING_ROUND_TRIPS * this.baseMs;
  }

  /** It was too much: so much of what the path carries, and of itself, it is from now on at most. */
  #lower(now: number, partOfPath: number, part: number): void {
    const carries = this.#carries(now);
    this.#ceiling = Math.min(this.#rate, carries);
    this.#growth = GROWTH;
    this.#rate = Math.max(LEAST_BYTES_PER_SECOND, Math.min(part * this.#rate, partOfPath * carries));
  }

  #slope(base: number): number {
    const newsSeconds = (base + (this.isFirstRise ? FIRST_NEWS_MS : NEWS_MS)) / 1_000;
    const overshoot = Math.max(LEAST_OVERSHOOT_BYTES, Math.min(OVERSHOOT_BYTES, (this.#rate * OVERSHOOT_MS) / 1_000));
    return (2 * overshoot) / newsSeconds ** 2;
  }
}

function rateOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at === first.at) return 0;
  return (1_000 * (last.bytes - first.bytes)) / (last.at - first.at);
}

function note(samples: Sample[], sample: Sample): void {
  samples.push(sample);
  while (samples[1] && samples[1].at <= sample.at - COUNTED_MS) samples.shift();
}
