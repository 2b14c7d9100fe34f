// What a hostile signaling server can do: refuse, delay and lose. Each attack runs against the real client code, from
// the socket to the mesh, with real cryptography; only the network between the pages is linked in memory.
import { toBase64Url } from '@tincan/shared/base64url';
import { createSecret, RoomSecret } from '@tincan/shared/secret';
import { Seal } from '@tincan/shared/seal';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Breach } from '../rtc/breach.ts';
import { sessionOf } from '../rtc/testing/fake-room.ts';
import { fingerprintLine, LinkedNetwork, nameOfFingerprint } from '../rtc/testing/linked-connections.ts';
import { Rendezvous } from './rendezvous.ts';
import { HostileServer, type Relayed, type Victim } from './testing/hostile-server.ts';

const realImmediate = setImmediate;
const METHODS = ['encrypt', 'decrypt', 'deriveKey', 'deriveBits', 'importKey'] as const;

let server: HostileServer;
let network: LinkedNetwork;
let secret: string;
/** Calls of WebCrypto that have not ended: its threads know nothing of a clock that is set by hand. */
let ciphering: number;

beforeEach(() => {
  vi.useFakeTimers();
  server = new HostileServer();
  network = new LinkedNetwork({ latencyMs: () => 1 });
  secret = createSecret();
  ciphering = 0;
  for (const method of METHODS) {
    const original = crypto.subtle[method].bind(crypto.subtle) as (...args: unknown[]) => Promise<never>;
    vi.spyOn(crypto.subtle, method).mockImplementation(async (...args: unknown[]) => {
      ciphering += 1;
      return original(...args).finally(() => (ciphering -= 1));
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  expectNothingLearnt();
  expectNoLinkWithTheServer();
});

/** Lets so much time pass, and all cryptography in it come to its end. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 5) {
    await vi.advanceTimersByTimeAsync(5);
    do await new Promise((resolve) => realImmediate(resolve));
    while (ciphering > 0);
  }
}

type Page = Awaited<ReturnType<typeof open>>;

async function open(name: string, options: { secret?: string } = {}) {
  const rendezvous = new Rendezvous({
    me: sessionOf(name),
    name: `${name}’s name`,
    url: 'ws://hostile.test/signal',
    createConnection: network.showing(name),
    environment: server.environment,
    sessionOf: nameOfFingerprint,
  });
  const refused: string[] = [];
  const breaches: Breach[] = [];
  rendezvous.on('refused', (what) => refused.push(what));
  rendezvous.mesh.on('breach', (breach) => breaches.push(breach));
  rendezvous.mesh.on('peer-added', (peer) => peer.on('breach', (breach) => breaches.push(breach)));
  await rendezvous.enter(options.secret ?? secret);
  const peerOf = (other: string) => rendezvous.mesh.peer(sessionOf(other))?.snapshot;
  return {
    name,
    rendezvous,
    refused,
    breaches,
    peerOf,
    get view() {
      return rendezvous.mesh.peers
        .map(({ snapshot: { session, state } }) => `${session.replace(/_+$/, '')} ${state}`)
        .join(', ');
    },
  };
}

/** Alice and bob, who have met while the server behaved. */
async function meet() {
  const [alice, bob] = [await open('alice'), await open('bob')];
  await pass(100);
  expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  return { alice, bob };
}

/** Everything that the server was told, also behind one layer of base64, holds nothing of what is said. */
function expectNothingLearnt(): void {
  expect(server.seen.length).toBeGreaterThan(0);
  const words = server.seen.flatMap((text) => text.match(/[\w-]{16,}/g) ?? []);
  const decoded = words.flatMap((word) =>
    [0, 1, 2, 3].map((at) => Buffer.from(word.slice(at), 'base64url').toString('latin1')),
  );
  const all = [...server.seen, ...decoded].join('\n');
  // Each long enough not to come up by chance in what is random.
  const told = 'alice___,bob_____,carol___,’s name,candidate,fingerprint,"sdp","presence","hello"'.split(',');
  for (const part of [...told, secret, Buffer.from(secret, 'base64url').toString('latin1')])
    expect(all.includes(part), part).toBe(false);
}

/** Everybody is linked with everybody, and each two show the same words: nobody stands between them. */
function expectWordsToAgree(...pages: readonly Page[]): void {
  for (const page of pages)
    for (const other of pages) {
      if (other === page) continue;
      expect(page.peerOf(other.name)?.words).toHaveLength(6);
      expect(page.peerOf(other.name)?.words).toEqual(other.peerOf(page.name)?.words);
    }
}

function expectNoLinkWithTheServer(): void {
  const sdp = fingerprintLine('attacker');
  const own = network.connections.filter((connection) => connection.sdp.includes(sdp));
  expect(own.filter(({ isOpen }) => isOpen)).toEqual([]);
}

const attackersOffer = () => {
  const connection = network.showing('attacker')({ initiator: true, iceServers: [], label: 'link' });
  const { sdp } = network.connections.at(-1)!;
  return { connection, text: JSON.stringify({ kind: 'link', epoch: 1, signal: { type: 'offer', sdp } }) };
};

describe('a hostile server', () => {
  test('reads everything, and learns a name that says nothing', async () => {
    await meet();
    expect(server.victims[0]?.room).toBe(await (await RoomSecret.import(secret)).roomName());
  });

  test('puts its own description, in plain text, in the place of a sealed one', async () => {
    const { text } = attackersOffer();
    const plain = toBase64Url(new TextEncoder().encode(text));
    server.relay = (relayed) => server.deliver({ ...relayed, payload: plain });
    const [alice, bob] = [await open('alice'), await open('bob')];
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['', '']);
    expect(new Set([...alice.breaches, ...bob.breaches])).toEqual(new Set(['unopenable']));
  });

  test('seals its own description under a secret of its own', async () => {
    const { text } = attackersOffer();
    const seal = await Seal.create(await RoomSecret.import(createSecret()), sessionOf('alice'));
    const payload = await seal.seal(text, sessionOf('bob'));
    server.relay = (relayed) => server.deliver({ ...relayed, payload });
    const [alice, bob] = [await open('alice'), await open('bob')];
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['', '']);
  });

  test('changes one bit of every description: no attempt lives, the page is told why, and nothing weaker is tried', async () => {
    const flip = ({ payload }: Relayed) => {
      const bytes = Buffer.from(payload, 'base64url');
      bytes[bytes.length - 5]! ^= 1;
      return bytes.toString('base64url');
    };
    server.relay = (relayed) => server.deliver(relayed.announced ? relayed : { ...relayed, payload: flip(relayed) });
    const [alice, bob] = [await open('alice'), await open('bob')];
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['bob connecting', 'alice connecting']);
    expect(bob.breaches).toContain('unopenable');
    expect(network.connections.some(({ isOpen }) => isOpen)).toBe(false);
  });

  test('sends everything three times: they connect once, and copies are refused', async () => {
    server.relay = (relayed) => [1, 2, 3].forEach(() => server.deliver(relayed));
    const { alice, bob } = await meet();
    await pass(10_000);
    expect(new Set([...alice.refused, ...bob.refused])).toEqual(new Set(['a payload: replayed']));
    expect(network.connections).toHaveLength(2);
  });

  test('plays a whole meeting again, to those who were there and to one who comes later', async () => {
    const { alice, bob } = await meet();
    const recorded = [...server.payloads];
    bob.rendezvous.close();
    await pass(100);
    expect(alice.view).toBe('');
    const carol = await open('carol');
    await pass(100);
    const [aliceVictim, , carolVictim] = server.victims;
    for (const { from, payload } of recorded) {
      server.deliver({ from, to: aliceVictim!, payload });
      server.deliver({ from, to: carolVictim!, payload });
    }
    await pass(60_000);
    expect(alice.view).toBe('carol connected');
    // Bob's presence was for everyone and carol had not heard it, so it is late to her and not a replay; it leads nowhere.
    expect(carol.view.split(', ').filter((each) => each.endsWith('connected'))).toEqual(['alice connected']);
  });

  test('turns the order round: what comes too late is refused, and they meet once it stops', async () => {
    const held = new Map<Victim, Relayed>();
    server.relay = (relayed) => {
      if (relayed.announced) return server.deliver(relayed);
      const earlier = held.get(relayed.to);
      held.delete(relayed.to);
      if (!earlier) return void held.set(relayed.to, relayed);
      server.deliver(relayed);
      server.deliver(earlier);
    };
    const [alice, bob] = [await open('alice'), await open('bob')];
    await pass(60_000);
    expect([...alice.refused, ...bob.refused]).toContain('a payload: replayed');
    expect([...alice.breaches, ...bob.breaches]).toEqual([]);
    server.relay = (relayed) => server.deliver(relayed);
    await pass(30_000);
    expectWordsToAgree(alice, bob);
  });

  test('sends everything back to who said it', async () => {
    server.relay = ({ from, to, payload }) => server.deliver({ from: to, to: from, payload });
    const [alice, bob] = [await open('alice'), await open('bob')];
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['', '']);
    expect(new Set([...alice.refused, ...bob.refused])).toEqual(new Set(['a payload: reflected']));
  });

  test('swaps receivers: what is for bob goes to carol, and the other way round', async () => {
    server.relay = (relayed) => {
      const [, bob, carol] = server.victims;
      const swapped = relayed.to === bob ? carol : relayed.to === carol ? bob : relayed.to;
      server.deliver(relayed.announced ? relayed : { ...relayed, to: swapped! });
    };
    const [alice, bob, carol] = [await open('alice'), await open('bob'), await open('carol')];
    await pass(30_000);
    expect(alice.view).not.toContain('connected');
    expect([...bob.breaches, ...carol.breaches]).toContain('unopenable');
  });

  test('stamps the wrong sender on everything: the session, not the stamp, says who speaks', async () => {
    const invented = crypto.randomUUID();
    server.relay = (relayed) => server.deliver({ ...relayed, from: { id: invented } });
    const [alice, bob] = [await open('alice'), await open('bob')];
    await pass(30_000);
    expect([alice.view, bob.view].join()).not.toContain('connected');
  });

  test('gives two peers each other’s addresses: neither is taken for the other', async () => {
    const { alice, bob } = await meet();
    const [, bobVictim] = server.victims;
    const carol = await open('carol');
    server.relay = (relayed) =>
      server.deliver({ ...relayed, from: relayed.from === bobVictim ? server.victims[2]! : bobVictim! });
    await pass(30_000);
    expect(alice.peerOf('bob')).toMatchObject({ state: 'connected' });
    expectWordsToAgree(alice, bob);
    expect(carol.peerOf('bob')?.state).not.toBe('connected');
  });

  test('invents peers, in the welcome and after it, and lets them speak', async () => {
    const ghosts = [crypto.randomUUID(), crypto.randomUUID()];
    server.admit = (victim) => {
      server.welcome(victim, { peers: ghosts });
      for (const id of ghosts) {
        victim.say({ type: 'peer-joined', id });
        victim.say({ type: 'signal', from: id, payload: toBase64Url(crypto.getRandomValues(new Uint8Array(300))) });
      }
    };
    const alice = await open('alice');
    await pass(60_000);
    expect(alice.view).toBe('');
    expect(network.connections).toEqual([]);
  });

  test('mixes two rooms: what is said in one is brought to the other', async () => {
    const alice = await open('alice');
    const bob = await open('bob', { secret: createSecret() });
    await pass(50);
    const [aliceVictim, bobVictim] = server.victims;
    for (const text of server.seen) {
      const { payload } = JSON.parse(text) as { payload?: string };
      if (payload === undefined) continue;
      server.deliver({ from: bobVictim!, to: aliceVictim!, payload });
      server.deliver({ from: aliceVictim!, to: bobVictim!, payload });
    }
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['', '']);
    expect(new Set([...alice.breaches, ...bob.breaches])).toEqual(new Set(['unopenable']));
  });

  test('answers joins twice, with two addresses: nobody is doubled', async () => {
    server.admit = (victim) => {
      server.welcome(victim);
      server.welcome(victim, { id: crypto.randomUUID(), resume: 'another' });
    };
    const { alice, bob } = await meet();
    await pass(10_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
    expectWordsToAgree(alice, bob);
  });

  test('holds everything back for a minute, then lets it go: they meet each other and nobody else', async () => {
    const held: Relayed[] = [];
    server.relay = (relayed) => void held.push(relayed);
    const [alice, bob] = [await open('alice'), await open('bob')];
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['', '']);
    server.relay = (relayed) => server.deliver(relayed);
    for (const each of held) server.deliver(each);
    await pass(20_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
    expectWordsToAgree(alice, bob);
  });

  test('brings what is for one as if it were for everyone, and presence to one alone: the kind is sealed too', async () => {
    server.relay = (relayed) => {
      if (relayed.announced) server.deliver(relayed);
      else for (const to of server.victims) if (to !== relayed.from) server.deliver({ ...relayed, to });
    };
    const [alice, bob, carol] = [await open('alice'), await open('bob'), await open('carol')];
    await pass(30_000);
    expectWordsToAgree(alice, bob, carol);
  });

  test('floods a linked page with garbage in its peer’s name: the link does not notice', async () => {
    const { alice, bob } = await meet();
    const words = alice.peerOf('bob')?.words;
    const [aliceVictim, bobVictim] = server.victims;
    for (let index = 0; index < 2_000; index++)
      server.deliver({
        from: bobVictim!,
        to: aliceVictim!,
        payload: toBase64Url(crypto.getRandomValues(new Uint8Array(64))),
      });
    await pass(10_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
    expect(alice.peerOf('bob')?.words).toEqual(words);
    expect(alice.breaches).toEqual([]);
  });

  test('says that everyone has left, that the room is empty, and then nothing: the link does not notice', async () => {
    const { alice, bob } = await meet();
    const [aliceVictim, bobVictim] = server.victims;
    aliceVictim!.say({ type: 'peer-left', id: bobVictim!.id, reason: 'left' });
    server.welcome(bobVictim!, { peers: [] });
    server.relay = () => {};
    await pass(120_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  });
});

describe('a hostile server with a member of the room', () => {
  /** A seal in alice's name, as anybody can make to whom the link was leaked, whose next payload goes on where she is. */
  const forgedSeal = async () => {
    const seal = await Seal.create(await RoomSecret.import(secret), sessionOf('alice'));
    const texts = server.seen.map((text) => JSON.parse(text) as { type: string });
    for (const { type } of texts) if (type === 'signal' || type === 'announce') await seal.seal('skipped');
    return seal;
  };

  test('[BIND-2] speaks for alice while her path is down: another certificate is refused, and she herself gets back', async () => {
    const { alice, bob } = await meet();
    server.relay = () => {};
    network.cut();
    const { text } = attackersOffer();
    const payload = await (await forgedSeal()).seal(text.replace('"epoch":1', '"epoch":2'), sessionOf('bob'));
    server.deliver({ from: server.victims[0]!, to: server.victims[1]!, payload });
    await pass(100);
    expect(bob.breaches).toEqual(['wrong-certificate']);
    expect(bob.view).toBe('alice reconnecting');
    server.relay = (relayed) => server.deliver(relayed);
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
    expectWordsToAgree(alice, bob);
  });

  test('[BIND-3] brings a lane’s description by way of the server: no lane opens, and the page is told', async () => {
    const bob = await open('bob');
    await pass(50);
    const seal = await forgedSeal();
    const sdp = `v=0 x\r\n${fingerprintLine('attacker')}`;
    const lane = JSON.stringify({ kind: 'lane-signal', lane: 0, epoch: 1, signal: { type: 'offer', sdp } });
    const from = { id: crypto.randomUUID() };
    server.deliver({ from, to: server.victims[0]!, payload: await seal.seal('{"kind":"presence"}') });
    server.deliver({ from, to: server.victims[0]!, payload: await seal.seal(lane, sessionOf('bob')) });
    await pass(100);
    expect(bob.breaches).toEqual(['not-over-link']);
    expect(network.connections.filter(({ label }) => label.startsWith('lane'))).toEqual([]);
  });
});
