import { SLOT_END_REASONS } from '@tincan/shared/codes';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SignalingClient } from './signaling-client.ts';
import { openSlot } from './slot.ts';
import { FakeWorld } from './testing/fake-socket.ts';
import { outcome } from './testing/outcome.ts';

const welcome = (features = ['slots']) => ({
  type: 'welcome',
  id: '6f2b3f0e-8f0e-4c53-9d3a-3a2d0f4d8a11',
  resume: 'token',
  peers: [],
  iceServers: [],
  limits: { messageBytes: 65_536, payloadChars: 49_152, peersPerRoom: 8, graceSeconds: 30 },
  features,
});
const OPEN = { type: 'slot-open', slot: '042', ttlSeconds: 600 };
const ENTER = { type: 'slot-enter', slot: '042' };
const CANCELLED = { type: 'slot-closed', reason: 'cancelled' };

let world: FakeWorld;
let signaling: SignalingClient;
beforeEach(() => {
  vi.useFakeTimers();
  world = new FakeWorld();
  signaling = new SignalingClient({
    url: 'ws://tincan.test/signal',
    room: 'r'.repeat(43),
    environment: world.environment,
  });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const say = (...messages: Record<string, unknown>[]) => {
  for (const message of messages) world.socket.say(message);
};
/** What was said about slots, without the refs. */
const said = () =>
  world.socket.sent.filter(({ type }) => type.startsWith('slot-')).map((message) => ({ ...message, ref: undefined }));
async function online(features?: string[]): Promise<void> {
  signaling.open();
  world.socket.accept();
  say(welcome(features));
  await pass(0);
}
async function opened() {
  await online();
  const slot = openSlot(signaling);
  await pass(0);
  say(OPEN);
  return slot;
}
const refuse = (code: string) => say({ type: 'error', code, message: 'no', ref: world.socket.sent.at(-1)!.ref });

describe('the owner’s slot', () => {
  test('is opened, entered, used and closed', async () => {
    const slot = await opened();
    expect([slot.number, slot.ttlSeconds, said()]).toEqual(['042', 600, [{ type: 'slot-open' }]]);
    const entered = slot.entered();
    for (let waited = 0; waited < 600; waited += 20) {
      await pass(20_000);
      say({ type: 'pong' });
    }
    expect(await outcome(entered)).toBe('waiting');
    say(ENTER);
    await entered;
    slot.channel.send('abc');
    const answer = slot.channel.receive();
    say({ type: 'slot-message', payload: 'def' });
    expect(await answer).toBe('def');
    slot.channel.close('done');
    slot.channel.close('cancelled');
    expect(said().slice(1)).toEqual([
      { type: 'slot-message', payload: 'abc' },
      { type: 'slot-closed', reason: 'done' },
    ]);
    expect(signaling.state).toBe('online');
  });

  test('needs a server that is there and knows slots; else nothing is sent', async () => {
    expect(await outcome(openSlot(signaling))).toBe('server-unreachable');
    await online([]);
    expect(await outcome(openSlot(signaling))).toBe('unsupported');
    expect(said()).toEqual([]);
  });

  test.each([
    ['slot-limit', 'slot-limit'],
    ['unknown-type', 'unsupported'],
    ['constructor', 'unsupported'],
  ])('may be refused with %s: %s', async (code, failure) => {
    await online();
    const slot = openSlot(signaling);
    await pass(0);
    say({ type: 'error', code: 'slot-limit', message: 'of something else' });
    say({ type: 'error', code: 'slot-limit', message: 'of something else', ref: 'x' });
    expect(await outcome(slot)).toBe('waiting');
    refuse(code);
    expect(await outcome(slot)).toBe(failure);
    expect(said()).toEqual([{ type: 'slot-open' }]);
  });

  test('is given up if the server does not answer within ten seconds', async () => {
    await online();
    const slot = openSlot(signaling);
    const ended = outcome(slot);
    await pass(9_900);
    expect(said()).toEqual([{ type: 'slot-open' }]);
    await pass(200);
    expect([await ended, await outcome(slot), said()]).toEqual([
      'waiting',
      'timeout',
      [{ type: 'slot-open' }, CANCELLED],
    ]);
  });

  test.each(SLOT_END_REASONS)('ends when the server says %s', async (reason) => {
    const slot = await opened();
    const entered = slot.entered();
    say({ type: 'slot-closed', reason });
    expect(await outcome(entered)).toBe(reason);
    expect(await outcome(slot.channel.receive())).toBe(reason);
    expect(() => slot.channel.send('abc')).toThrow(expect.objectContaining({ code: reason }));
    slot.channel.close('done');
    expect(said()).toEqual([{ type: 'slot-open' }]);
  });

  test('ends with the connection, and the next one knows nothing of it', async () => {
    const slot = await opened();
    const entered = slot.entered();
    world.socket.end(1006);
    expect(await outcome(entered)).toBe('server-unreachable');
    await pass(3_000);
    await online();
    say(ENTER);
    slot.channel.close('done');
    expect(said()).toEqual([]);
  });

  test('ends if the connection takes nothing more', async () => {
    const slot = await opened();
    world.socket.bufferedAmount = 1_048_576;
    expect(() => slot.channel.send('abc')).toThrow(expect.objectContaining({ code: 'server-unreachable' }));
  });

  test('is given up if the other side does not answer, and when it was closed meanwhile', async () => {
    const silent = await opened();
    say(ENTER);
    await silent.entered();
    const answer = silent.channel.receive();
    answer.catch(() => {});
    await pass(10_100);
    expect(await outcome(answer)).toBe('timeout');
    expect(said().at(-1)).toEqual(CANCELLED);

    const reopened = openSlot(signaling);
    await pass(0);
    say(OPEN, ENTER);
    const slot = await reopened;
    await slot.entered();
    slot.channel.send('abc');
    refuse('not-in-slot');
    expect(await outcome(slot.channel.receive())).toBe('left');
    expect(said().at(-1)).toMatchObject({ type: 'slot-message' });
  });

  test('is closed when one of its messages is refused, so that another can be opened', async () => {
    const slot = await opened();
    slot.channel.send('abc');
    refuse('slot-limit');
    expect(await outcome(slot.channel.receive())).toBe('slot-limit');
    expect(said().at(-1)).toEqual(CANCELLED);
  });

  test('ends when the signal says so', async () => {
    await online();
    const giveUp = new AbortController();
    const opening = openSlot(signaling, giveUp.signal);
    await pass(0);
    say(OPEN);
    const entered = (await opening).entered();
    giveUp.abort();
    expect(await outcome(entered)).toBe('cancelled');
    expect(said()).toEqual([{ type: 'slot-open' }, CANCELLED]);
    expect(await outcome(openSlot(signaling, giveUp.signal))).toBe('cancelled');
    expect(said()).toHaveLength(2);
  });

  test('given up before the answer is closed with it, and its number is not taken for the next one’s', async () => {
    await online();
    const giveUp = new AbortController();
    const [first, second] = [openSlot(signaling, giveUp.signal), openSlot(signaling)];
    await pass(0);
    giveUp.abort();
    say(OPEN);
    expect(await outcome(first)).toBe('cancelled');
    say({ ...OPEN, slot: '777' });
    expect((await second).number).toBe('777');
    expect(said()).toEqual([{ type: 'slot-open' }, CANCELLED, { type: 'slot-open' }]);
  });

  test('is not ended by news of the slot before it', async () => {
    await online();
    const opening = openSlot(signaling);
    await pass(0);
    say({ type: 'slot-closed', reason: 'expired' }, OPEN);
    const slot = await opening;
    expect([slot.number, await outcome(slot.entered())]).toEqual(['042', 'waiting']);
  });

  test('can be ended as its time would end it, by a side that keeps that time itself', async () => {
    const slot = await opened();
    const entered = slot.entered();
    slot.channel.expire();
    expect(await outcome(entered)).toBe('expired');
    expect(said().at(-1)).toEqual(CANCELLED);
  });
});
