import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

test('a burst is free, what exceeds it has to be waited for', () => {
  const bucket = new TokenBucket({ burst: 10, perSecond: 5 }, 0);
  expect(bucket.spend(10, 0)).toBe(0);
  expect(bucket.spend(1, 0)).toBe(200);
  expect(bucket.spend(4, 0)).toBe(1_000);
  expect(bucket.spend(0, 999)).toBe(1);
  expect(bucket.spend(0, 1_000)).toBe(0);
});

test('it fills up to the burst and no further, and a clock that goes back gives nothing', () => {
  const bucket = new TokenBucket({ burst: 10, perSecond: 5 }, 0);
  expect(bucket.spend(10, 1_000_000)).toBe(0);
  expect(bucket.spend(1, 0)).toBe(200);
  expect(bucket.spend(0, 1_000_100)).toBe(100);
});

test('trying to spend takes all or nothing, and leaves no debt', () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 1 }, 0);
  expect(bucket.trySpend(3, 0)).toBe(false);
  expect(bucket.trySpend(2, 0)).toBe(true);
  for (let index = 0; index < 100; index++) expect(bucket.trySpend(1, 999)).toBe(false);
  expect(bucket.trySpend(1, 1_000)).toBe(true);
  expect(bucket.spend(0, 1_000)).toBe(0);
});
