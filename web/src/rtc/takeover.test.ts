import { encodeIntroduction } from '@tincan/shared/introduction';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakePage, FakeRoom, sessionOf } from './testing/fake-room.ts';
import { LinkedNetwork } from './testing/linked-connections.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('[INTRO-5] an attacker in the room who claims a linked session gets no link in its place', async () => {
  const room = new FakeRoom();
  const network = new LinkedNetwork({ latencyMs: () => 3 });
  const alice = new FakePage(room, network, 'alice').enter();
  const bob = new FakePage(room, network, 'bob').enter();
  await vi.advanceTimersByTimeAsync(100);
  expect(bob.mesh.peers[0]?.state).toBe('connected');

  const attacker = new FakePage(room, network, 'bob').enter();
  const heard: string[] = [];
  attacker.mesh.on('message', ({ message }) => heard.push(message.type));
  const hello = { kind: 'hello', session: sessionOf('bob'), to: sessionOf('alice'), needsLink: true } as const;
  attacker.signal(alice.address!, encodeIntroduction(hello));
  await vi.advanceTimersByTimeAsync(500);
  alice.mesh.send(sessionOf('bob'), { type: 'chat', id: 'x'.repeat(22), text: 'for bob only' });
  await vi.advanceTimersByTimeAsync(60_000);

  expect(heard).toEqual([]);
  expect(bob.mesh.peers[0]?.state).toBe('connected');
  expect(alice.mesh.peers[0]?.state).toBe('connected');
});
