import { describe, expect, test } from 'vitest';
import { BulkGovernor } from './bulk-governor.ts';
import type { FreshReport, Reading } from './quality.ts';
import { readingOf as anyReadingOf } from './testing/readings.ts';

const MEGABIT = 125_000;

function readingOf(at: number, fresh: FreshReport | undefined, availableBitsPerSecond?: number): Reading {
  return anyReadingOf(at, { fresh, availableBitsPerSecond });
}

/** A path with a queue, a second at a time: the call takes its part first. */
class Path {
  bytesPerSecond: number;
  readonly queueLimitBytes: number;
  readonly callBytesPerSecond = 2 * MEGABIT;
  #queueBytes = 0;
  #now = 0;
  worstQueueMs = 0;
  lossOfPath = 0;
  roundTripMs = 40;

  constructor(bytesPerSecond: number, queueLimitBytes = 262_144) {
    this.bytesPerSecond = bytesPerSecond;
    this.queueLimitBytes = queueLimitBytes;
  }

  /** What was carried in each of so many seconds, when there was more than enough to send (or `demand`). */
  run(governor: BulkGovernor, seconds: number, demand = Infinity): number[] {
    return Array.from({ length: seconds }, () => {
      const offered = Math.min(governor.bytesPerSecond, demand);
      const before = this.#queueBytes;
      const after = Math.max(0, before + offered + this.callBytesPerSecond - this.bytesPerSecond);
      const dropped = Math.max(0, after - this.queueLimitBytes);
      this.#queueBytes = after - dropped;
      const queueMs = (1_000 * this.#queueBytes) / this.bytesPerSecond;
      this.worstQueueMs = Math.max(this.worstQueueMs, queueMs);
      const sentLoss = this.lossOfPath + dropped / (offered + this.callBytesPerSecond);
      this.#now += 1_000;
      governor.handleReading(readingOf(this.#now, { roundTripMs: this.roundTripMs + queueMs, sentLoss }), offered);
      return offered - dropped;
    });
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each([
  { kib: 60, name: 'a short queue' },
  { kib: 256, name: 'a usual queue' },
  { kib: 4_096, name: 'a very long queue' },
])('on 20 Mbit/s with $name', ({ kib }) => {
  test('files get more than half of the path, and the queue stays short', () => {
    const path = new Path(20 * MEGABIT, kib * 1_024);
    const governor = new BulkGovernor();
    path.run(governor, 30);
    path.worstQueueMs = 0;
    expect(mean(path.run(governor, 60))).toBeGreaterThan(10 * MEGABIT);
    expect(path.worstQueueMs).toBeLessThan(200);
  });
});

test('a path that becomes narrow is given way to, and a wide one is found', () => {
  const path = new Path(20 * MEGABIT);
  const governor = new BulkGovernor();
  path.run(governor, 40);
  path.bytesPerSecond = 6 * MEGABIT;
  path.run(governor, 25);
  expect(mean(path.run(governor, 30))).toBeLessThan(4 * MEGABIT);
  path.bytesPerSecond = 50 * MEGABIT;
  path.run(governor, 60);
  expect(mean(path.run(governor, 30))).toBeGreaterThan(25 * MEGABIT);
});

test('a path that loses packets by itself is no full one', () => {
  const path = new Path(20 * MEGABIT);
  path.lossOfPath = 0.05;
  const governor = new BulkGovernor();
  path.run(governor, 30);
  expect(mean(path.run(governor, 30))).toBeGreaterThan(10 * MEGABIT);
});

test('a path that becomes longer is believed after two minutes', () => {
  const path = new Path(20 * MEGABIT);
  const governor = new BulkGovernor();
  path.run(governor, 30);
  path.roundTripMs = 140;
  path.run(governor, 20);
  expect(governor.bytesPerSecond).toBeLessThan(2 * MEGABIT);
  path.run(governor, 180);
  expect(mean(path.run(governor, 30))).toBeGreaterThan(10 * MEGABIT);
});

test('a pace that is not used does not grow, and a queue that is not ours does not lower it', () => {
  const governor = new BulkGovernor();
  const start = governor.bytesPerSecond;
  new Path(20 * MEGABIT).run(governor, 30, 200_000);
  expect(governor.bytesPerSecond).toBe(start);
  new Path(20 * MEGABIT).run(governor, 5, 0);
  governor.handleReading(readingOf(40_000, { roundTripMs: 400, sentLoss: 0.2 }), 0);
  expect(governor.bytesPerSecond).toBe(start);
});

test('what the path is like without a queue is not forgotten after a minute', () => {
  const governor = new BulkGovernor();
  const carried = governor.bytesPerSecond;
  governor.handleReading(readingOf(1_000, { roundTripMs: 40, sentLoss: 0 }), carried);
  const before = governor.bytesPerSecond;
  for (const at of [62_000, 63_000]) governor.handleReading(readingOf(at, { roundTripMs: 90, sentLoss: 0 }), carried);
  expect(governor.bytesPerSecond).toBeLessThan(0.6 * before);
});

test('one hiccup changes nothing', () => {
  const path = new Path(20 * MEGABIT);
  const governor = new BulkGovernor();
  path.run(governor, 3);
  const before = governor.bytesPerSecond;
  governor.handleReading(readingOf(4_000, { roundTripMs: 80, sentLoss: 0 }), before);
  expect(governor.bytesPerSecond).toBe(before);
  governor.handleReading(readingOf(5_000, { roundTripMs: 80, sentLoss: 0 }), before);
  expect(governor.bytesPerSecond).toBeLessThan(0.6 * before);
});

test('when the call’s own control has met a queue, that is enough', () => {
  const governor = new BulkGovernor();
  const before = governor.bytesPerSecond;
  governor.handleReading(readingOf(1_000, { roundTripMs: 40, sentLoss: 0 }, 4_000_000), before);
  const grown = governor.bytesPerSecond;
  expect(grown).toBeGreaterThan(before);
  governor.handleReading(readingOf(2_000, undefined, 500_000), grown);
  expect(governor.bytesPerSecond).toBeLessThan(0.6 * grown);
});

test.each([
  {
    name: 'and no queue is ever seen, the computer was busy: the pace is nearly what it was',
    roundTripMs: 45,
    part: 0.85,
  },
  { name: 'and a queue is seen, the path is full: the pace is below what was carried', roundTripMs: 60, part: 0.5 },
])('when the call’s own control falls, $name', ({ roundTripMs, part }) => {
  const governor = new BulkGovernor(10 * MEGABIT);
  const before = governor.bytesPerSecond;
  const carried = 0.6 * before;
  governor.handleReading(readingOf(1_000, { roundTripMs: 40, sentLoss: 0 }, 4_000_000), carried);
  governor.handleReading(readingOf(2_000, { roundTripMs: 45, sentLoss: 0 }, 500_000), carried);
  expect(governor.bytesPerSecond).toBeLessThan(0.4 * before);
  governor.handleReading(readingOf(3_000, { roundTripMs, sentLoss: 0 }, 500_000), governor.bytesPerSecond);
  expect(governor.bytesPerSecond / before).toBeCloseTo(part, 1);
});

test('answers that came as late before any file was sent are no queue of ours', () => {
  const governor = new BulkGovernor();
  for (let second = 1; second <= 20; second++)
    governor.handleReading(readingOf(1_000 * second, { roundTripMs: second % 2 ? 40 : 100, sentLoss: 0 }), 0);
  const before = governor.bytesPerSecond;
  for (let second = 21; second <= 40; second++)
    governor.handleReading(
      readingOf(1_000 * second, { roundTripMs: second % 4 < 2 ? 40 : 80, sentLoss: 0 }),
      governor.bytesPerSecond,
    );
  expect(governor.bytesPerSecond).toBeGreaterThan(before);
});

test('without news nothing changes, and a transfer never stands still', () => {
  const governor = new BulkGovernor(10 * MEGABIT);
  expect(governor.bytesPerSecond).toBe(5 * MEGABIT);
  governor.handleReading(readingOf(1_000, undefined), 5 * MEGABIT);
  expect(governor.bytesPerSecond).toBe(5 * MEGABIT);
  governor.handleReading(readingOf(2_000, { roundTripMs: 10, sentLoss: 0 }), 5 * MEGABIT);
  for (let at = 3_000; at < 60_000; at += 1_000)
    governor.handleReading(readingOf(at, { roundTripMs: 900, sentLoss: 0.5 }), governor.bytesPerSecond);
  expect(governor.bytesPerSecond).toBe(65_536);
});
