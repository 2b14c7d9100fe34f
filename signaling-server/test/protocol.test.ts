import { afterEach, describe, expect, test } from 'vitest';
import { MAX_PAYLOAD_CHARS } from '@tincan/shared/limits';
import {
  ADMIN_TOKEN,
  connectRaw,
  joinRoom,
  randomRoom,
  startServer,
  textFrame,
  until,
  type TestServer,
} from './support.ts';

let tincan: TestServer;
afterEach(() => tincan.stop());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('connecting', () => {
  test('[SIG-CONN-1] only /signal is a WebSocket, with any query', async () => {
    tincan = await startServer();
    await tincan.connect({ path: '/signal?x=1' });
    await expect(tincan.connect({ path: '/' })).rejects.toThrow('404');
    await expect(tincan.connect({ path: '/signal/' })).rejects.toThrow('404');
    expect((await fetch(`${tincan.url}/signal`)).status).toBe(426);
  });

  test('[SIG-CONN-2] tincan.v1 is selected if offered, none is fine, others alone are refused', async () => {
    tincan = await startServer();
    expect((await tincan.connect({ protocols: ['tincan.v9', 'tincan.v1'] })).ws.protocol).toBe('tincan.v1');
    expect((await tincan.connect({ protocols: [] })).ws.protocol).toBe('');
    await expect(tincan.connect({ protocols: ['tincan.v9'] })).rejects.toThrow('400');
  });

  test('[SIG-CONN-3] by default the origin has to be the host that is addressed', async () => {
    tincan = await startServer();
    const { port } = tincan;
    await tincan.connect({ headers: { origin: `http://127.0.0.1:${port}` } });
    await tincan.connect({ headers: { origin: 'https://Tincan.example', host: 'tincan.example' } });
    await tincan.connect(); // no Origin
    for (const origin of ['https://evil.example', `http://127.0.0.1:${port + 1}`, 'null', '']) {
      await expect(tincan.connect({ headers: { origin } }), origin).rejects.toThrow('403');
    }
  });

  test('[SIG-CONN-3] a list of origins replaces the default', async () => {
    tincan = await startServer({ allowedOrigins: ['https://tincan.example'] });
    await tincan.connect({ headers: { origin: 'https://tincan.example' } });
    await expect(tincan.connect({ headers: { origin: tincan.url } })).rejects.toThrow('403');
    await expect(tincan.connect({ headers: { origin: 'http://tincan.example' } })).rejects.toThrow('403');
  });

  test('[SIG-CONN-4] one connection more than allowed is refused, and let in when another has gone', async () => {
    tincan = await startServer({ maxConnections: 1 });
    const alice = await tincan.connect();
    await expect(tincan.connect()).rejects.toThrow('503');
    alice.ws.close();
    await alice.closed;
    await until(() => tincan.connect().then(Boolean, () => false));
  });

  test('[SIG-CONN-5] no extension is negotiated', async () => {
    tincan = await startServer();
    expect((await tincan.connect()).ws.extensions).toBe('');
  });

  test('[SIG-CONN-6] a connection that does not join in time is closed with 4003', async () => {
    tincan = await startServer({}, { policy: { joinDeadlineMs: 50 } });
    const alice = await tincan.join(randomRoom());
    const idler = await tincan.connect();
    expect((await idler.closed).code).toBe(4003);
    await alice.settle(); // who has joined stays
  });
});

