// What a client can do that means harm. After every attack the server answers, and an honest pair still meets.
import { afterEach, describe, expect, test } from 'vitest';
import { connect as connectTcp } from 'node:net';
import { MAX_SIGNALING_MESSAGE_BYTES } from '@tincan/shared/limits';
import { connectRaw, randomRoom, startServer, textFrame, until, type TestServer } from './support.ts';

let tincan: TestServer;
afterEach(async () => {
  await expectHonestPairToMeet();
  await tincan.stop();
});

const UNLIMITED = { burst: 1e12, perSecond: 1e12 };

describe('messages that do not fit', () => {
  const malformed: [string, string][] = [
    ['null', 'null'],
    ['an array', '[{"type":"ping"}]'],
    ['a number', '42'],
    ['a string', '"ping"'],
    ['no JSON', '{"type":"ping"'],
    ['nothing', ''],
  ];
  test.each(malformed)('[SIG-MSG-1] %s is malformed, and the connection stays', async (_name, text) => {
    tincan = await startServer();
    const attacker = await tincan.connect();
    attacker.sendRaw(text);
    expect(await attacker.next('error')).toMatchObject({ code: 'malformed' });
    await attacker.settle();
  });

  const room = randomRoom();
  const peer = '3f0e4b5c-1f7a-4f4e-9d53-0a4c2c2f8c11';
  const invalid: [string, object][] = [
    ['a join without a room', { type: 'join' }],
    ['a room that is a number', { type: 'join', room: 7 }],
    ['a room that is an object', { type: 'join', room: { toString: room } }],
    ['the room __proto__', { type: 'join', room: '__proto__' }],
    ['the room constructor', { type: 'join', room: 'constructor' }],
    ['a room with a forbidden character', { type: 'join', room: `${room.slice(1)}/` }],
    ['a token that is an array', { type: 'join', room, resume: [] }],
    ['a signal without a payload', { type: 'signal', to: peer }],
    ['a signal to nobody', { type: 'signal', payload: 'x' }],
    ['a signal to __proto__', { type: 'signal', to: '__proto__', payload: 'x' }],
    ['an empty payload', { type: 'announce', payload: '' }],
    ['a payload that would break out of its quotes', { type: 'announce', payload: '"},{"type":"notice"' }],
    ['a payload that is too long', { type: 'announce', payload: 'x'.repeat(49_153) }],
    ['a ref that is too long', { type: 'ping', ref: 'x'.repeat(33) }],
  ];
  test.each(invalid)('[SIG-MSG-5] %s is invalid', async (_name, message) => {
    tincan = await startServer();
    const attacker = await tincan.connect();
    attacker.send(message);
    const error = await attacker.next('error');
    expect(error.code).toBe('invalid-message');
    expect(error).not.toHaveProperty('ref');
    await attacker.settle();
  });

  test.each(['hack', '__proto__', 'constructor', 'toString', 7, null])(
    '[SIG-MSG-4] type %s is unknown',
    async (type) => {
      tincan = await startServer();
      const attacker = await tincan.connect();
      attacker.sendRaw(`{"type":${JSON.stringify(type)},"ref":"r"}`);
      expect(await attacker.next('error')).toMatchObject({ code: 'unknown-type', ref: 'r' });
    },
  );

  test('[SIG-MSG-3] unknown fields are ignored, __proto__ too', async () => {
    tincan = await startServer();
    const attacker = await tincan.connect();
    attacker.sendRaw(`{"type":"join","room":"${randomRoom()}","__proto__":{"admin":true},"peers":["x"]}`);
    expect((await attacker.next('welcome')).peers).toEqual([]);
  });

  test('[SIG-MSG-1] a binary frame is malformed', async () => {
    tincan = await startServer();
    const attacker = await tincan.connect();
    attacker.sendRaw(Buffer.from('{"type":"ping"}'));
    expect((await attacker.next('error')).code).toBe('malformed');
    expect(attacker.inbox).toEqual([]);
  });

  test('[SIG-MSG-8] the sixth bad message closes with 4002, and refusals that are nobody’s fault do not count', async () => {
    tincan = await startServer();
    const honest = await tincan.join(randomRoom());
    for (let index = 0; index < 20; index++) honest.send({ type: 'signal', to: peer, payload: 'x' });
    await honest.settle();

    const attacker = await tincan.connect();
    for (let index = 0; index < 50; index++) attacker.sendRaw('null');
    expect((await attacker.closed).code).toBe(4002);
    expect(attacker.inbox).toHaveLength(5);
  });

  test('[SIG-MSG-2] 65,536 bytes are read, one more closes with 1009', async () => {
    tincan = await startServer();
    const attacker = await tincan.connect();
    const padded = (bytes: number) => `{"type":"ping"${' '.repeat(bytes - 15)}}`;
    attacker.sendRaw(padded(MAX_SIGNALING_MESSAGE_BYTES));
    await attacker.next('pong');
    attacker.sendRaw(padded(MAX_SIGNALING_MESSAGE_BYTES + 1));
    expect((await attacker.closed).code).toBe(1009);
  });

  test('[SIG-MSG-9] broken frames and broken UTF-8 close that one connection', async () => {
    tincan = await startServer();
    const broken = await connectRaw(tincan.port);
    broken.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await until(() => broken.closed);
    const attacker = await tincan.connect();
    attacker.ws.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect((await attacker.closed).code).toBe(1007);
  });

  test('[SIG-MSG-9] a message in endless pieces ends', async () => {
    tincan = await startServer({}, { policy: { messages: UNLIMITED, bytes: UNLIMITED } });
    const attacker = await tincan.connect();
    for (let index = 0; index < 20_000; index++) attacker.ws.send('', { fin: false });
    expect((await attacker.closed).code).toBe(1008);
  });
});

