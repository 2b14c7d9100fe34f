// Slots behind their clients, over fake sockets, a clock that is set by hand and numbers in a known order.
import { beforeEach, describe, expect, test } from 'vitest';
import { Hub } from './hub.ts';
import { silentLog } from './log.ts';
import { MAX_TOMBSTONES, Slots, type SlotsOptions } from './slots.ts';
import { connect as connectTo } from './testing/connect.ts';

const LIFETIME_MS = 600_000;
let now: number;
/** What the next numbers are, modulo their range; when they are used up, it counts on from the last. */
let drawn: number[];
let slots: Slots;
const hub = new Hub({
  now: () => now,
  createId: () => '3f0e4b5c-1f7a-4f4e-9d53-0a4c2c2f8c11',
  createToken: () => 'token',
  maxPeersPerRoom: 8,
  maxAbsentPeers: 8,
  graceSeconds: 30,
  iceServers: [],
});

beforeEach(() => {
  now = 0;
  drawn = [42];
  slots = createSlots();
});

describe('meeting', () => {
  test('[SLOT-1] the owner is told a number, with its leading zeros, and how long it lasts', () => {
    const alice = connect();
    alice.send({ type: 'slot-open' });
    expect(alice.inbox).toEqual([{ type: 'slot-open', slot: '042', ttlSeconds: 600 }]);
  });

  test('[SLOT-2] [SLOT-4] both are told when the guest enters, and hear each other and nobody else', () => {
    const [alice, bob, carol] = [connect(), connect(), connect()];
    const slot = alice.open();
    carol.open();
    bob.send({ type: 'slot-enter', slot });
    for (const side of [alice, bob]) expect(side.take('slot-enter')).toEqual([{ type: 'slot-enter', slot }]);
    bob.send({ type: 'slot-message', payload: 'from-bob' });
    alice.send({ type: 'slot-message', payload: 'from_alice' });
    expect(alice.inbox).toEqual([{ type: 'slot-message', payload: 'from-bob' }]);
    expect(bob.inbox).toEqual([{ type: 'slot-message', payload: 'from_alice' }]);
    expect(carol.inbox).toEqual([]);
  });

  test('[SLOT-2] [SLOT-3] only one can enter, and who is in the slot does not hear of another', () => {
    const { alice, bob, slot } = met();
    const attacker = connect();
    expect(attacker.enter(slot)).toBe('used');
    attacker.send({ type: 'slot-message', payload: 'x' });
    expect(attacker.refusals).toEqual(['not-in-slot']);
    expect([...alice.inbox, ...bob.inbox]).toEqual([]);
  });

  test('[SLOT-3] a number that is none is unknown, also one that differs in its zeros', () => {
    const slot = connect().open();
    for (const wrong of ['043', `0${slot}`, '999999999']) expect(connect().enter(wrong)).toBe('unknown');
    expect(connect().enter(slot)).toBeUndefined();
  });

  test('[SLOT-6] one slot per connection at a time, and one’s own cannot be entered', () => {
    const alice = connect();
    const slot = alice.open();
    alice.send({ type: 'slot-open' });
    alice.send({ type: 'slot-enter', slot });
    expect(alice.refusals).toEqual(['already-in-slot', 'already-in-slot']);
    const bob = connect();
    expect(bob.enter(slot)).toBeUndefined();
    bob.send({ type: 'slot-open' });
    expect(bob.refusals).toEqual(['already-in-slot']);
  });

  test('[SLOT-4] nothing can be said before there is another side', () => {
    const alice = connect();
    alice.send({ type: 'slot-message', payload: 'x' });
    alice.open();
    alice.send({ type: 'slot-message', payload: 'x' });
    expect(alice.refusals).toEqual(['not-in-slot', 'not-in-slot']);
  });

  test('[SLOT-4] each side has four messages in a slot, and four more in the next', () => {
    const { alice, bob } = met();
    for (let index = 0; index < 6; index++) alice.send({ type: 'slot-message', payload: `${index}` });
    expect(alice.refusals).toEqual(['slot-limit', 'slot-limit']);
    expect(bob.take('slot-message').map(({ payload }) => payload)).toEqual(['0', '1', '2', '3']);
    bob.send({ type: 'slot-message', payload: 'x' });
    expect(alice.take('slot-message')).toHaveLength(1);

    alice.send({ type: 'slot-closed', reason: 'wrong-code' });
    bob.enter(alice.open());
    alice.send({ type: 'slot-message', payload: 'again' });
    expect(bob.take('slot-message')).toHaveLength(1);
  });
});

