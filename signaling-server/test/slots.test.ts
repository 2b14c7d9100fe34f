// Spoken codes over real sockets: two clients meet by a number. The rules are in docs/protocol/signaling.md.
import { afterEach, describe, expect, test } from 'vitest';
import type { Log } from '../src/core/log.ts';
import { randomRoom, startServer, type ConnectOptions, type TestClient, type TestServer } from './support.ts';

let tincan: TestServer;
afterEach(() => tincan.stop());

describe('meeting', () => {
  test('[SLOT-1] [SLOT-2] [SLOT-4] [SLOT-5] two clients meet, say what they have to say, and part', async () => {
    tincan = await startServer();
    const { alice, bob } = await meet();
    bob.send({ type: 'slot-message', payload: 'one' });
    expect((await alice.next('slot-message')).payload).toBe('one');
    alice.send({ type: 'slot-message', payload: 'x'.repeat(512) });
    expect((await bob.next('slot-message')).payload).toBe('x'.repeat(512));
    alice.send({ type: 'slot-closed', reason: 'done' });
    expect(await bob.next('slot-closed')).toEqual({ type: 'slot-closed', reason: 'done' });
    expect(await alice.settle()).toEqual([]);
    expect(await bob.settle()).toEqual([]);
  });

  test('[SLOT-2] [SLOT-3] one guess and no more: after a wrong code the number is used', async () => {
    tincan = await startServer();
    const { alice, bob: attacker, slot } = await meet();
    attacker.send({ type: 'slot-message', payload: 'guess' });
    await alice.next('slot-message');
    alice.send({ type: 'slot-closed', reason: 'wrong-code' });
    expect((await attacker.next('slot-closed')).reason).toBe('wrong-code');
    expect(await enter(attacker, slot)).toBe('used');
    expect(await enter(await tincan.connect(), slot)).toBe('used');
    expect(await alice.settle()).toEqual([]);
  });

  test('[SLOT-3] a number that nobody has is unknown', async () => {
    tincan = await startServer();
    expect(await enter(await tincan.connect(), '123456789')).toBe('unknown');
  });

  test('[SLOT-6] [SIG-MSG-6] one slot at a time; the refusal repeats ref', async () => {
    tincan = await startServer();
    const { alice, bob, slot } = await meet();
    alice.send({ type: 'slot-open', ref: 'r1' });
    expect(await alice.next('error')).toMatchObject({ code: 'already-in-slot', ref: 'r1' });
    bob.send({ type: 'slot-enter', slot });
    expect((await bob.next('error')).code).toBe('already-in-slot');
    bob.send({ type: 'slot-message', payload: 'still-there' });
    await alice.next('slot-message');
  });
});

describe('ending', () => {
  test('[SLOT-7] [SLOT-9] when the owner’s connection ends, the guest is told, and the number is used', async () => {
    tincan = await startServer();
    const { alice, bob, slot } = await meet();
    alice.ws.terminate();
    expect((await bob.next('slot-closed')).reason).toBe('left');
    expect(await enter(bob, slot)).toBe('used');
    expect(await open(bob)).not.toBe(slot);
  });

  test('[SLOT-7] when the guest’s connection ends, the owner is told, and opens another', async () => {
    tincan = await startServer();
    const { alice, bob, slot } = await meet();
    bob.ws.terminate();
    expect((await alice.next('slot-closed')).reason).toBe('left');
    expect(await open(alice)).not.toBe(slot);
  });

  test('[SLOT-7] [SLOT-9] an owner who leaves the room leaves the slot; a late guest hears so', async () => {
    tincan = await startServer();
    const alice = await tincan.join(randomRoom());
    const slot = await open(alice);
    alice.send({ type: 'leave' });
    expect((await alice.closed).code).toBe(1000);
    expect(await enter(await tincan.connect(), slot)).toBe('left');
  });

  test('[SLOT-7] a slot is the connection’s, not the peer’s: a takeover ends it', async () => {
    tincan = await startServer();
    const room = randomRoom();
    const alice = await tincan.join(room);
    const bob = await tincan.connect();
    expect(await enter(bob, await open(alice))).toBeUndefined();
    const again = await tincan.join(room, alice.welcome.resume);
    expect((await bob.next('slot-closed')).reason).toBe('left');
    again.send({ type: 'slot-message', payload: 'x' });
    expect((await again.next('error')).code).toBe('not-in-slot');
  });

  test('[SLOT-8] [SLOT-9] a slot ends when its time is over, with a guest and without', async () => {
    tincan = await startServer({}, { slotLifetimeMs: 1_000 });
    const lonely = await tincan.connect();
    const lonelySlot = await open(lonely);
    const { alice, bob } = await meet();
    expect((await lonely.next('slot-closed')).reason).toBe('expired');
    expect(await enter(await tincan.connect(), lonelySlot)).toBe('expired');
    for (const side of [alice, bob]) expect((await side.next('slot-closed')).reason).toBe('expired');
  });
});

