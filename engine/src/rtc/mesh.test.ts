import type { Introduction } from '@tincan/shared/introduction';
import { describe, expect, test } from 'vitest';
import { sessionOf } from './testing/fake-room.ts';
import { network, pageOf, pair, pass, room } from './testing/in-a-room.ts';

const offerOf = (epoch: number, sdp: string): Introduction => ({ kind: 'link', epoch, signal: { type: 'offer', sdp } });
const answerOf = (epoch: number, sdp: string): Introduction => ({
  kind: 'link',
  epoch,
  signal: { type: 'answer', sdp },
});

describe('meeting', () => {
  test.each([
    ['alice', 'bob'],
    ['bob', 'alice'],
  ])('[INTRO-1] [LINK-3] %s first, %s later: one link, begun by alice', async (first, second) => {
    const one = pageOf(first).enter();
    await pass(50);
    const other = pageOf(second).enter();
    await pass(100);
    expect([one.view, other.view]).toEqual([`${second} connected`, `${first} connected`]);
    expect(network.open()).toHaveLength(1);
    expect(network.connections).toHaveLength(2);
  });

  test('[INTRO-2] both at the same moment: no second attempt is made', async () => {
    const { alice } = await pair();
    expect(network.connections).toHaveLength(2);
    expect(alice.events).toEqual(['peer-added bob', 'link-up bob']);
  });

  test('three pages make three links, whoever joins when', async () => {
    const pages = ['carol', 'alice', 'bob'].map((name) => pageOf(name).enter());
    await pass(200);
    expect(pages.map((page) => page.view)).toEqual([
      'alice connected, bob connected',
      'bob connected, carol connected',
      'alice connected, carol connected',
    ]);
    expect(network.open()).toHaveLength(3);
  });

  test('[INTRO-3] a hello is never answered by a hello', async () => {
    const alice = pageOf('alice').enter();
    await pass(50);
    const { heard } = alice;
    pageOf('bob').enter();
    await pass(20_000);
    expect(heard.filter(({ kind }) => kind === 'hello')).toEqual([]);
    expect(network.connections).toHaveLength(2);
  });

  test('names and the route are told, and changes of them', async () => {
    const { alice, bob } = await pair();
    expect(alice.mesh.peers.map(({ snapshot }) => snapshot)).toMatchObject([
      { session: bob.session, name: 'bob', route: 'direct' },
    ]);
    bob.mesh.setName('Bob '.repeat(20));
    network.route = 'relay';
    await pass(11_000);
    expect(alice.mesh.peers.map(({ snapshot }) => snapshot)).toMatchObject([
      { name: 'Bob '.repeat(10).trim(), route: 'relay' },
    ]);
  });

  test('[INTRO-9] more peers than fit are refused, and taken in when there is a place', async () => {
    const alice = pageOf('alice', { maxPeers: 1 }).enter();
    const bob = pageOf('bob').enter();
    await pass(100);
    const carol = pageOf('carol').enter();
    await pass(100);
    expect([alice.view, carol.view]).toEqual(['bob connected', 'bob connected']);
    expect(alice.events).toContain('peer-refused carol');
    bob.mesh.close();
    bob.leave();
    await pass(1_000);
    expect([alice.view, carol.view]).toEqual(['carol connected', 'alice connected']);
  });
});

