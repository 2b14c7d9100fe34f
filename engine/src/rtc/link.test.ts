import { toBase64Url } from '@tincan/shared/base64url';
import type { LinkMessage } from '@tincan/shared/link-message';
import { commitmentTo } from '@tincan/shared/safety-words';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Link, type LinkOptions } from './link.ts';
import { sessionOf } from './testing/fake-room.ts';
import {
  fingerprintLine,
  LinkedNetwork,
  nameOfFingerprint,
  type LinkedConnection,
} from './testing/linked-connections.ts';

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
  const createConnection = network.showing(me);
  const isTheirs = (fingerprint: string) => nameOfFingerprint(fingerprint) === sessionOf(peer);
  const names = { me: sessionOf(me), peer: sessionOf(peer), getName: () => me, isTheirs };
  const link = new Link({ ...names, createConnection, getIceServers: () => [], ...options });
  const events: string[] = [];
  link.on('up', () => events.push('up'));
  link.on('down', ({ reason }) => events.push(`down: ${reason}`));
  link.on('fault', (reason) => events.push(`fault: ${reason}`));
  link.on('breach', (breach) => events.push(`breach: ${breach}`));
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
  const attacker = network.showing('alice')({ initiator: true, iceServers: [], label: 'attacker' });
  const heard: string[] = [];
  attacker.on('message', (message) => heard.push(message as string));
  attacker.on('signal', (signal) => bob.link.handleSignal(1, signal));
  bob.link.on('signal', ({ signal }) => attacker.handleSignal(signal));
  await pass(50);
  const say = async (message: unknown) => {
    attacker.send(typeof message === 'string' ? message : JSON.stringify(message));
    await pass(5);
  };
  const greet = async () => {
    await say(hello);
    await say(reveal);
  };
  return { ...bob, attacker, heard, say, greet };
}
const nonce = new Uint8Array(32).fill(7);
const commitment = commitmentTo({ session: sessionOf('alice'), nonce });
const hello = { type: 'hello', wire: 2, features: [], name: 'alice', commitment };
const reveal = { type: 'reveal', nonce: toBase64Url(nonce) };

test('[LINK-1] [WORDS-1] is connected when hello and reveal are through, and reveals only what the other has committed to', async () => {
  const { link, events, heard, say } = await attacked();
  const said = () => heard.map((text) => JSON.parse(text) as { type: string; commitment?: string; nonce?: string });
  expect(said()).toEqual([
    {
      type: 'hello',
      wire: 2,
      features: ['chat-receipt', 'lane-arrived'],
      name: 'bob',
      commitment: expect.stringMatching(/^[\w-]{43}$/) as string,
    },
  ]);
  expect([link.state, link.send(chat('too early'))]).toEqual(['connecting', false]);
  await say(hello);
  expect([link.state, link.send(chat('too early'))]).toEqual(['connecting', false]);
  expect(said().map(({ type }) => type)).toEqual(['hello', 'reveal']);
  await say(reveal);
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
    const { link, events, heard, say, greet } = await attacked();
    await greet();
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
    bob.link.handleSignal(1, { type: 'offer', sdp: a.sdp });
    bob.link.handleSignal(2, { type: 'offer', sdp: a.sdp });
    alice.link.handleSignal(1, { type: 'answer', sdp: 'late' });
    await pass(50);
    expect([alice.link.state, bob.link.state]).toEqual(['connected', 'connected']);
    expect(network.connections).toHaveLength(4);
  });

  test('[LINK-3] is never begun by an offer to the side that initiates', async () => {
    const { alice } = await pair();
    alice.link.handleSignal(9, { type: 'offer', sdp: network.connections[1]!.sdp });
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
    const { link, events, say, greet } = await attacked();
    await greet();
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
    expect(events).toEqual(['fault: chat before the link is up', 'fault: ping before the link is up']);
  });

  test('may say what nobody knows yet as often as he likes: it is of a later version', async () => {
    const { link, events, say, greet } = await attacked();
    await greet();
    for (let count = 0; count < 50; count++) await say({ type: 'telepathy', to: 'all' });
    expect([link.state, events]).toEqual(['connected', ['up']]);
  });
});