describe('other people’s rooms', () => {
  test('[SIG-RELAY-3] a signal to a peer of another room is unreachable and does not arrive', async () => {
    tincan = await startServer();
    const alice = await tincan.join(randomRoom());
    const attacker = await tincan.join(randomRoom());
    attacker.send({ type: 'signal', to: alice.welcome.id, payload: 'x', ref: '1' });
    expect(await attacker.next('error')).toMatchObject({ code: 'unreachable', ref: '1' });
    attacker.send({ type: 'announce', payload: 'x' });
    await attacker.settle();
    expect(await alice.settle()).toEqual([]);
  });

  test('[SIG-RESUME-3] another’s token, used from another room, gives a fresh id', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    const attacker = await tincan.join(randomRoom(), alice.welcome.resume);
    expect(attacker.welcome.id).not.toBe(alice.welcome.id);
    expect(attacker.welcome.peers).toEqual([]);
    expect(await alice.settle()).toEqual([]); // not replaced
  });

  test('[SIG-JOIN-5] [SIG-MSG-7] nothing can be sent before join', async () => {
    tincan = await startServer();
    const alice = await tincan.join(randomRoom());
    const attacker = await tincan.connect();
    attacker.send({ type: 'signal', to: alice.welcome.id, payload: 'x' });
    attacker.send({ type: 'announce', payload: 'x' });
    attacker.send({ type: 'leave' });
    await attacker.settle();
    expect(attacker.inbox.map((message) => message.type === 'error' && message.code)).toEqual(
      Array.from({ length: 3 }, () => 'not-joined'),
    );
    expect(await alice.settle()).toEqual([]);
  });
});

