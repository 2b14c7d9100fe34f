import { afterEach, beforeEach, expect, vi } from 'vitest';
import { FakePage, FakeRoom } from './fake-room.ts';
import { LinkedNetwork } from './linked-connections.ts';

// A test that imports this takes place in a fresh room, on a fresh network, under a clock that only `pass` moves.
export let room: FakeRoom;
export let network: LinkedNetwork;

beforeEach(() => {
  vi.useFakeTimers();
  room = new FakeRoom();
  network = new LinkedNetwork({ latencyMs: () => 3 });
});
afterEach(() => {
  vi.useRealTimers();
});

export const pageOf = (name: string, options = {}) => new FakePage(room, network, name, options);
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Alice and bob, linked. */
export async function pair() {
  const [alice, bob] = [pageOf('alice').enter(), pageOf('bob').enter()];
  await pass(100);
  expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  return { alice, bob };
}
