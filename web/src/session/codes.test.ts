// The spoken code as the two pages run it, over sockets whose server the test plays.
import { createSecret } from '@tincan/shared/secret';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SignalingClient } from '@tincan/engine/signaling/signaling-client';
import { FakeWorld } from '@tincan/engine/signaling/testing/fake-socket';
import { enterCode } from './enter-code.ts';
import { OfferedCode } from './offered-code.svelte.ts';

const OPEN = { type: 'slot-open', slot: '042', ttlSeconds: 1e9 };
const welcome = {
  type: 'welcome',
  id: '6f2b3f0e-8f0e-4c53-9d3a-3a2d0f4d8a11',
  resume: 'token',
  peers: [],
  iceServers: [],
  limits: { messageBytes: 1, payloadChars: 1, peersPerRoom: 8, graceSeconds: 30 },
  features: ['slots'],
};
const ENTER = { type: 'slot-enter', slot: '042' };

let world: FakeWorld;
beforeEach(async () => {
  await import('@tincan/engine/verify/pairing'); // so that loading it takes no time below
  vi.useFakeTimers();
  world = new FakeWorld();
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('[CODE-5] a code that is typed', () => {
  const enter = () =>
    enterCode('042 123 456', { url: 'ws://tincan.test/signal', createSocket: world.environment.createSocket! });

  test('may be tried again while it has reached nobody', async () => {
    const outcome = enter();
    await pass(0);
    world.socket.end(1006);
    expect(await outcome).toEqual({ ok: false, error: 'server-unreachable', spent: false });
  });

  test.each([
    ['is cut off', () => world.socket.end(1006)],
    ['is told that the other has left', () => world.socket.say({ type: 'slot-closed', reason: 'left' })],
    ['hears nonsense', () => world.socket.say({ type: 'slot-message', payload: 'AAAA' })],
  ])('is spent once it has been in the slot, also if it %s there', async (_, end) => {
    const outcome = enter();
    await pass(0);
    world.socket.accept();
    await pass(0);
    world.socket.say(ENTER);
    await pass(0);
    end();
    expect(await outcome).toEqual({ ok: false, error: 'failed', spent: true });
  });
});

describe('[CODE-4] a code that is offered', () => {
  let code: OfferedCode;
  beforeEach(async () => {
    const { environment } = world;
    const signaling = new SignalingClient({ url: 'ws://tincan.test/signal', room: 'r'.repeat(43), environment });
    signaling.open();
    world.socket.accept();
    world.socket.say(welcome);
    const secret = createSecret();
    code = new OfferedCode(() => ({ signaling, secret }));
    code.offer();
    await pass(0);
    world.socket.say(OPEN);
    await pass(0);
  });
  const keepAlive = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10_000) {
      await pass(Math.min(10_000, ms - passed));
      world.socket.say({ type: 'pong' });
    }
  };

  test('ends after ten minutes, whatever the server says', async () => {
    expect(code.view).toMatchObject({ state: 'open', entered: false });
    await keepAlive(599_000);
    expect(code.view).toMatchObject({ state: 'open' });
    await keepAlive(2_000);
    expect(code.view).toEqual({ state: 'ended', why: 'expired', tried: false });
  });

  test('that somebody has tried in vain stays away until the person asks for another', async () => {
    world.socket.say(ENTER);
    await pass(0);
    expect(code.view).toMatchObject({ state: 'open', entered: true });
    world.socket.say({ type: 'slot-message', payload: 'AAAA' });
    await pass(0);
    expect(code.view).toEqual({ state: 'ended', why: 'failed', tried: true });
    const opened = () => world.socket.sent.filter(({ type }) => type === 'slot-open').length;
    code.offer();
    code.handleOnline();
    await keepAlive(60_000);
    expect([opened(), code.view]).toEqual([1, { state: 'ended', why: 'failed', tried: true }]);
    code.renew();
    await pass(0);
    expect(opened()).toBe(2);
  });

  test('stays as it was read out, however often it is asked for; a room that moves takes it away', async () => {
    const before = code.view;
    code.offer();
    code.handleOnline();
    await pass(1_000);
    expect(code.view).toBe(before);
    code.handleMoved();
    await pass(0);
    expect(code.view).toEqual({ state: 'none' });
    expect(world.socket.sent.at(-1)).toEqual(expect.objectContaining({ type: 'slot-closed', reason: 'cancelled' }));
  });

  test('that was lost with the connection is made anew when the server is back', async () => {
    world.socket.end(1006);
    await pass(0);
    expect(code.view).toEqual({ state: 'ended', why: 'offline', tried: false });
    await pass(3_000);
    world.socket.accept();
    world.socket.say(welcome);
    await pass(0);
    code.handleOnline();
    await pass(0);
    world.socket.say({ ...OPEN, slot: '043' });
    await pass(0);
    expect(code.view).toMatchObject({ state: 'open', code: expect.stringMatching(/^043 \d{3} \d{3}$/) as string });
  });
});
