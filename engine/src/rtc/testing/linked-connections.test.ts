import { describe, expect, test } from 'vitest';
import { connectionContract } from './connection-contract.ts';
import { LinkedNetwork, seededLatency } from './linked-connections.ts';

describe.each([
  ['at once', () => 0],
  ['with latency', seededLatency(7, 0, 5)],
])('linked connections, delivering %s', (_, latencyMs) => {
  test.each(connectionContract)('$name', ({ run }) => run(new LinkedNetwork({ latencyMs }).createConnection));
});

test('a seeded latency repeats itself', () => {
  const [first, second] = [seededLatency(1, 0, 9), seededLatency(1, 0, 9)];
  expect([first(), first(), first()]).toEqual([second(), second(), second()]);
});
