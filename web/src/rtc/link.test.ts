import type { LinkMessage } from '@tincan/shared/link-message';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Link, type LinkOptions } from './link.ts';
import { sessionOf } from './testing/fake-room.ts';
import { LinkedNetwork, type LinkedConnection } from './testing/linked-connections.ts';

let network: LinkedNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new LinkedNetwork({ latencyMs: () => 1 });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const chat = (text: string): LinkMessage => ({ type: 'chat', id: 'x'.repeat(22), text });

function linkOf(me: string, peer: string, options: Partial<LinkOptions> = {}) {
  const { createConnection } = network;
  const names = { me: sessionOf(me), peer: sessionOf(peer), getName: () => me };
  const link = new Link({ ...names, createConnection, getIceServers: () => [], ...options });
  const events: string[] = [];
  link.on('up', () => events.push('up'));
  link.on('down', ({ reason }) => events.push(`down: ${reason}`));
  link.on('fault', (reason) => events.push(`fault: ${reason}`));
  link.on('bye', () => events.push('bye'));
  link.on('message', (message) => events.push(message.type === 'chat' ? message.text : message.type));
  return { link, events };
}

/** Two links whose signals reach each other, and the raw connection of each. */
async function pair() {
  const [alice, bob] = [linkOf('alice', 'bob'), linkOf('bob', 'alice')];
  alice.link.on('signal', ({ epoch, signal }) => bob.link.handleSignal(epoch, signal));
  bob.link.on('signal', ({ epoch, signal }) => alice.link.handleSignal(epoch, signal));
  alice.link.connect();
  await pass(50);
  const [a, b] = network.connections as [LinkedConnection, LinkedConnection];
  return { alice, bob, a, b };
}

/** Bob's link, and the bare connection of somebody who calls himself alice. */
async function attacked() {
  const bob = linkOf('bob', 'alice');
  const attacker = network.createConnection({ initiator: true, iceServers: [], label: 'attacker' });
  const heard: string[] = [];
  attacker.on('message', (message) => heard.push(message as string));
  attacker.on('signal', (signal) => bob.link.handleSignal(1, signal));
  bob.link.on('signal', ({ signal }) => attacker.handleSignal(signal));
  await pass(50);
  const say = async (message: unknown) => {
    attacker.send(typeof message === 'string' ? message : JSON.stringify(message));
    await pass(5);
  };
  return { ...bob, attacker, heard, say };
}
const hello = { type: 'hello', wire: 1, features: [], name: 'alice' };

test('[LINK-1] is connected when both hellos are through, and not before', async () => {
  const { link, events, heard, say } = await attacked();
  expect(heard.map((text) => JSON.parse(text) as unknown)).toEqual([
    { type: 'hello', wire: 1, features: [], name: 'bob' },
  ]);
  expect([link.state, link.send(chat('too early'))]).toEqual(['connecting', false]);
  await say(hello);
  expect([link.state, link.name, link.send(chat('now'))]).toEqual(['connected', 'alice', true]);
  expect(events).toEqual(['up']);
});

test('[LINK-8] carries messages in order, and drops them while it is down', async () => {
  const { alice, bob } = await pair();
  for (const text of ['one', 'two', 'three']) alice.link.send(chat(text));
  await pass(5);
  expect(bob.events).toEqual(['up', 'one', 'two', 'three']);
  network.cut();
  expect(alice.link.send(chat('four'))).toBe(false);
  expect(alice.link.state).toBe('reconnecting');
});

test('[LINK-8] carries more at once than a channel would take, in order', async () => {
  const { alice, bob } = await pair();
  const texts = Array.from({ length: 2_000 }, (_, index) => `${index} `.padEnd(4_000, '.'));
  for (const text of texts) expect(alice.link.send(chat(text))).toBe(true);
  expect(network.connections[0]?.bufferedBytes).toBeLessThan(2_000_000);
  await pass(1_000);
  expect(bob.events.slice(1)).toEqual(texts);
});

describe('[LINK-5] the ping', () => {
  test('keeps an idle link up', async () => {
    const { alice, bob } = await pair();
    await pass(600_000);
    expect([alice.events, bob.events]).toEqual([['up'], ['up']]);
  });

  test('is answered, and 8 s of silence end the connection', async () => {
    const { link, events, heard, say } = await attacked();
    await say(hello);
    await say({ type: 'ping' });
    expect(heard.at(-1)).toBe('{"type":"pong"}');
    await pass(7_900);
    expect(link.state).toBe('connected');
    await pass(200);
    expect(link.state).toBe('reconnecting');
    expect(events).toEqual(['up', 'down: nothing heard']);
  });

  test('does not blame the other side for our own sleep', async () => {
    let slept = 0;
    const bob = linkOf('bob', 'alice', { now: () => performance.now() + slept });
    const alice = linkOf('alice', 'bob');
    alice.link.on('signal', ({ epoch, signal }) => bob.link.handleSignal(epoch, signal));
    bob.link.on('signal', ({ epoch, signal }) => alice.link.handleSignal(epoch, signal));
    alice.link.connect();
    await pass(1_000);
    network.silent = true;
    slept = 3_600_000;
    await pass(3_000);
    expect(bob.link.state).toBe('connected');
    await pass(8_000);
    expect(bob.link.state).toBe('reconnecting');
  });

  test('goes out at once on waking up', async () => {
    const { alice, a } = await pair();
    expect(a.bufferedBytes).toBe(0);
    alice.link.handleWakeUp();
    expect(a.bufferedBytes).toBeGreaterThan(0);
  });
});