describe('the deadline', () => {
  const joinDeadlineMs = 300;

  test('[SIG-CONN-6] a slot counts as a join, and its end gives the time to join once more', async () => {
    tincan = await startServer({}, { policy: { joinDeadlineMs } });
    const { alice, bob } = await meet();
    const idler = await tincan.connect();
    expect((await idler.closed).code).toBe(4003);
    const endedAt = performance.now();
    alice.send({ type: 'slot-closed', reason: 'done' });
    await bob.next('slot-closed');
    bob.send({ type: 'join', room: randomRoom() });
    await bob.next('welcome');
    expect((await alice.closed).code).toBe(4003);
    expect(performance.now() - endedAt).toBeGreaterThan(joinDeadlineMs - 10);
    await bob.settle(); // who has joined stays
  });

  test('[SIG-CONN-6] who was not let in has the time once more, but not for ever', async () => {
    tincan = await startServer({ slotsPerAddress: 1_000_000 }, { policy: { joinDeadlineMs } });
    const idler = await tincan.connect();
    const guest = await tincan.connect();
    for (let index = 0; idler.ws.readyState === idler.ws.OPEN; index++)
      expect(await enter(guest, String(index).padStart(9, '0'))).toBe('unknown');
    expect((await idler.closed).code).toBe(4003);
    const triedAt = performance.now();
    expect(await enter(guest, '999999999')).toBe('unknown');
    expect((await guest.closed).code).toBe(4003);
    expect(performance.now() - triedAt).toBeGreaterThan(joinDeadlineMs - 10);
  });
});