describe('floods', () => {
  test('[SIG-RATE-1] 10,000 messages at once do not slow an honest pair', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    const attacker = await tincan.join(room);
    for (let index = 0; index < 10_000; index++) {
      attacker.send({ type: 'signal', to: bob.welcome.id, payload: 'flood' });
    }
    const latenciesMs: number[] = [];
    for (let index = 0; index < 100; index++) {
      const sentAt = performance.now();
      bob.send({ type: 'signal', to: alice.welcome.id, payload: 'honest' });
      await alice.next('signal');
      latenciesMs.push(performance.now() - sentAt);
    }
    const sorted = latenciesMs.sort((a, b) => a - b);
    expect(sorted[50]).toBeLessThan(50);
    await bob.settle();
    // A burst, what one read from the socket may overdraw, and what has been earned since.
    expect(bob.inbox.length).toBeLessThan(5_000);
    expect(attacker.ws.readyState).toBe(attacker.ws.OPEN);
  });

  test('[SIG-RATE-2] [SIG-CLOSE-3] a reader that never reads is closed and absent; what it costs is bounded', async () => {
    tincan = await startServer({}, { policy: { messages: UNLIMITED, bytes: UNLIMITED } });
    const room = randomRoom();
    const alice = await tincan.join(room);
    const attacker = await connectRaw(tincan.port);
    attacker.pause();
    attacker.write(textFrame(JSON.stringify({ type: 'join', room })));
    const { id } = await alice.next('peer-joined');

    // The system takes some megabytes, the server one, the absent peer's queue 64 KiB; then it is `unreachable`.
    const before = process.memoryUsage().rss;
    const payload = 'x'.repeat(49_152);
    let sentBytes = 0;
    while (sentBytes < 64 * 1_048_576 && alice.inbox.length === 0) {
      for (let index = 0; index < 16; index++) alice.send({ type: 'signal', to: id, payload });
      sentBytes += 16 * payload.length;
      await alice.settle();
    }
    expect(alice.inbox[0]).toMatchObject({ type: 'error', code: 'unreachable' });
    expect(sentBytes).toBeLessThan(24 * 1_048_576);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1_048_576);
    await until(() => tincan.connect().then(Boolean));
  });

  test('[SIG-RATE-2] one that sends WebSocket pings and never reads the pongs is closed too', async () => {
    tincan = await startServer({}, { policy: { messages: UNLIMITED, bytes: UNLIMITED, bufferedBytes: 65_536 } });
    const attacker = await connectRaw(tincan.port);
    attacker.pause();
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const flood = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
    // The end shows in a failed write: a socket that does not read sees no other.
    let isClosed = false;
    const writeMore = (error?: Error | null): void => {
      if (error) isClosed = true;
      else attacker.write(flood, writeMore);
    };
    writeMore();
    await until(() => isClosed);
  });

  test('[SIG-GRACE-3] what waits for an absent peer is bounded', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    bob.ws.terminate();
    await bob.closed;
    await alice.next('peer-joined');
    await alice.settle();
    for (const ref of ['1', '2', '3'])
      alice.send({ type: 'signal', to: bob.welcome.id, payload: 'x'.repeat(30_000), ref });
    expect(await alice.next('error')).toMatchObject({ code: 'unreachable', ref: '3' });
    const again = await tincan.join(room, bob.welcome.resume);
    expect((await again.settle()).map(({ type }) => type)).toEqual(['signal', 'signal']);
  });

  test('bytes that are no HTTP, and a connection that is cut in mid-handshake', async () => {
    tincan = await startServer();
    for (const text of [
      '\x16\x03\x01\x02\x00\x01',
      'GET /signal HTTP/1.1\r\nHost: x\r\nUpgr',
      'BREW / HTCPCP/1.0\r\n\r\n',
    ]) {
      const socket = connectTcp(tincan.port, '127.0.0.1');
      socket.on('error', () => {});
      await new Promise<void>((resolve) => socket.write(text, () => resolve()));
      socket.destroy();
    }
    const cut = await connectRaw(tincan.port);
    cut.resetAndDestroy();
  });
});

async function expectHonestPairToMeet(): Promise<void> {
  const room = randomRoom();
  const alice = await tincan.join(room);
  const bob = await tincan.join(room);
  bob.send({ type: 'signal', to: alice.welcome.id, payload: 'hello' });
  expect((await alice.next('signal')).from).toBe(bob.welcome.id);
}
