import { expect, test } from 'vitest';
import { reconnectDelayMs, roomFullDelayMs } from './backoff.ts';

const delays = (visible: boolean, random: number) =>
  Array.from({ length: 40 }, (_, index) => reconnectDelayMs({ failures: index + 1, visible, random: () => random }));

test('a visible page waits at most 3 s, a hidden one at most 30 s', () => {
  expect(Math.max(...delays(true, 0.9999))).toBeLessThanOrEqual(3_000);
  expect(Math.max(...delays(false, 0.9999))).toBeLessThanOrEqual(30_000);
  expect(Math.max(...delays(false, 0.9999))).toBeGreaterThan(25_000);
});

test('delays grow, are spread over the whole range and are never none', () => {
  expect(delays(true, 0.9999).slice(0, 4).map(Math.round)).toEqual([500, 1_000, 2_000, 3_000]);
  expect(new Set(delays(true, 0))).toEqual(new Set([100]));
});

test('a full room is tried again slowly', () => {
  expect([roomFullDelayMs(() => 0), roomFullDelayMs(() => 1)]).toEqual([10_000, 20_000]);
});
