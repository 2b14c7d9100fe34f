// The hub behind its clients, over fake sockets and a clock that is set by hand.
import { beforeEach, expect, test } from 'vitest';
import { Hub } from './hub.ts';
import { silentLog } from './log.ts';
import { Slots } from './slots.ts';
import { connect as connectTo } from './testing/connect.ts';

const ROOM = 'r'.repeat(43);
const GRACE_MS = 30_000;
const slots = new Slots({ now: () => 0, random: () => 0, log: silentLog, slotsPerAddress: 1 });
let now: number;
let hub: Hub;

beforeEach(() => {
  now = 0;
  hub = createHub();
});

test('[SIG-JOIN-6] the peer that has been absent for longest gives way', () => {
  const [alice, bob, carol] = [connect(), connect(), connect()];
  const [, bobId, carolId] = [alice, bob, carol].map((client) => client.join().id);
  carol.drop();
  now = 1;
  bob.drop();
  const dave = connect();
  expect(dave.join().peers).not.toContain(carolId);
  expect(alice.take('peer-left')).toEqual([{ type: 'peer-left', id: carolId, reason: 'gave-way' }]);
  connect().join();
  expect(alice.take('peer-left')).toEqual([{ type: 'peer-left', id: bobId, reason: 'gave-way' }]);
  const late = connect();
  late.send({ type: 'join', room: ROOM });
  expect(late.refusals).toEqual(['room-full']);
});

test('[SIG-GRACE-2] the grace ends to the millisecond, also between two looks at it', () => {
  const [alice, bob] = [connect(), connect()];
  alice.join();
  const { id, resume } = bob.join();
  bob.drop();
  now = GRACE_MS - 1;
  const again = connect();
  expect(again.join({ resume })).toMatchObject({ id });
  again.drop();
  now += GRACE_MS;
  alice.send({ type: 'signal', to: id, payload: 'x' });
  expect(alice.refusals).toEqual(['unreachable']);
  expect(alice.take('peer-left')).toEqual([{ type: 'peer-left', id, reason: 'timeout' }]);
});

test('[SIG-GRACE-2] expire removes exactly those whose time has come', () => {
  const [alice, bob, carol] = [connect(), connect(), connect()];
  alice.join();
  const bobId = bob.join().id;
  carol.join();
  bob.drop();
  now = 10;
  carol.drop();
  now = GRACE_MS;
  hub.expire();
  expect(alice.take('peer-left').map(({ id }) => id)).toEqual([bobId]);
});

test('[SIG-RESUME-2] a token works once', () => {
  const alice = connect();
  const { id, resume } = alice.join();
  alice.drop();
  const second = connect();
  const secondWelcome = second.join({ resume });
  expect(secondWelcome.id).toBe(id);
  expect(connect().join({ resume }).id).not.toBe(id);
  second.drop();
  expect(connect().join({ resume: secondWelcome.resume }).id).toBe(id);
});

test('[SIG-RESUME-3] a token is bound to its room', () => {
  const alice = connect();
  const { id, resume } = alice.join();
  const attacker = connect();
  expect(attacker.join({ room: 'x'.repeat(43), resume }).id).not.toBe(id);
  expect(alice.closedWith).toBeUndefined();
});

test('[SIG-RESUME-4] the end of a replaced connection does not touch the new one', () => {
  const [alice, bob] = [connect(), connect()];
  alice.join();
  const { id, resume } = bob.join();
  const again = connect();
  again.join({ resume });
  expect(bob.closedWith).toBe(4001);
  bob.drop();
  now = 10 * GRACE_MS;
  hub.expire();
  alice.send({ type: 'signal', to: id, payload: 'x' });
  expect(again.take('signal')).toHaveLength(1);
  expect(alice.take('peer-left')).toEqual([]);
});

test('[SIG-RESUME-1] welcome comes before what waited, and what waited keeps its order', () => {
  const [alice, bob] = [connect(), connect()];
  alice.join();
  const { id, resume } = bob.join();
  bob.drop();
  for (const payload of ['1', '2']) alice.send({ type: 'signal', to: id, payload });
  const again = connect();
  again.send({ type: 'join', room: ROOM, resume });
  expect(again.inbox.map((message) => (message.type === 'signal' ? message.payload : message.type))).toEqual([
    'welcome',
    '1',
    '2',
  ]);
});