describe('who means harm', () => {
  test('[SLOT-4] a slot is no data channel: the fifth message of a side is refused', async () => {
    tincan = await startServer();
    const { alice, bob } = await meet();
    for (const payload of ['1', '2', '3', '4', '5', '6']) alice.send({ type: 'slot-message', payload });
    await alice.settle();
    expect(codes(alice)).toEqual(['slot-limit', 'slot-limit']);
    bob.send({ type: 'slot-message', payload: 'x' });
    await alice.next('slot-message');
    expect((await bob.settle()).map((message) => message.type === 'slot-message' && message.payload)).toEqual(
      Array.from({ length: 4 }, (_, index) => `${index + 1}`),
    );
  });

  test.each([
    { type: 'slot-enter' },
    { type: 'slot-enter', slot: 42 },
    { type: 'slot-enter', slot: '42' },
    { type: 'slot-enter', slot: '__proto__' },
    { type: 'slot-enter', slot: ['042'] },
    { type: 'slot-message' },
    { type: 'slot-message', payload: '"},{"type":"notice"' },
    { type: 'slot-message', payload: 'x'.repeat(513) },
    { type: 'slot-closed' },
    { type: 'slot-closed', reason: 'expired' },
    { type: 'slot-closed', reason: 'left' },
  ])('[SIG-MSG-5] [SIG-MSG-7] %j is invalid, and the slot stays', async (message) => {
    tincan = await startServer();
    const { alice, bob: attacker } = await meet();
    attacker.send(message);
    expect((await attacker.next('error')).code).toBe('invalid-message');
    expect(await alice.settle()).toEqual([]);
    alice.send({ type: 'slot-message', payload: 'x' });
    await attacker.next('slot-message');
  });

  test('[SIG-MSG-8] refusals that have to do with slots are nobody’s fault', async () => {
    tincan = await startServer({ slotsPerAddress: 1 });
    const alice = await tincan.connect();
    for (let index = 0; index < 10; index++) alice.send({ type: 'slot-message', payload: 'x' });
    for (let index = 0; index < 10; index++) alice.send({ type: 'slot-open' });
    alice.send({ type: 'slot-closed', reason: 'done' });
    for (let index = 0; index < 10; index++) alice.send({ type: 'slot-open' });
    await alice.settle();
    expect(new Set(codes(alice))).toEqual(new Set(['not-in-slot', 'already-in-slot', 'slot-limit']));
    expect(codes(alice)).toHaveLength(29);
  });

  test('[SLOT-10] one who tries all numbers has sixty tries, also on new connections, and an honest pair meets', async () => {
    tincan = await startServer({ trustedProxies: ['loopback'] });
    const slot = await open(await tincan.connect(from('198.51.100.1')));
    const tries = Array.from({ length: 1_000 }, (_, index) => String(index).padStart(3, '0'));
    let refused = 0;
    let met = 0;
    for (let index = 0; index < 4; index++) {
      const attacker = await tincan.connect(from('198.51.100.66'));
      for (const number of tries.filter((number) => number !== slot).slice(index * 50, index * 50 + 50))
        attacker.send({ type: 'slot-enter', slot: number });
      await attacker.settle();
      refused += codes(attacker).length;
      met += attacker.inbox.filter(({ type }) => type === 'slot-enter').length;
    }
    expect([refused, met]).toEqual([140, 0]);
    expect(await enter(await tincan.connect(from('198.51.100.2')), slot)).toBeUndefined();
  });

  test('[SLOT-10] X-Forwarded-For is not believed', async () => {
    tincan = await startServer({ slotsPerAddress: 2 });
    await open(await tincan.connect(from('198.51.100.1')));
    await open(await tincan.connect(from('198.51.100.2')));
    const attacker = await tincan.connect(from('198.51.100.3'));
    attacker.send({ type: 'slot-open', ref: 'r' });
    expect(await attacker.next('error')).toMatchObject({ code: 'slot-limit', ref: 'r' });
    attacker.send({ type: 'slot-enter', slot: '000' });
    expect((await attacker.next('error')).code).toBe('slot-limit');
  });

  test('[SLOT-10] X-Forwarded-For is believed of a proxy that is trusted; IPv6 counts by its /64', async () => {
    tincan = await startServer({ slotsPerAddress: 1, trustedProxies: ['loopback'] });
    for (const address of ['198.51.100.1', '198.51.100.2', '2001:db8:0:1::1', '2001:db8:0:2::1'])
      await open(await tincan.connect(from(address)));
    for (const address of ['198.51.100.1', '::ffff:198.51.100.2', '2001:db8:0:1::2', '203.0.113.1, 198.51.100.1']) {
      const again = await tincan.connect(from(address));
      again.send({ type: 'slot-open' });
      expect((await again.next('error')).code, address).toBe('slot-limit');
    }
  });

  test('the log tells of the limit, and of neither payloads nor numbers nor addresses', async () => {
    const lines: string[] = [];
    const write = (...line: unknown[]): number => lines.push(JSON.stringify(line));
    const log: Log = { info: write, warn: write, error: write };
    tincan = await startServer({ slotsPerAddress: 1, trustedProxies: ['loopback'] }, { log });
    const alice = await tincan.connect(from('198.51.100.1'));
    const bob = await tincan.connect(from('198.51.100.2'));
    expect(await enter(bob, await open(alice))).toBeUndefined();
    bob.send({ type: 'slot-message', payload: 'secret' });
    await alice.next('slot-message');
    alice.send({ type: 'slot-closed', reason: 'done' });
    alice.send({ type: 'slot-open' });
    await alice.next('error');
    expect(lines).toEqual(['["slot refused: too many from one address, see SLOTS_PER_ADDRESS and TRUSTED_PROXIES"]']);
  });
});

/** Two who are in a slot together. */
async function meet(): Promise<{ alice: TestClient; bob: TestClient; slot: string }> {
  const [alice, bob] = [await tincan.connect(), await tincan.connect()];
  const slot = await open(alice);
  expect(await enter(bob, slot)).toBeUndefined();
  expect((await alice.next('slot-enter')).slot).toBe(slot);
  return { alice, bob, slot };
}

async function open(client: TestClient): Promise<string> {
  client.send({ type: 'slot-open' });
  return (await client.next('slot-open')).slot;
}

/** Gives the reason if there was no entering. */
async function enter(client: TestClient, slot: string): Promise<string | undefined> {
  client.send({ type: 'slot-enter', slot });
  const answers = (await client.settle()).splice(0);
  expect(answers).toHaveLength(1);
  return answers[0]?.type === 'slot-closed' ? answers[0].reason : undefined;
}

/** What a proxy on this machine would say of a client. */
function from(address: string): ConnectOptions {
  return { headers: { 'x-forwarded-for': address } };
}

function codes(client: TestClient): string[] {
  return client.inbox.flatMap((message) => (message.type === 'error' ? [message.code] : []));
}