test('[LINK-6] an attempt that nobody greets on ends after 15 s', async () => {
  const { link, events } = await attacked();
  await pass(14_900);
  expect(link.idle).toBe(false);
  await pass(100);
  expect([link.idle, events]).toEqual([true, ['down: not connected in time']]);
});

describe('[LINK-4] an epoch', () => {
  test('that is newer replaces the connection; signals of an older one are dropped', async () => {
    const { alice, bob, a } = await pair();
    alice.link.connect();
    expect(alice.link.epoch).toBe(2);
    await pass(50);
    expect(bob.events).toEqual(['up', 'down: replaced by a newer connection', 'up']);
    bob.link.handleSignal(1, { type: 'offer', sdp: `v=0 ${a.id}` });
    bob.link.handleSignal(2, { type: 'offer', sdp: `v=0 ${a.id}` });
    alice.link.handleSignal(1, { type: 'answer', sdp: 'late' });
    await pass(50);
    expect([alice.link.state, bob.link.state]).toEqual(['connected', 'connected']);
    expect(network.connections).toHaveLength(4);
  });

  test('[LINK-3] is never begun by an offer to the side that initiates', async () => {
    const { alice } = await pair();
    alice.link.handleSignal(9, { type: 'offer', sdp: 'v=0 1' });
    await pass(50);
    expect([alice.link.state, alice.link.epoch]).toEqual(['connected', 1]);
  });
});

describe('[LINK-7] an attacker', () => {
  test.each([
    'null',
    '[]',
    '{"type":"chat"}',
    '{"type":1}',
    `{"type":"chat","id":"${'x'.repeat(22)}","text":"${'x'.repeat(70_000)}"}`,
    '{"type":"hello","wire":1,"features":[],"name":"again"}',
  ])('may say %.40s five times, and then the connection ends', async (text) => {
    const { link, events, say } = await attacked();
    await say(hello);
    for (let count = 0; count < 5; count++) await say(text);
    expect(link.state).toBe('connected');
    await say(text);
    expect(link.state).toBe('reconnecting');
    expect(events.at(-1)).toBe('down: too many malformed messages');
  });

  test('[LINK-1] gets nothing through before hello', async () => {
    const { events, say } = await attacked();
    await say(chat('hi'));
    await say({ type: 'ping' });
    expect(events).toEqual(['fault: chat before hello', 'fault: ping before hello']);
  });

  test('may say what nobody knows yet as often as he likes: it is of a later version', async () => {
    const { link, events, say } = await attacked();
    await say(hello);
    for (let count = 0; count < 50; count++) await say({ type: 'telepathy', to: 'all' });
    expect([link.state, events]).toEqual(['connected', ['up']]);
  });
});

describe('[LINK-2] another wire version', () => {
  test('is told apart by the number alone, stays without faults and is not tried again', async () => {
    const { link, events, say } = await attacked();
    await say({ ...hello, wire: 7, more: true });
    expect([link.incompatible, link.state]).toEqual(['reload-here', 'connecting']);
    for (let count = 0; count < 50; count++) await say({ type: 'chat', wave: true });
    await pass(60_000);
    expect([link.idle, events]).toEqual([false, []]);
    network.cut();
    link.connect();
    link.handleSignal(8, { type: 'offer', sdp: 'v=0 0' });
    expect(link.idle).toBe(true);
    expect(link.incompatible).toBe('reload-here');
  });
});

test('[LINK-9] closing says bye first', async () => {
  const { alice, bob } = await pair();
  alice.link.close();
  await pass(5);
  expect(bob.events).toEqual(['up', 'bye', 'down: closed by the other side']);
  expect(alice.link.idle).toBe(true);
});

test('[LINK-10] a profile changes the name', async () => {
  const { alice, bob } = await pair();
  const changed = vi.fn();
  bob.link.on('changed', changed);
  alice.link.send({ type: 'profile', name: 'Alice in Chains' });
  alice.link.send({ type: 'profile', name: 'Alice in Chains' });
  await pass(5);
  expect(bob.link.name).toBe('Alice in Chains');
  expect(changed).toHaveBeenCalledTimes(1);
});
