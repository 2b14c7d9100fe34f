import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SlotChannel } from './slot-line.ts';
import { enterSlot } from './slot.ts';
import { FakeWorld } from './testing/fake-socket.ts';
import { outcome } from './testing/outcome.ts';

const ENTER = { type: 'slot-enter', slot: '042' };
const CANCELLED = { type: 'slot-closed', reason: 'cancelled' };

let world: FakeWorld;
beforeEach(() => {
  vi.useFakeTimers();
  world = new FakeWorld();
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const say = (...messages: Record<string, unknown>[]) => {
  for (const message of messages) world.socket.say(message);
};
const enter = (signal?: AbortSignal) =>
  enterSlot({ url: 'ws://tincan.test/signal', slot: '042', signal, createSocket: world.environment.createSocket! });
async function entered(signal?: AbortSignal): Promise<SlotChannel> {
  const entering = enter(signal);
  world.socket.accept();
  await pass(0);
  say(ENTER);
  return entering;
}

describe('the guest’s slot', () => {
  test('is entered, used and closed, on a connection that ends with it', async () => {
    const channel = await entered();
    channel.send('abc');
    say({ type: 'slot-message', payload: 'def' });
    expect(await channel.receive()).toBe('def');
    channel.close('cancelled');
    expect(world.socket.sent).toEqual([ENTER, { type: 'slot-message', payload: 'abc' }, CANCELLED]);
    expect(world.socket.closed).toBe(true);
    expect(await outcome(channel.receive())).toBe('cancelled');
  });

  test('has what came before its end', async () => {
    const channel = await entered();
    const waiting = channel.receive();
    say({ type: 'slot-message', payload: 'a' }, { type: 'slot-message', payload: 'b' });
    say({ type: 'slot-closed', reason: 'done' }, { type: 'slot-message', payload: 'c' });
    expect([await waiting, await channel.receive(), await outcome(channel.receive())]).toEqual(['a', 'b', 'done']);
    expect(world.socket.closed).toBe(true);
  });

  test('keeps only a few messages that nobody has asked for', async () => {
    const channel = await entered();
    for (let i = 0; i < 10; i++) say({ type: 'slot-message', payload: `m${i}` });
    const heard = await Promise.all([0, 1, 2, 3].map(() => channel.receive()));
    expect([heard, await outcome(channel.receive())]).toEqual([['m0', 'm1', 'm2', 'm3'], 'waiting']);
  });

  test('is waited for by one at a time', async () => {
    const channel = await entered();
    const first = channel.receive();
    await expect(channel.receive()).rejects.toThrow('at a time');
    say({ type: 'slot-message', payload: 'abc' });
    expect(await first).toBe('abc');
  });

  test.each(['used', 'expired', 'left', 'unknown'])('cannot be entered: %s', async (reason) => {
    const entering = enter();
    world.socket.accept();
    await pass(0);
    say({ type: 'slot-closed', reason });
    expect([await outcome(entering), world.socket.closed]).toEqual([reason, true]);
    expect(world.socket.sent).toEqual([ENTER]);
  });

  test.each([
    ['slot-limit', 'slot-limit'],
    ['unknown-type', 'unsupported'],
  ])('may be refused with %s: %s', async (code, failure) => {
    const entering = enter();
    world.socket.accept();
    await pass(0);
    say({ type: 'error', code, message: 'no' });
    expect([await outcome(entering), world.socket.closed]).toEqual([failure, true]);
    expect(world.socket.sent).toEqual([ENTER]);
  });

  test('does not hear what it does not know, nor what is out of turn', async () => {
    const entering = enter();
    world.socket.accept();
    await pass(0);
    for (const text of ['null', '{', '{"type":"telepathy"}', '{"type":"slot-enter"}', new ArrayBuffer(3)])
      world.socket.sayText(text);
    say(
      { type: 'notice', text: 'x' },
      { type: 'pong' },
      { type: 'slot-open', slot: '042', ttlSeconds: 600 },
      { type: 'slot-message', payload: 'early' },
    );
    expect(await outcome(entering)).toBe('waiting');
    say(ENTER);
    expect(await outcome((await entering).receive())).toBe('waiting');
  });

  test('has ten seconds for the connection, and ten for the answer; it is not tried again', async () => {
    const connecting = enter();
    connecting.catch(() => {});
    await pass(10_100);
    expect([await outcome(connecting), world.socket.closed]).toEqual(['server-unreachable', true]);

    const entering = enter();
    entering.catch(() => {});
    await pass(9_000);
    world.socket.accept();
    await pass(9_000);
    expect(await outcome(entering)).toBe('waiting');
    await pass(1_100);
    expect([await outcome(entering), world.socket.closed]).toEqual(['timeout', true]);
    await pass(120_000);
    expect(world.sockets).toHaveLength(2);
  });

  test('is unreachable where no connection can be made, or it is lost', async () => {
    const connecting = enter();
    world.socket.end(1006);
    expect(await outcome(connecting)).toBe('server-unreachable');
    const channel = await entered();
    const waiting = channel.receive();
    world.socket.end(1001);
    expect(await outcome(waiting)).toBe('server-unreachable');
    expect(() => channel.send('abc')).toThrow(expect.objectContaining({ code: 'server-unreachable' }));
  });

  test('can be given up at any time', async () => {
    const giveUp = new AbortController();
    const [unconnected, unanswered] = [enter(giveUp.signal), enter(giveUp.signal)];
    world.sockets[1]!.accept();
    await pass(0);
    const entering = enter(giveUp.signal);
    world.socket.accept();
    await pass(0);
    say(ENTER);
    const channel = await entering;
    const waiting = channel.receive();
    giveUp.abort();
    for (const wait of [unconnected, unanswered, waiting]) expect(await outcome(wait)).toBe('cancelled');
    expect(world.sockets.map(({ closed, sent }) => [closed, sent])).toEqual([
      [true, []],
      [true, [ENTER, CANCELLED]],
      [true, [ENTER, CANCELLED]],
    ]);
    expect(await outcome(enter(giveUp.signal))).toBe('cancelled');
    expect(world.sockets).toHaveLength(3);
  });

  test('closed, has nothing more to give', async () => {
    const channel = await entered();
    say({ type: 'slot-message', payload: 'abc' });
    channel.close('cancelled');
    expect(await outcome(channel.receive())).toBe('cancelled');
  });

  test('leaves no timer and no listener behind', async () => {
    const { signal } = new AbortController();
    const channel = await entered(signal);
    say({ type: 'slot-message', payload: 'abc' });
    await channel.receive();
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 1]);
    channel.receive().catch(() => {});
    channel.close('done');
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });
});
