import { createHash, randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { Breach } from '../rtc/breach.ts';
import type { Lane } from '../rtc/lane.ts';
import type { Peer } from '../rtc/peer.ts';
import { createNodeIdentity } from './node-identity.ts';
import { createNodeRoom, nextLane, type NodeRoom } from './testing/node-room.ts';

/** A frame of the wire: its header and a piece of a block. */
const FRAME_BYTES = 16 + 65_536;
const MIB = 1_048_576;

let room: NodeRoom;
afterEach(() => room.close());

/** Asks for a lane and gives both ends of it. */
async function openLane(one: Peer, other: Peer): Promise<[Lane, Lane]> {
  const lanes = Promise.all([nextLane(one), nextLane(other)]);
  one.lanes.open();
  return lanes;
}

/** Sends frames of random bytes, as fast as the lane takes them; the hash of all. */
async function sendRandom(lane: Lane, frames: number): Promise<string> {
  const hash = createHash('sha256');
  for (let count = 0; count < frames; count++) {
    const frame = new Uint8Array(FRAME_BYTES);
    frame.set(randomBytes(FRAME_BYTES));
    hash.update(frame);
    while (lane.full) await lane.drained();
    lane.send(frame);
  }
  return hash.digest('hex');
}

/** The hash of the next frames that come from a peer, on any lane. */
function hashOfNext(peer: Peer, frames: number): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  return new Promise((resolve) => {
    const stop = peer.lanes.on('frame', (frame) => {
      hash.update(new Uint8Array(frame));
      if (++count < frames) return;
      stop();
      resolve(hash.digest('hex'));
    });
  });
}

test('two programs meet, see the same safety words, and carry 64 MiB each way on a lane, unchanged', async () => {
  room = await createNodeRoom('alice', 'bob');
  const [alice, bob] = [room.page('alice'), room.page('bob')];
  const [toBob, toAlice] = [alice.peer(bob), bob.peer(alice)];
  expect(toBob.snapshot.words).toHaveLength(6);
  expect(toBob.snapshot.words).toEqual(toAlice.snapshot.words);
  expect([toBob.snapshot.name, toAlice.snapshot.name]).toEqual(['bob', 'alice']);

  const [fromAlice, fromBob] = await openLane(toBob, toAlice);
  expect([fromAlice.maxMessageBytes, fromBob.maxMessageBytes]).toEqual([262_144, 262_144]);
  const frames = Math.ceil((64 * MIB) / FRAME_BYTES);
  const arrived = Promise.all([hashOfNext(toAlice, frames), hashOfNext(toBob, frames)]);
  const sent = await Promise.all([sendRandom(fromAlice, frames), sendRandom(fromBob, frames)]);
  expect(await arrived).toEqual(sent);
});

test('[LANE-3] a lane that is cut in the middle of everything is opened anew, and the link knows nothing of it', async () => {
  room = await createNodeRoom('alice', 'bob');
  const [alice, bob] = [room.page('alice'), room.page('bob')];
  const [toBob, toAlice] = [alice.peer(bob), bob.peer(alice)];
  const [lane] = await openLane(toBob, toAlice);
  const downs: string[] = [];
  for (const { link } of [toBob, toAlice]) link.on('down', ({ reason }) => downs.push(reason));
  const again = Promise.all([nextLane(toBob), nextLane(toAlice)]);
  const sending = sendRandom(lane, 10_000);
  const refused = expect(sending).rejects.toMatchObject({ code: 'lane-closed' });
  await hashOfNext(toAlice, 10); // so that something is under way
  room.cut(alice, bob, 'lane-0');
  await refused;
  const [newLane, atBob] = await again;
  expect([newLane.index, newLane.epoch, atBob.epoch]).toEqual([0, lane.epoch + 1, lane.epoch + 1]);
  const arrived = hashOfNext(toAlice, 3);
  expect(await sendRandom(newLane, 3)).toBe(await arrived);
  expect(downs).toEqual([]);
});

test('[INTRO-8] a link that is cut comes back, with other safety words, and its lanes with it', async () => {
  room = await createNodeRoom('alice', 'bob');
  const [alice, bob] = [room.page('alice'), room.page('bob')];
  const [toBob, toAlice] = [alice.peer(bob), bob.peer(alice)];
  await openLane(toBob, toAlice);
  const { words } = toBob.snapshot;
  const lanes = Promise.all([nextLane(toBob), nextLane(toAlice)]);
  room.cut(alice, bob);
  await Promise.all([alice.linkedTo(bob), bob.linkedTo(alice), lanes]);
  expect(toBob.snapshot.words).not.toEqual(words);
  expect(toBob.snapshot.words).toEqual(toAlice.snapshot.words);
});

test('[LINK-9] a page that is loaded anew is another session, and the one before is gone for good', async () => {
  room = await createNodeRoom('alice', 'bob', 'carol');
  const others = [room.page('alice'), room.page('carol')];
  const { session } = room.page('bob').identity;
  const removed = others.map(
    ({ mesh }) =>
      new Promise<unknown>((resolve) =>
        mesh.on('peer-removed', ({ peer, forGood }) => resolve({ session: peer.session, forGood })),
      ),
  );
  const bob = await room.reload('bob');
  expect(await Promise.all(removed)).toEqual(Array(2).fill({ session, forGood: true }));
  expect(bob.identity.session).not.toBe(session);
  for (const other of others) expect(other.peer(bob).connected).toBe(true);
});

test('a page that is killed and replaced leaves its link to come back to, and the new one is linked', async () => {
  room = await createNodeRoom('alice', 'bob');
  const alice = room.page('alice');
  const dead = alice.peer(room.page('bob'));
  const bob = await room.replace('bob');
  expect(alice.peer(bob).connected).toBe(true);
  expect(dead.snapshot.state).toBe('reconnecting');
});

test('[BIND-2] a program that speaks in another’s name has another certificate, and is refused', async () => {
  room = await createNodeRoom('alice');
  const alice = room.page('alice');
  const bob = await createNodeIdentity();
  const breach = new Promise<Breach>((resolve) => alice.mesh.on('peer-added', (peer) => peer.on('breach', resolve)));
  // It keeps to the rules in everything but its name, and so is never linked.
  void room.enter('mallory', { me: bob.session });
  expect(await breach).toBe('wrong-certificate');
  expect(alice.mesh.peer(bob.session)?.connected).toBe(false);
});