describe('ending', () => {
  test.each(['done', 'wrong-code', 'cancelled'])('[SLOT-5] %s is told to the other side only', (reason) => {
    const { alice, bob } = met();
    alice.send({ type: 'slot-closed', reason });
    expect(bob.inbox).toEqual([{ type: 'slot-closed', reason }]);
    expect(alice.inbox).toEqual([]);
    for (const side of [alice, bob]) side.send({ type: 'slot-closed', reason: 'done' });
    expect([alice.refusals, bob.refusals]).toEqual([['not-in-slot'], ['not-in-slot']]);
  });

  test('[SLOT-5] [SLOT-6] after its end each may open or enter another', () => {
    const { alice, bob } = met();
    bob.send({ type: 'slot-closed', reason: 'wrong-code' });
    expect(alice.take('slot-closed')).toEqual([{ type: 'slot-closed', reason: 'wrong-code' }]);
    expect(alice.enter(bob.open())).toBeUndefined();
  });

  test.each([
    ['owner', 0],
    ['guest', 1],
  ])('[SLOT-7] when the %s’s connection ends, the other side is told once', (_name, index) => {
    const { alice, bob } = met();
    const [gone, other] = index === 0 ? [alice, bob] : [bob, alice];
    gone.drop();
    gone.drop();
    expect(other.inbox).toEqual([{ type: 'slot-closed', reason: 'left' }]);
    expect(gone.inbox).toEqual([]);
  });

  test('[SLOT-8] [SLOT-9] to the millisecond, a slot that nobody has entered is expired, also to one who comes later', () => {
    const alice = connect();
    const slot = alice.open();
    now = LIFETIME_MS - 1;
    slots.expire();
    expect(alice.inbox).toEqual([]);
    now = LIFETIME_MS;
    expect(connect().enter(slot)).toBe('expired');
    expect(alice.inbox).toEqual([{ type: 'slot-closed', reason: 'expired' }]);
  });

  test('[SLOT-8] the time runs from the opening, and ends it midway for both', () => {
    const { alice, bob, slot } = met();
    now = LIFETIME_MS;
    alice.send({ type: 'slot-message', payload: 'x' });
    expect(alice.refusals).toEqual(['not-in-slot']);
    for (const side of [alice, bob]) expect(side.inbox).toEqual([{ type: 'slot-closed', reason: 'expired' }]);
    expect(connect().enter(slot)).toBe('used');
  });

  test('[SLOT-8] a slot whose time is over has expired, also if a connection ends before anyone has looked', () => {
    const { alice, bob } = met();
    now = LIFETIME_MS;
    bob.drop();
    expect(alice.inbox).toEqual([{ type: 'slot-closed', reason: 'expired' }]);
  });

  test('[SLOT-8] expire ends exactly those whose time has come', () => {
    const [alice, bob] = [connect(), connect()];
    alice.open();
    now = 1;
    bob.open();
    now = LIFETIME_MS;
    slots.expire();
    expect(alice.take('slot-closed')).toHaveLength(1);
    expect(bob.take('slot-closed')).toEqual([]);
  });

  test('[SLOT-9] an ended number says why: used if anybody had entered, else left', () => {
    const { alice, slot } = met();
    alice.send({ type: 'slot-closed', reason: 'done' });
    expect(connect().enter(slot)).toBe('used');
    const [bob, carol] = [connect(), connect()];
    const dropped = bob.open();
    bob.drop();
    const cancelled = carol.open();
    carol.send({ type: 'slot-closed', reason: 'cancelled' });
    expect([dropped, cancelled].map((number) => connect().enter(number))).toEqual(['left', 'left']);
  });
});

describe('numbers', () => {
  test('[SLOT-1] a number that is in use is not given out again', () => {
    connect().open();
    drawn = [42, 42, 8];
    expect(connect().open()).toBe('008');
  });

  test('[SLOT-9] an ended number is known, and not given out again, for ten minutes more', () => {
    const alice = connect();
    const slot = alice.open();
    now = 1_000;
    alice.drop();
    now = 1_000 + LIFETIME_MS - 1;
    drawn = [42, 42, 7];
    expect(connect().open()).toBe('007');
    expect(connect().enter(slot)).toBe('left');
    now += 1;
    expect(connect().enter(slot)).toBe('unknown');
    drawn = [42];
    expect(connect().open()).toBe('042');
  });

  test('[SLOT-1] numbers get longer when more than half are taken, and shorter again when those are forgotten', () => {
    slots = createSlots({ slotsPerAddress: 10_000 });
    const owners = Array.from({ length: 501 }, () => connect());
    const first = owners.map((owner) => owner.open());
    expect(first.every((number) => number.length === 3)).toBe(true);
    expect(new Set(first).size).toBe(501);
    drawn = [4];
    expect(connect().open()).toBe('0004');
    for (const owner of owners) owner.drop();
    expect(connect().open()).toHaveLength(4);
    now = LIFETIME_MS;
    expect(connect().open()).toHaveLength(3);
  });

  test('[SLOT-9] the ended numbers are bounded, and the oldest is forgotten first', () => {
    slots = createSlots({ slotsPerAddress: 1_000_000 });
    const alice = connect();
    let longest = 0;
    const open = (): string => {
      const number = alice.open();
      alice.send({ type: 'slot-closed', reason: 'cancelled' });
      longest = Math.max(longest, number.length);
      return number;
    };
    const [first, second] = [open(), open()];
    for (let index = 0; index < MAX_TOMBSTONES - 1; index++) open();
    expect([first, second].map((number) => connect().enter(number))).toEqual(['unknown', 'left']);
    expect(longest).toBe(5);
  });
});