describe('rooms', () => {
  test('[SIG-JOIN-1] [SIG-JOIN-2] [SIG-JOIN-3] [SIG-JOIN-4] two peers meet', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    expect(alice.welcome).toEqual({
      type: 'welcome',
      id: expect.stringMatching(UUID) as string,
      resume: expect.stringMatching(/^[\w-]{22,128}$/) as string,
      peers: [],
      iceServers: [{ urls: 'stun:stun.example.org:3478' }],
      limits: { messageBytes: 65_536, payloadChars: 49_152, peersPerRoom: 8, graceSeconds: 30 },
      features: ['slots'],
    });
    const bob = await tincan.join(room);
    expect(bob.welcome.peers).toEqual([alice.welcome.id]);
    expect(await alice.next('peer-joined')).toEqual({ type: 'peer-joined', id: bob.welcome.id });
    bob.send({ type: 'join', room });
    expect((await bob.next('error')).code).toBe('already-joined');
    expect(await alice.settle()).toEqual([]);
  });

  test('[SIG-RELAY-1] [SIG-RELAY-2] signal goes to one, announce to all others, unchanged and stamped', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    const carol = await tincan.join(room);
    const payload = `-_${'x'.repeat(MAX_PAYLOAD_CHARS - 2)}`;
    alice.send({ type: 'signal', to: bob.welcome.id, payload, from: carol.welcome.id });
    expect(await bob.next('signal')).toEqual({ type: 'signal', from: alice.welcome.id, payload });
    bob.send({ type: 'announce', payload: 'hi' });
    const announced = { type: 'signal', from: bob.welcome.id, payload: 'hi' };
    expect(await alice.next('signal')).toEqual(announced);
    expect(await carol.next('signal')).toEqual(announced);
    expect((await bob.settle()).filter(({ type }) => type === 'signal')).toEqual([]);
  });

  test('[SIG-GRACE-1] [SIG-GRACE-3] [SIG-RESUME-1] a dropped peer comes back as itself and gets what waited', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    await alice.next('peer-joined');
    bob.ws.terminate();
    await bob.closed;
    await alice.settle();
    for (const payload of ['one', 'two']) alice.send({ type: 'signal', to: bob.welcome.id, payload });
    alice.send({ type: 'announce', payload: 'three' });
    await alice.settle();

    const again = await tincan.join(room, bob.welcome.resume);
    expect(again.welcome).toMatchObject({ id: bob.welcome.id, peers: [alice.welcome.id] });
    expect(again.welcome.resume).not.toBe(bob.welcome.resume);
    await again.settle();
    expect(again.inbox.map((message) => message.type === 'signal' && message.payload)).toEqual(['one', 'two', 'three']);
    expect(await alice.settle()).toEqual([]); // neither peer-left nor peer-joined
  });

  test('[SIG-GRACE-2] one who does not come back is gone after the grace period', async () => {
    tincan = await startServer({ graceSeconds: 1 });
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    bob.ws.terminate();
    expect(await alice.next('peer-left')).toEqual({ type: 'peer-left', id: bob.welcome.id, reason: 'timeout' });
    const late = await tincan.join(room, bob.welcome.resume);
    expect(late.welcome.id).not.toBe(bob.welcome.id);
  });

  test('[SIG-RESUME-4] a token in use closes the old connection with 4001, whose end changes nothing', async () => {
    tincan = await startServer({ graceSeconds: 0 });
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    const again = await tincan.join(room, bob.welcome.resume);
    expect((await bob.closed).code).toBe(4001);
    expect(again.welcome.id).toBe(bob.welcome.id);
    await alice.next('peer-joined');
    alice.send({ type: 'signal', to: bob.welcome.id, payload: 'still-here' });
    expect((await again.next('signal')).payload).toBe('still-here');
    expect(await alice.settle()).toEqual([]);
  });

  test('[SIG-LEAVE-1] leave ends the stay at once', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    bob.send({ type: 'leave' });
    expect((await bob.closed).code).toBe(1000);
    expect(await alice.next('peer-left')).toEqual({ type: 'peer-left', id: bob.welcome.id, reason: 'left' });
    const again = await tincan.join(room, bob.welcome.resume);
    expect(again.welcome.id).not.toBe(bob.welcome.id);
  });

  test('[SIG-JOIN-6] a full room refuses, and the same connection may try again', async () => {
    tincan = await startServer({ maxPeersPerRoom: 2 });
    const room = randomRoom();
    const alice = await tincan.join(room);
    await tincan.join(room);
    const carol = await tincan.connect();
    carol.send({ type: 'join', room, ref: 'r1' });
    expect(await carol.next('error')).toMatchObject({ code: 'room-full', ref: 'r1' });
    alice.send({ type: 'leave' });
    await alice.closed;
    expect((await joinRoom(carol, room)).welcome.peers).toHaveLength(1);
  });
});

describe('staying connected', () => {
  test('[SIG-BEAT-1] ping is answered, also before join', async () => {
    tincan = await startServer();
    const alice = await tincan.connect();
    alice.send({ type: 'ping' });
    await alice.next('pong');
  });

  test('[SIG-BEAT-2] a silent connection is dropped, one that answers stays', async () => {
    tincan = await startServer({ graceSeconds: 0 }, { policy: { heartbeatMs: 100 } });
    const room = randomRoom();
    const alice = await tincan.join(room);
    const silent = await connectRaw(tincan.port);
    silent.write(textFrame(JSON.stringify({ type: 'join', room })));
    const { id } = await alice.next('peer-joined');
    expect(await alice.next('peer-left')).toMatchObject({ id, reason: 'timeout' });
    await alice.settle();
  });

  test('[SIG-RATE-1] [SIG-RELAY-4] beyond the budget reading slows down and nothing is lost', async () => {
    tincan = await startServer({}, { policy: { messages: { burst: 50, perSecond: 4_000 } } });
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.join(room);
    const startedAt = performance.now();
    for (let index = 0; index < 3_000; index++) {
      alice.send({ type: 'signal', to: bob.welcome.id, payload: String(index) });
    }
    await until(() => bob.inbox.length === 3_000);
    expect(performance.now() - startedAt).toBeGreaterThan(300); // what is read at one go may overdraw, hence not 700
    expect(bob.inbox.map((message) => message.type === 'signal' && Number(message.payload))).toEqual(
      Array.from({ length: 3_000 }, (_, index) => index),
    );
  });

  test('[SIG-RATE-1] WebSocket pings count, and are answered', async () => {
    tincan = await startServer({}, { policy: { messages: { burst: 10, perSecond: 5_000 } } });
    const alice = await tincan.connect();
    let pongs = 0;
    alice.ws.on('pong', () => pongs++);
    const startedAt = performance.now();
    for (let index = 0; index < 3_000; index++) alice.ws.ping('x'.repeat(100));
    await until(() => pongs === 3_000);
    expect(performance.now() - startedAt).toBeGreaterThan(200);
  });

  test('[SIG-NOTICE-1] a notice reaches every connection, joined or not', async () => {
    tincan = await startServer();
    const alice = await tincan.join(randomRoom());
    const bob = await tincan.connect();
    const response = await fetch(`${tincan.url}/admin/notice`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ text: 'Restarting at "noon" <b>' }),
    });
    expect([response.status, await response.json()]).toEqual([200, { connections: 2 }]);
    for (const client of [alice, bob]) expect((await client.next('notice')).text).toBe('Restarting at "noon" <b>');
  });

  test('[SIG-DRAIN-1] [SIG-CONN-4] draining closes with 1001 and refuses new connections', async () => {
    tincan = await startServer();
    const alice = await tincan.join(randomRoom());
    const deaf = await connectRaw(tincan.port); // never answers the close frame
    await tincan.server.drain();
    expect((await alice.closed).code).toBe(1001);
    await expect(tincan.connect()).rejects.toThrow('503');
    const health = await fetch(`${tincan.url}/health`);
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'draining' }]);
    await until(() => deaf.closed);
  });
});
