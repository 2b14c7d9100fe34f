import { describe, expect, test } from 'vitest';
import { LineRate } from './line-rate.ts';

interface PathOptions {
  readonly roundTripMs: number;
  readonly bytesPerSecond: number;
  readonly queueBytes?: number;
  /** What something else sends over it, in bytes per second. */
  readonly others?: (ms: number) => number;
  /** A third of the time the page that answers is busy, for so long at most, in milliseconds. */
  readonly busyMs?: number;
  /** What one lane's own control of congestion lets through at most, in bytes per second. */
  readonly laneBytesPerSecond?: number;
}

const STEP_MS = 1;
const [FIRST_ASK_MS, ASK_MS] = [12, 25];

/** A path with a queue at its narrowest place, which a sender fills as fast as it is told to. */
class EmulatedPath {
  readonly rate = new LineRate();
  readonly #options: PathOptions;
  #ms = 0;
  #carried = 0;
  #queued = 0;
  #arrived = 0;
  #lost = 0;
  readonly #arriving: { at: number; bytes: number }[] = [];
  readonly #questions: { asked: number; heard: number; answered: number; bytes?: number }[] = [];
  #busyUntil = 0;
  #random = 1;
  lostBytes = 0;
  worstQueueMs = 0;

  constructor(options: PathOptions) {
    this.#options = options;
  }

  /** Lets it send for so long, and gives what has arrived meanwhile, in bytes per second. */
  run(seconds: number): number {
    const { roundTripMs, bytesPerSecond, queueBytes = 1_048_576, others = () => 0 } = this.#options;
    const { laneBytesPerSecond = Infinity } = this.#options;
    const before = this.#arrived;
    this.worstQueueMs = 0;
    for (const end = this.#ms + 1_000 * seconds; this.#ms < end; this.#ms += STEP_MS) {
      const now = this.#ms;
      const told = this.rate.bytesPerSecond ?? Infinity;
      const sent = (Math.min(told, laneBytesPerSecond, 4 * bytesPerSecond) * STEP_MS) / 1_000;
      // What was lost is sent again, before anything new.
      const again = Math.min(this.#lost, sent);
      this.#carried += sent - again;
      const left = ((bytesPerSecond - others(now)) * STEP_MS) / 1_000;
      const fits = Math.max(0, Math.min(sent, queueBytes + left - this.#queued));
      this.#lost += sent - fits - again;
      this.lostBytes += sent - fits;
      this.#queued += fits;
      const out = Math.min(this.#queued, left);
      this.#queued -= out;
      this.worstQueueMs = Math.max(this.worstQueueMs, (1_000 * this.#queued) / bytesPerSecond);
      this.#arriving.push({ at: now + roundTripMs / 2, bytes: out });
      while (this.#arriving[0] && this.#arriving[0].at <= now) this.#arrived += this.#arriving.shift()!.bytes;
      this.#ask(now);
    }
    return (this.#arrived - before) / seconds;
  }

  /** Asks from time to time what has arrived; the question waits in the queue as everything does. */
  #ask(now: number): void {
    const { roundTripMs, bytesPerSecond, busyMs = 0 } = this.#options;
    if (now % ASK_MS === 0)
      this.#busyUntil = Math.max(this.#busyUntil, now + busyMs * Math.max(0, 3 * this.#chance() - 2));
    if (now % (this.rate.isFirstRise ? FIRST_ASK_MS : ASK_MS) === 0) {
      const heard = now + roundTripMs / 2 + (1_000 * this.#queued) / bytesPerSecond;
      this.#questions.push({ asked: now, heard, answered: Infinity });
    }
    for (const question of this.#questions) {
      if (question.heard > now || this.#busyUntil > now || question.bytes !== undefined) continue;
      question.bytes = Math.floor(this.#arrived);
      question.answered = now + roundTripMs / 2;
    }
    while (this.#questions[0] && this.#questions[0].answered <= now) {
      const { asked, bytes = 0 } = this.#questions.shift()!;
      this.rate.handleReading({ roundTripMs: now - asked, carriedBytes: this.#carried, arrivedBytes: bytes }, now);
    }
  }

  /** The same at every run. */
  #chance(): number {
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    return this.#random / 2_147_483_647;
  }
}

describe.each([
  { roundTripMs: 20, bytesPerSecond: 25_000_000 },
  { roundTripMs: 100, bytesPerSecond: 25_000_000 },
  { roundTripMs: 100, bytesPerSecond: 6_250_000, queueBytes: 524_288 },
  { roundTripMs: 60, bytesPerSecond: 1_250_000, queueBytes: 131_072 },
  { roundTripMs: 250, bytesPerSecond: 12_500_000 },
  { roundTripMs: 100, bytesPerSecond: 25_000_000, busyMs: 60 },
])('a path of $roundTripMs ms and $bytesPerSecond bytes per second, a busy page $busyMs', (options) => {
  test('is used to four fifths after ten seconds, and nothing is lost on the way', () => {
    const path = new EmulatedPath(options);
    path.run(10);
    expect(path.run(20) / options.bytesPerSecond).toBeGreaterThan(0.8);
    expect(path.lostBytes).toBe(0);
  });
});

test('a short path is not paced', () => {
  const path = new EmulatedPath({ roundTripMs: 2, bytesPerSecond: 100_000_000 });
  path.run(1);
  expect(path.rate.bytesPerSecond).toBeUndefined();
});

test('somebody else on the path is given room, and it is taken back when they are gone', () => {
  const bytesPerSecond = 12_500_000;
  const others = (ms: number) => (ms > 15_000 && ms < 40_000 ? bytesPerSecond / 2 : 0);
  const path = new EmulatedPath({ roundTripMs: 50, bytesPerSecond, others });
  path.run(18);
  expect(path.run(20) / bytesPerSecond).toBeGreaterThan(0.35);
  expect(path.worstQueueMs).toBeLessThan(80);
  path.run(15);
  expect(path.run(10) / bytesPerSecond).toBeGreaterThan(0.7);
});

test('where the lanes themselves send less, the rate waits a little above what they send', () => {
  const path = new EmulatedPath({ roundTripMs: 100, bytesPerSecond: 25_000_000, laneBytesPerSecond: 400_000 });
  path.run(10);
  expect(path.rate.isUsed).toBe(false);
  expect(path.rate.bytesPerSecond).toBeLessThanOrEqual(1_000_000);
});

test.each([0, 5_000])(
  'pages that are busy while something begins to be sent, %i ms after it was looked at, do not make it crawl',
  (pauseMs) => {
    const rate = new LineRate();
    let [now, carriedBytes] = [0, 0];
    const read = (seconds: number, roundTripMs: number, bytesPerSecond: () => number) => {
      for (const end = now + 1_000 * seconds; now < end; now += FIRST_ASK_MS) {
        carriedBytes += (bytesPerSecond() * FIRST_ASK_MS) / 1_000;
        rate.handleReading({ roundTripMs, carriedBytes, arrivedBytes: carriedBytes }, now);
      }
    };
    read(1, 20, () => 0);
    now += pauseMs;
    read(0.6, 70, () => 30_000); // the windows of the connections are small still
    expect(rate.bytesPerSecond).toBeGreaterThan(150_000);
    read(4, 20, () => rate.bytesPerSecond!);
    expect(rate.bytesPerSecond).toBeGreaterThan(900_000);
  },
);