test('[SIG-GRACE-4] comings and goings do not wait; the welcome tells the outcome', () => {
  const [alice, bob, carol] = [connect(), connect(), connect()];
  alice.join();
  const { resume } = bob.join();
  bob.drop();
  const carolId = carol.join().id;
  alice.send({ type: 'leave' });
  const again = connect();
  expect(again.join({ resume }).peers).toEqual([carolId]);
  expect(again.inbox).toEqual([]);
});

test('[SIG-GRACE-3] the number of absent peers is bounded, and the oldest gives way', () => {
  hub = createHub({ maxAbsentPeers: 2 });
  const clients = ['a', 'b', 'c'].map((name) => ({ client: connect(), room: name.repeat(43) }));
  const welcomes = clients.map(({ client, room }) => client.join({ room }));
  for (const { client } of clients) client.drop();
  const back = clients.map(({ room }, index) => connect().join({ room, resume: welcomes[index]!.resume }).id);
  expect(back.map((id, index) => id === welcomes[index]!.id)).toEqual([false, true, true]);
});

test('[SIG-GRACE-3] what waits for all absent peers is bounded, and the room is given back', () => {
  hub = createHub({ maxPeersPerRoom: 2_000 });
  const alice = connect();
  alice.join();
  const absent = Array.from({ length: 1_100 }, () => {
    const client = connect();
    const { id } = client.join();
    client.drop();
    return id;
  });
  for (const to of absent) alice.send({ type: 'signal', to, payload: 'x'.repeat(49_152) });
  for (const to of absent) alice.send({ type: 'signal', to, payload: 'x'.repeat(16_000) });
  // Each queue would hold both: it is the sum that is over 64 MiB.
  expect(alice.refusals.length).toBeGreaterThan(200);
  expect(alice.refusals.length).toBeLessThan(400);
  now = GRACE_MS;
  hub.expire();
  const bob = connect();
  const { id } = bob.join();
  bob.drop();
  alice.refusals.length = 0;
  alice.send({ type: 'signal', to: id, payload: 'x'.repeat(49_152) });
  expect(alice.refusals).toEqual([]);
});

test('[SIG-JOIN-7] nothing stays of a room that everyone has left', () => {
  const alice = connect();
  alice.join();
  alice.send({ type: 'leave' });
  expect(alice.closedWith).toBe(1000);
  alice.drop();
  expect(connect().join().peers).toEqual([]);
  expect(hub.notice('x')).toBe(1);
});

test('[SIG-CLOSE-2] a client that has gone is not acted on any more', () => {
  const [alice, bob] = [connect(), connect()];
  alice.join();
  bob.join();
  bob.drop();
  bob.send({ type: 'announce', payload: 'x' });
  bob.send({ type: 'join', room: ROOM });
  expect(alice.take('signal')).toEqual([]);
  expect(bob.refusals).toEqual([]);
});

test('[SIG-MSG-6] a refusal repeats ref', () => {
  const { client } = connect();
  expect(client.handleText('{"type":"leave","ref":"7"}')).toMatchObject({ code: 'not-joined', ref: '7' });
  expect(client.handleText('{"type":"leave"}')).not.toHaveProperty('ref');
});

function createHub(overrides: { maxAbsentPeers?: number; maxPeersPerRoom?: number } = {}): Hub {
  let ids = 0;
  return new Hub({
    now: () => now,
    createId: () => `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`,
    createToken: () => `token-${ids++}`,
    maxPeersPerRoom: 3,
    maxAbsentPeers: 10_000,
    graceSeconds: GRACE_MS / 1_000,
    iceServers: [],
    ...overrides,
  });
}

function connect() {
  const client = connectTo(hub, slots);
  return Object.assign(client, {
    join: (options: { room?: string; resume?: string } = {}) => {
      client.send({ type: 'join', room: ROOM, ...options });
      return client.take('welcome')[0]!;
    },
  });
}