describe('[WORDS] the safety words', () => {
  test('[WORDS-3] are the same on both sides, and others on every link', async () => {
    const { alice, bob } = await pair();
    const first = alice.link.words;
    expect(first).toHaveLength(6);
    expect(bob.link.words).toEqual(first);
    alice.link.connect();
    await pass(50);
    expect(alice.link.words).toHaveLength(6);
    expect(bob.link.words).toEqual(alice.link.words);
    expect(alice.link.words).not.toEqual(first);
    network.cut();
    expect([alice.link.words, bob.link.words]).toEqual([undefined, undefined]);
  });

  test.each([
    ['another nonce', { type: 'reveal', nonce: toBase64Url(new Uint8Array(32).fill(8)) }],
    ['a nonce in a form that decodes to the same bytes', { type: 'reveal', nonce: `${reveal.nonce.slice(0, -1)}d` }],
  ])('[WORDS-2] a commitment that is opened with %s closes the link', async (_, opening) => {
    const { link, events, say } = await attacked();
    await say(hello);
    await say(opening);
    expect([link.state, link.idle]).toEqual(['connecting', true]);
    expect(events).toEqual(['down: the nonce does not fit its commitment', 'breach: wrong-opening']);
  });

  test('[WORDS-2] our own commitment, sent back and opened with our own nonce, closes the link', async () => {
    const { link, events, heard, say } = await attacked();
    await say(heard[0]);
    await say(heard[1]);
    expect([link.idle, events.at(-1)]).toEqual([true, 'breach: wrong-opening']);
  });

  test('[WORDS-1] a hello without a commitment closes the link', async () => {
    const { link, events, say } = await attacked();
    await say({ ...hello, commitment: undefined });
    expect([link.idle, events.at(-1)]).toEqual([true, 'breach: wrong-opening']);
  });

  test('[LINK-1] a reveal before hello, or a second one, is a fault', async () => {
    const { events, say, greet } = await attacked();
    await say(reveal);
    await greet();
    await say(reveal);
    expect(events).toEqual(['fault: reveal out of place', 'up', 'fault: reveal out of place']);
  });
});

describe('[BIND] a certificate', () => {
  test('[BIND-2] of somebody else is refused before it replaces anything, at the first link as at any later one', async () => {
    const sdp = `v=0 0\r\n${fingerprintLine('attacker')}`;
    const stranger = linkOf('bob', 'alice');
    stranger.link.handleSignal(1, { type: 'offer', sdp });
    expect([stranger.link.idle, stranger.events]).toEqual([true, ['breach: wrong-certificate']]);
    const { bob, a } = await pair();
    bob.link.handleSignal(9, { type: 'offer', sdp });
    expect([bob.link.state, bob.link.epoch, bob.events.at(-1)]).toEqual(['connected', 1, 'breach: wrong-certificate']);
    network.cut();
    bob.link.handleSignal(9, { type: 'offer', sdp });
    expect([bob.link.idle, network.connections.length]).toEqual([true, 2]);
    bob.link.handleSignal(9, { type: 'offer', sdp: a.sdp });
    expect(bob.link.idle).toBe(false);
  });

  test('[BIND-2] that is described and not proved closes the connection before a word is said', async () => {
    const bob = linkOf('bob', 'alice');
    const attacker = network.showing('attacker')({ initiator: true, iceServers: [], label: 'attacker' });
    const heard: unknown[] = [];
    attacker.on('message', (message) => heard.push(message));
    attacker.on('signal', (signal) => {
      const claimed = fingerprintLine('alice');
      const lie = signal.type === 'candidate' ? signal : { ...signal, sdp: `v=0 0\r\n${claimed}\r\n` };
      bob.link.handleSignal(1, lie);
    });
    bob.link.on('signal', ({ signal }) => attacker.handleSignal(signal));
    await pass(50);
    expect(bob.events).toEqual(['down: refused: another certificate than was described', 'breach: wrong-certificate']);
    expect(heard).toEqual([]);
  });

  test('[BIND-1] another one in a second answer closes the connection', async () => {
    const { alice, a } = await pair();
    alice.link.handleSignal(1, { type: 'answer', sdp: `v=0 1\r\n${fingerprintLine('attacker')}` });
    expect(alice.events.slice(1)).toEqual([
      'down: refused: a description without the certificate of the session',
      'breach: wrong-certificate',
    ]);
    expect(a.isOpen).toBe(false);
  });

  test.each([
    ['no fingerprint', 'v=0'],
    ['two', `v=0\r\n${fingerprintLine('alice')}\r\n${fingerprintLine('attacker')}`],
  ])('[BIND-1] a description with %s begins nothing, and the page is told', async (_, sdp) => {
    const bob = linkOf('bob', 'alice');
    bob.link.handleSignal(1, { type: 'offer', sdp });
    expect([bob.link.idle, network.connections, bob.events]).toEqual([true, [], ['breach: wrong-certificate']]);
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
    link.handleSignal(8, { type: 'offer', sdp: network.connections[0]!.sdp });
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

test('[LINK-10] a name comes without what could garble the text around it, and with all that belongs to its writing', async () => {
  const { link, say, greet } = await attacked();
  await greet();
  const names = [
    ['\u202eAlice\u2066', 'Alice'],
    [' \tAlice\u2028B. ', 'AliceB.'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦'],
    ['\u200f\u00ad \u3164', ''],
  ];
  for (const [name, shown] of names) {
    await say({ type: 'profile', name });
    expect(link.name).toBe(shown);
  }
});
