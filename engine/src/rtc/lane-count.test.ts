import { expect, test } from 'vitest';
import { LaneCount, MAX_LANES } from './lane-count.ts';

const READING_MS = 25;

/** Lets so many seconds pass on a path where each lane brings so much, and all together no more than the path carries. */
function pass(count: LaneCount, seconds: number, path: { lane: number; all: number; most?: number; from?: number }) {
  const { lane, all, most = MAX_LANES, from = 0 } = path;
  for (let ms = 0; ms < 1_000 * seconds; ms += READING_MS) {
    const arrivingBytesPerSecond = Math.min(all, lane * count.wanted);
    const reading = { isHeldBack: arrivingBytesPerSecond < all, arrivingBytesPerSecond, roundTripMs: 20 };
    count.handleReading(reading, most, 1_000 * from + ms);
  }
  return count.wanted;
}

test('more lanes are wanted while each brings more', () => {
  expect(pass(new LaneCount(), 10, { lane: 400_000, all: 20_000_000 })).toBe(MAX_LANES);
});

test('on a long path they are given the time that it takes until they bring something', () => {
  const count = new LaneCount();
  const wanted: number[] = [];
  for (let ms = 0; ms < 30_000; ms += READING_MS) {
    wanted.push(count.wanted);
    const bringing = wanted[Math.max(0, wanted.length - 1 - 2_600 / READING_MS)]!;
    const reading = { isHeldBack: true, arrivingBytesPerSecond: 400_000 * bringing, roundTripMs: 100 };
    count.handleReading(reading, MAX_LANES, ms);
  }
  expect(count.wanted).toBe(MAX_LANES);
});

test('the first four are enough where nothing holds them back', () => {
  expect(pass(new LaneCount(), 60, { lane: 10_000_000, all: 10_000_000 })).toBe(4);
});

test('no more than the path is good for, and not tried again and again', () => {
  const count = new LaneCount();
  const wanted: number[] = [];
  for (let ms = 0; ms < 120_000; ms += READING_MS) {
    // Whatever the number, so much comes in all; and the rate would allow more.
    count.handleReading({ isHeldBack: true, arrivingBytesPerSecond: 1_000_000, roundTripMs: 20 }, MAX_LANES, ms);
    wanted.push(count.wanted);
  }
  expect(Math.max(...wanted)).toBe(8);
  expect(wanted.filter((number) => number > 4).length).toBeLessThan((5 * 2_400) / READING_MS);
});

test('what was held back for a moment only is not tried', () => {
  const count = new LaneCount();
  for (let ms = 0; ms < 60_000; ms += READING_MS)
    count.handleReading(
      { isHeldBack: ms % 2_000 < 700, arrivingBytesPerSecond: 1_000_000, roundTripMs: 20 },
      MAX_LANES,
      ms,
    );
  expect(count.wanted).toBe(4);
});

test('no more than two by a relay', () => {
  const count = new LaneCount();
  expect(pass(count, 10, { lane: 400_000, all: 20_000_000 })).toBeGreaterThan(2);
  expect(pass(count, 10, { lane: 400_000, all: 20_000_000, most: 2, from: 10 })).toBe(2);
});