describe('going', () => {
  test('[LINK-9] a page that closes says bye and is removed at once, for good', async () => {
    const { alice, bob } = await pair();
    bob.mesh.close();
    await pass(10);
    expect(alice.events.slice(-2)).toEqual(['link-down bob', 'peer-removed bob']);
    alice.mesh.handleIntroduction({ address: crypto.randomUUID(), session: bob.session }, { kind: 'presence' });
    expect(alice.view).toBe('');
  });

  test('[LINK-4] a peer that was removed and comes back goes on with higher epochs', async () => {
    const { alice, bob } = await pair();
    bob.drop();
    network.silent = true;
    await pass(40_000);
    expect(alice.view).toBe('');
    expect(bob.view).toBe('alice reconnecting');
    network.silent = false;
    bob.enter();
    await pass(1_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  });
});

test('[INTRO-10] a peer that is blocked is gone, and its page is not let in again', async () => {
  const { alice, bob } = await pair();
  const removed: unknown[] = [];
  alice.mesh.on('peer-removed', ({ peer: { session }, forGood }) => removed.push({ session, forGood }));
  alice.mesh.block(bob.session);
  await pass(100);
  expect(removed).toEqual([{ session: bob.session, forGood: true }]);
  expect([alice.view, bob.view]).toEqual(['', '']);
  bob.mesh.handleIntroduction({ address: alice.address!, session: alice.session }, { kind: 'presence' });
  alice.mesh.handleIntroduction({ address: bob.address!, session: bob.session }, { kind: 'presence' });
  await pass(60_000);
  expect([alice.view, bob.view]).toEqual(['', '']);
});

test('[INTRO-10] what waited while the link was asked whether it lives is not acted upon once the peer is blocked', async () => {
  const { alice, bob } = await pair();
  network.silent = true; // so that nothing answers the question
  alice.mesh.handleIntroduction({ address: bob.address!, session: bob.session }, { kind: 'hello', needsLink: true });
  await pass(1_000);
  alice.mesh.block(bob.session);
  network.silent = false;
  await pass(60_000);
  expect(network.connections).toHaveLength(2);
  expect(alice.events.at(-1)).toBe('peer-removed bob');
});

describe('versions', () => {
  test('[LINK-2] of two wire versions the older one is told to reload, and nothing is tried again', async () => {
    const [alice, bob] = [pageOf('alice', { wire: 3 }).enter(), pageOf('bob').enter()];
    await pass(60_000);
    expect(alice.mesh.peers.map(({ snapshot }) => snapshot)).toMatchObject([
      { state: 'connecting', incompatible: 'reload-there', name: 'bob' },
    ]);
    expect(bob.mesh.peers.map(({ snapshot }) => snapshot)).toMatchObject([
      { state: 'connecting', incompatible: 'reload-here', name: 'alice' },
    ]);
    expect(network.connections).toHaveLength(2);
    expect(alice.mesh.peer(bob.session)?.link.send({ type: 'chat', id: 'x'.repeat(22), text: 'hi' })).toBe(false);
    network.cut();
    await pass(60_000);
    expect(network.connections).toHaveLength(2);
    bob.mesh.close();
    bob.leave();
    await pass(100);
    expect(alice.view).toBe('');
  });
});

describe('an attacker in the room', () => {
  const address = '00000000-0000-4000-8000-000000000000';

  test('[INTRO-4] is ignored: a link signal in our own name, or one that cannot begin anything', async () => {
    const { bob } = await pair();
    const answer: Introduction = { kind: 'link', epoch: 1, signal: { type: 'answer', sdp: 'x' } };
    bob.mesh.handleIntroduction({ address, session: sessionOf('bob') }, { kind: 'presence' });
    bob.mesh.handleIntroduction({ address, session: sessionOf('aaron') }, answer);
    expect(bob.mesh.peers).toHaveLength(1);
    expect(network.connections).toHaveLength(2);
  });

  test('[LINK-4] replays an old offer of a peer: the link stays', async () => {
    const [alice, bob] = [pageOf('alice'), pageOf('bob').enter()];
    const { heard } = bob;
    alice.enter();
    await pass(100);
    const replay = heard.find(({ kind }) => kind === 'link');
    if (!replay) throw new Error('no offer was heard');
    bob.mesh.handleIntroduction({ address, session: alice.session }, replay);
    await pass(100);
    expect(bob.view).toBe('alice connected');
    expect(network.connections).toHaveLength(2);
  });

  test.each([
    ['says that bob has lost the link', 'bob', { kind: 'hello', needsLink: true }],
    ['sends a newer offer of alice’s certificate', 'alice', (sdp: string) => offerOf(9, sdp)],
    ['sends another answer of bob’s certificate', 'bob', (sdp: string) => answerOf(1, sdp)],
  ] as const)('[INTRO-11] %s: a link that lives answers a ping, and stays', async (_, name, made) => {
    const { alice, bob } = await pair();
    const [victim, said] = name === 'bob' ? [alice, bob] : [bob, alice];
    const { sdp } = network.connections[name === 'alice' ? 0 : 1]!;
    const introduction: Introduction = typeof made === 'function' ? made(sdp) : made;
    victim.mesh.handlePeerLeft(said.address!); // so that the words may come from anywhere
    victim.mesh.handleIntroduction({ address: 'anywhere', session: said.session }, introduction);
    await pass(10_000);
    expect([alice.events, bob.events].flat().filter((event) => event.startsWith('link-'))).toEqual([
      'link-up bob',
      'link-up alice',
    ]);
    expect(network.connections).toHaveLength(2);
  });

  test('[BIND-2] claims a session whose link is down: another certificate gets no link', async () => {
    const { alice, bob } = await pair();
    network.cut();
    bob.drop();
    const attacker = pageOf('bob', { createConnection: network.showing('mallory') }).enter();
    await pass(20_000);
    expect(attacker.view).not.toContain('connected');
    expect(alice.events).toContain('breach bob');
    expect(alice.view).toBe('bob reconnecting');
  });

  test('[BIND-4] something that cannot be trusted ends an attempt, and never a link', async () => {
    const { alice, bob } = await pair();
    alice.mesh.handleBreach({ address: bob.address! }, 'unopenable');
    expect([alice.view, alice.events.includes('breach bob')]).toEqual(['bob connected', false]);
    network.cut();
    network.blocked = true;
    await pass(500);
    const attempt = network.connections.at(-2)!;
    const closed: string[] = [];
    attempt.on('close', ({ reason }) => closed.push(reason));
    alice.mesh.handleBreach({ address: bob.address! }, 'unopenable');
    expect([closed.length, alice.events.at(-1)]).toEqual([1, 'breach bob']);
    alice.mesh.handleBreach({ address: 'of nobody' }, 'unopenable');
    expect(alice.events.at(-1)).toBe('breach somebody');
  });

  test('[INTRO-9] takes every place: the page keeps no more peers than it may', async () => {
    const { bob } = await pair();
    for (let index = 0; index < 100; index++) {
      const session = `mallory${index}`.padEnd(22, '_');
      bob.mesh.handleIntroduction({ address: crypto.randomUUID(), session }, { kind: 'presence' });
    }
    expect(bob.mesh.peers).toHaveLength(8);
    expect(bob.view).toContain('alice connected');
  });
});

describe('lanes', () => {
  test.each(['alice', 'bob'])('[LANE-1] [LANE-2] asked for by %s, set up without the server', async (name) => {
    const pages = await pair();
    room.kill();
    const relayed = room.relayed.length;
    const { mesh } = pages[name as 'alice'];
    const other = mesh.peers[0]?.session ?? '';
    mesh.peer(other)?.lanes.open();
    mesh.peer(other)?.lanes.open();
    await pass(100);
    expect(pages.alice.events).toContain('lane-opened bob');
    expect(pages.bob.events).toContain('lane-opened alice');
    expect(network.open('lane-0')).toHaveLength(1);
    expect(room.relayed).toHaveLength(relayed);
  });

  test('[LANE-4] close with the link and come back with it', async () => {
    const { alice, bob } = await pair();
    bob.mesh.peer(alice.session)?.lanes.open(2);
    await pass(100);
    network.cut();
    await pass(2_000);
    expect(bob.events.filter((event) => event.startsWith('lane'))).toEqual([
      ...Array<string>(2).fill('lane-opened alice'),
      ...Array<string>(2).fill('lane-closed alice'),
      ...Array<string>(2).fill('lane-opened alice'),
    ]);
    expect(network.open('lane-0')).toHaveLength(1);
  });
});