describe('limits', () => {
  test('[SLOT-10] opening and entering cost the address one each, and a refusal costs nothing', () => {
    const warnings: string[] = [];
    slots = createSlots({ slotsPerAddress: 3, log: { ...silentLog, warn: (event) => warnings.push(event) } });
    const [alice, bob, carol] = [connect('198.51.100.1'), connect('198.51.100.1'), connect('198.51.100.2')];
    const slot = alice.open();
    expect([bob.enter('999'), bob.enter('999')]).toEqual(['unknown', 'unknown']);
    for (let index = 0; index < 10; index++) bob.send({ type: 'slot-enter', slot });
    bob.send({ type: 'slot-open' });
    expect(bob.refusals).toEqual(Array.from({ length: 11 }, () => 'slot-limit'));
    expect(warnings).toHaveLength(11);
    expect(bob.inbox).toEqual([]);
    now = 100_000; // three in 300 s
    expect(bob.enter('999')).toBe('unknown');
    expect(carol.enter(slot)).toBeUndefined();
  });

  test('[SLOT-10] what is refused for being in a slot already costs nothing', () => {
    slots = createSlots({ slotsPerAddress: 2 });
    const alice = connect();
    alice.open();
    for (let index = 0; index < 5; index++) alice.send({ type: 'slot-open' });
    expect(connect().enter('999')).toBe('unknown');
  });

  test('[SIG-CONN-6] each side is told that it has no slot any more, and who was not let in too', () => {
    const { alice, bob, slot } = met();
    const carol = connect();
    carol.enter(slot);
    expect([alice, bob, carol].map(({ socket }) => socket.slotsClosed)).toEqual([0, 0, 1]);
    expect([alice, bob, carol].map(({ client }) => client.isIdle)).toEqual([false, false, true]);
    alice.send({ type: 'slot-closed', reason: 'done' });
    expect([alice, bob, carol].map(({ socket }) => socket.slotsClosed)).toEqual([1, 1, 1]);
    expect([alice, bob].map(({ client }) => client.isIdle)).toEqual([true, true]);
  });

  test('[SLOT-7] slots and rooms do not touch each other', () => {
    const { alice, bob } = met();
    alice.send({ type: 'join', room: 'r'.repeat(43) });
    expect(alice.take('welcome')).toHaveLength(1);
    bob.send({ type: 'slot-message', payload: 'x' });
    expect(alice.take('slot-message')).toHaveLength(1);
    alice.send({ type: 'slot-closed', reason: 'done' });
    expect(alice.client.isIdle).toBe(false);
    expect(connect().enter(alice.open())).toBeUndefined();
  });

  test('[SLOT-7] a client that has gone is not acted on any more', () => {
    const alice = connect();
    alice.drop();
    alice.send({ type: 'slot-open' });
    expect([alice.inbox, alice.refusals]).toEqual([[], []]);
    expect(slots.has(alice.socket)).toBe(false);
  });
});

function createSlots(overrides: Partial<SlotsOptions> = {}): Slots {
  let last = 0;
  const random = (below: number): number => (last = (drawn.shift() ?? last + 1) % below);
  return new Slots({ now: () => now, random, log: silentLog, slotsPerAddress: 60, ...overrides });
}

/** Two who have met, with nothing left in their inboxes. */
function met() {
  const [alice, bob] = [connect(), connect()];
  const slot = alice.open();
  bob.enter(slot);
  alice.take('slot-enter');
  return { alice, bob, slot };
}

function connect(address?: string) {
  const client = connectTo(hub, slots, address);
  return Object.assign(client, {
    open: (): string => {
      client.send({ type: 'slot-open' });
      return client.take('slot-open')[0]!.slot;
    },
    /** Gives the reason if there was no entering. */
    enter: (slot: string): string | undefined => {
      client.send({ type: 'slot-enter', slot });
      client.take('slot-enter');
      return client.take('slot-closed')[0]?.reason;
    },
  });
}
