import { toBase64Url } from '@tincan/shared/base64url';
import { encodeIntroduction } from '@tincan/shared/introduction';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sessionOf } from './testing/fake-room.ts';
import { network, pageOf, pair, pass, room } from './testing/in-a-room.ts';

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
    expect(alice.mesh.peers).toMatchObject([{ session: bob.session, name: 'bob', route: 'direct' }]);
    bob.mesh.setName('Bob '.repeat(20));
    network.route = 'relay';
    await pass(11_000);
    expect(alice.mesh.peers).toMatchObject([{ name: 'Bob '.repeat(10), route: 'relay' }]);
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
    const late = encodeIntroduction({ kind: 'presence', session: bob.session });
    alice.mesh.handleSignal(crypto.randomUUID(), late);
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

describe('versions', () => {
  test('[LINK-2] of two wire versions the older one is told to reload, and nothing is tried again', async () => {
    const [alice, bob] = [pageOf('alice', { wire: 2 }).enter(), pageOf('bob').enter()];
    await pass(60_000);
    expect(alice.mesh.peers).toMatchObject([{ state: 'connecting', incompatible: 'reload-there', name: 'bob' }]);
    expect(bob.mesh.peers).toMatchObject([{ state: 'connecting', incompatible: 'reload-here', name: 'alice' }]);
    expect(network.connections).toHaveLength(2);
    expect(alice.mesh.send(bob.session, { type: 'chat', id: 'x'.repeat(22), text: 'hi' })).toBe(false);
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
  const offer = (epoch: number, changes = {}): string =>
    encodeIntroduction({
      kind: 'link',
      session: sessionOf('aaron'),
      to: sessionOf('bob'),
      epoch,
      signal: { type: 'offer', sdp: 'x' },
      ...changes,
    });

  test('[INTRO-4] says nothing that throws, and nothing that is no introduction makes a peer', async () => {
    const { bob } = await pair();
    const payloads = fc.oneof(
      fc.string(),
      fc.json().map((json) => toBase64Url(new TextEncoder().encode(json))),
      fc
        .record({ kind: fc.constantFrom('presence', 'hello', 'link'), session: fc.anything(), to: fc.anything() })
        .map((value) => toBase64Url(new TextEncoder().encode(JSON.stringify(value) ?? ''))),
    );
    fc.assert(fc.property(payloads, (payload) => bob.mesh.handleSignal(address, payload)));
    expect(bob.view).toBe('alice connected');
  });

  test.each([
    ['for somebody else', offer(1, { to: sessionOf('carol') })],
    ['in our own name', offer(1, { session: sessionOf('bob') })],
    ['with an epoch of 0', offer(0)],
    ['with a huge description', offer(1, { signal: { type: 'offer', sdp: 'x'.repeat(40_000) } })],
    ['that cannot begin anything', offer(1, { signal: { type: 'answer', sdp: 'x' } })],
    ['with a session that is none', offer(1, { session: '__proto__' })],
  ])('[INTRO-4] is ignored: a link signal %s', async (_, payload) => {
    const { bob } = await pair();
    bob.mesh.handleSignal(address, payload);
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
    bob.mesh.handleSignal(address, encodeIntroduction(replay));
    await pass(100);
    expect(bob.view).toBe('alice connected');
    expect(network.connections).toHaveLength(2);
  });

  test('[INTRO-9] takes every place: the page keeps no more peers than it may', async () => {
    const { bob } = await pair();
    for (let index = 0; index < 100; index++) {
      const session = `mallory${index}`.padEnd(22, '_');
      bob.mesh.handleSignal(crypto.randomUUID(), encodeIntroduction({ kind: 'presence', session }));
    }
    expect(bob.mesh.peers).toHaveLength(8);
    expect(bob.view).toContain('alice connected');
  });
});

describe('lanes', () => {
  test.each(['alice', 'bob'])('[LANE-1] [LANE-2] asked for by %s, set up without the server', async (name) => {
    const pages = await pair();
    room.kill();
    const chars = room.payloadChars;
    const { mesh } = pages[name as 'alice'];
    const other = mesh.peers[0]?.session ?? '';
    mesh.openLanes(other);
    mesh.openLanes(other);
    await pass(100);
    expect(pages.alice.events).toContain('lane-opened bob');
    expect(pages.bob.events).toContain('lane-opened alice');
    expect(network.open('lane-0')).toHaveLength(1);
    expect(room.payloadChars).toBe(chars);
  });

  test('[LANE-4] close with the link and come back with it', async () => {
    const { alice, bob } = await pair();
    bob.mesh.openLanes(alice.session, 2);
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
