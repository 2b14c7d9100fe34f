import { CLOSE } from '@tincan/shared/codes';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SignalingClient, signalingUrl } from './signaling-client.ts';
import { FakeWorld } from './testing/fake-socket.ts';

const ROOM = 'r'.repeat(43);
const PEER = '6f2b3f0e-8f0e-4c53-9d3a-3a2d0f4d8a11';
const welcome = (resume = 'token-1') => ({
  type: 'welcome',
  id: PEER,
  resume,
  peers: [],
  iceServers: [],
  limits: { messageBytes: 65_536, payloadChars: 49_152, peersPerRoom: 8, graceSeconds: 30 },
  features: [],
});

let world: FakeWorld;
let client: SignalingClient;
let events: string[];
beforeEach(() => {
  vi.useFakeTimers();
  world = new FakeWorld();
  client = new SignalingClient({ url: 'ws://tincan.test/signal', room: ROOM, environment: world.environment });
  events = [];
  client.on('state', (state) => events.push(state));
  client.on('problem', (problem) => events.push(`problem ${problem}`));
  client.on('welcome', ({ resume }) => events.push(`welcome ${resume}`));
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function online(): void {
  client.open();
  world.socket.accept();
  world.socket.say(welcome());
}

test('joins the room; is online with the welcome, whose handlers may already send', () => {
  client.on('welcome', () => client.announce('hello'));
  client.open();
  expect([client.state, client.announce('too-early')]).toEqual(['connecting', false]);
  world.socket.accept();
  expect(client.state).toBe('connecting');
  world.socket.say(welcome());
  expect(world.socket.sent).toEqual([
    { type: 'join', room: ROOM },
    { type: 'announce', payload: 'hello' },
  ]);
  expect(events).toEqual(['welcome token-1', 'online']);
});

test('passes on what it hears, and passes over what it does not know', () => {
  online();
  const heard: unknown[] = [];
  for (const name of ['signal', 'peer-joined', 'peer-left', 'notice', 'ice-servers', 'refusal'] as const)
    client.on(name, (event) => heard.push(event));
  const messages = [
    { type: 'signal', from: PEER, payload: 'abc' },
    { type: 'peer-joined', id: PEER },
    { type: 'peer-left', id: PEER, reason: 'left' },
    { type: 'notice', text: 'Back in five minutes' },
    { type: 'ice-servers', iceServers: [], ttlSeconds: 60 },
    { type: 'error', code: 'unreachable', message: 'no such peer' },
  ];
  for (const message of messages) world.socket.say(message);
  for (const text of ['null', '[]', '{', '{"type":"telepathy"}', '{"type":"signal","from":7}', new ArrayBuffer(3)])
    world.socket.sayText(text);
  expect(heard).toEqual(messages);
  expect(client.state).toBe('online');
});

describe('a lost connection', () => {
  test('is made again with the latest token; while it is down nothing is queued', async () => {
    online();
    world.socket.end(1006);
    expect([client.state, client.signal(PEER, 'lost')]).toEqual(['offline', false]);
    await pass(3_000);
    expect(world.sockets).toHaveLength(2);
    world.socket.accept();
    world.socket.say(welcome('token-2'));
    expect(world.socket.sent).toEqual([{ type: 'join', room: ROOM, resume: 'token-1' }]);
    world.socket.end(1001);
    await pass(3_000);
    world.socket.accept();
    expect(world.socket.sent).toEqual([{ type: 'join', room: ROOM, resume: 'token-2' }]);
    expect(events).toEqual(['welcome token-1', 'online', 'offline', 'welcome token-2', 'online', 'offline']);
  });

  test('stays offline through failed attempts, never more than 3 s apart while the page is visible', async () => {
    client.open();
    for (let attempt = 1; attempt <= 20; attempt++) {
      expect(world.sockets).toHaveLength(attempt);
      world.socket.end(1006);
      await pass(3_000);
    }
    expect(events).toEqual(['offline']);
  });

  test('is tried at once when the page or the network comes back', async () => {
    online();
    world.visible = false;
    for (let failure = 0; failure < 10; failure++) {
      world.socket.end(1006);
      await pass(30_000);
    }
    world.socket.end(1006);
    const before = world.sockets.length;
    world.wakeUp();
    world.wakeUp();
    expect(world.sockets).toHaveLength(before + 1);
  });

  test('an attempt that hangs is given up after 10 s, and so is one without a welcome', async () => {
    client.open();
    await pass(11_000);
    expect(world.sockets).toHaveLength(2);
    world.socket.accept();
    await pass(11_000);
    expect(world.sockets).toHaveLength(3);
    expect(world.sockets.slice(0, 2).map(({ closed }) => closed)).toEqual([true, true]);
  });

  test('an attempt from before a change of network is given up when the network comes back', async () => {
    client.open();
    await pass(5_000);
    world.wakeUp();
    expect(world.sockets).toHaveLength(2);
  });
});

describe('silence', () => {
  test('is asked about after 20 s; an answer is enough', async () => {
    online();
    for (let round = 0; round < 10; round++) {
      await pass(20_000);
      expect(world.socket.sent.at(-1)).toEqual({ type: 'ping' });
      world.socket.say({ type: 'pong' });
    }
    expect(world.sockets).toHaveLength(1);
    expect(world.socket.sent).toHaveLength(11);
  });

  test('for 10 s after a ping means that the socket is dead; what it says later is not heard', async () => {
    online();
    const dead = world.socket;
    await pass(29_900);
    expect(client.state).toBe('online');
    await pass(200);
    expect([client.state, dead.closed]).toEqual(['offline', true]);
    await pass(3_000);
    world.socket.accept();
    world.socket.say(welcome('token-2'));
    dead.end(CLOSE.replaced.code);
    expect(client.state).toBe('online');
  });

  test('is asked about at once on waking up', async () => {
    online();
    world.wakeUp();
    expect(world.socket.sent.at(-1)).toEqual({ type: 'ping' });
    await pass(9_900);
    expect(client.state).toBe('online');
    await pass(200);
    expect(client.state).toBe('offline');
  });

  test('of a page that slept over the answer is not the server’s', async () => {
    let slept = 0;
    const now = () => performance.now() + slept;
    client = new SignalingClient({ url: 'ws://x/signal', room: ROOM, environment: { ...world.environment, now } });
    online();
    await pass(20_000);
    slept = 3_600_000;
    await pass(10_000);
    expect([client.state, world.sockets.length]).toEqual(['online', 1]);
    await pass(10_100);
    expect(client.state).toBe('offline');
  });
});

describe('a refusal', () => {
  test.each([
    [CLOSE.replaced.code, 'replaced'],
    [CLOSE.tooManyBadMessages.code, 'refused'],
    [CLOSE.tooBig.code, 'refused'],
  ])('with close code %i ends all attempts: %s', async (code, problem) => {
    online();
    world.socket.end(code);
    await pass(120_000);
    world.wakeUp();
    expect(world.sockets).toHaveLength(1);
    expect(events.slice(2)).toEqual(['offline', `problem ${problem}`]);
    client.open();
    expect(world.sockets).toHaveLength(2);
  });

  test.each([CLOSE.joinTimeout.code, CLOSE.slowReader.code, 4999])(
    'with close code %i is tried again',
    async (code) => {
      online();
      world.socket.end(code);
      await pass(3_000);
      expect(world.sockets).toHaveLength(2);
    },
  );

  test('by a full room is a problem, and is tried again slowly', async () => {
    client.open();
    world.socket.accept();
    world.socket.say({ type: 'error', code: 'room-full', message: 'full' });
    expect(events).toEqual(['offline', 'problem room-full']);
    expect(world.socket.closed).toBe(true);
    await pass(9_000);
    expect(world.sockets).toHaveLength(1);
    await pass(11_000);
    expect(world.sockets).toHaveLength(2);
  });
});

test('what is too long for the protocol, or for a slow network, is dropped', () => {
  online();
  expect(client.signal(PEER, 'x'.repeat(49_152))).toBe(true);
  expect(client.signal(PEER, 'x'.repeat(49_153))).toBe(false);
  world.socket.bufferedAmount = 1_048_576;
  expect(client.signal(PEER, 'x')).toBe(false);
});

test('leaving says so and is final; the next visit takes a new place', async () => {
  online();
  client.leave();
  expect(world.socket.sent.at(-1)).toEqual({ type: 'leave' });
  await pass(120_000);
  world.wakeUp();
  expect([client.state, world.sockets.length, world.socket.closed]).toEqual(['offline', 1, true]);
  client.open();
  world.socket.accept();
  expect(world.socket.sent).toEqual([{ type: 'join', room: ROOM }]);
});

test('the address is the page’s own, secure if the page is', () => {
  expect(signalingUrl({ protocol: 'https:', host: 'tincan.test' })).toBe('wss://tincan.test/signal');
  expect(signalingUrl({ protocol: 'http:', host: 'localhost:8080' })).toBe('ws://localhost:8080/signal');
});
