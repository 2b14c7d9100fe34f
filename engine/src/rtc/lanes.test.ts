import type { LaneMessage } from '@tincan/shared/link-message';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LOW_WATER_BYTES } from './connection.ts';
import type { Lane } from './lane.ts';
import { MAX_LANES } from './lane-count.ts';
import { Lanes, type LanesOptions } from './lanes.ts';
import { sessionOf } from './testing/fake-room.ts';
import { fingerprintLine, LinkedNetwork } from './testing/linked-connections.ts';

let network: LinkedNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new LinkedNetwork({ latencyMs: () => 1 });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const frame = (bytes: number, first = 0) => Uint8Array.of(first, ...new Uint8Array(bytes - 1));

/** Two sides, how long their link takes from one to the other, and what each has said on it. */
function pair({
  isTheirs = () => true,
  answers = () => false,
  linkMs = 1,
}: Partial<LanesOptions> & { linkMs?: number } = {}) {
  const said: string[] = [];
  const create = (me: string, peer: string) => {
    const opened: Lane[] = [];
    const frames: number[] = [];
    const blocked: boolean[] = [];
    const lanes: Lanes = new Lanes({
      me: sessionOf(me),
      peer: sessionOf(peer),
      createConnection: network.createConnection,
      getIceServers: () => [],
      random: () => 0.5,
      isTheirs,
      answers,
      send: (message: LaneMessage) => {
        said.push(
          `${me}: ${message.type === 'lane-signal' ? `${message.signal.type} ${message.epoch}` : message.type}`,
        );
        setTimeout(() => far[me]?.handleMessage(message), linkMs);
      },
    });
    lanes.on('lane-opened', (lane) => opened.push(lane));
    lanes.on('lane-closed', (lane) => opened.splice(opened.indexOf(lane), 1));
    lanes.on('frame', (bytes) => frames.push(new Uint8Array(bytes)[0] ?? NaN));
    lanes.on('blocked', (isBlocked) => blocked.push(isBlocked));
    lanes.handleLinkUp();
    return { lanes, opened, frames, blocked };
  };
  const [alice, bob] = [create('alice', 'bob'), create('bob', 'alice')];
  const far: Record<string, Lanes> = { alice: bob.lanes, bob: alice.lanes };
  return { alice, bob, said: () => said.filter((line) => !line.includes('candidate')) };
}

test('[LANE-2] the smaller session offers, the larger one asks for it', async () => {
  const { alice, bob, said } = pair();
  bob.lanes.open();
  await pass(50);
  expect(said()).toEqual(['bob: lane-request', 'alice: offer 1', 'bob: answer 1']);
  expect([alice.opened.length, bob.opened.length]).toEqual([1, 1]);
});

test('[LANE-2] both at once: one connection per lane', async () => {
  const { alice, bob, said } = pair();
  alice.lanes.open(3);
  bob.lanes.open(2);
  await pass(50);
  expect(said().filter((line) => line.includes('offer'))).toEqual(Array(3).fill('alice: offer 1'));
  expect([alice.opened.length, bob.opened.length]).toEqual([3, 3]);
});

describe.each(['alice', 'bob'] as const)('[LANE-3] a lane that %s asked for', (name) => {
  test('is opened again when it is lost, with a higher epoch', async () => {
    const sides = pair();
    sides[name].lanes.open();
    await pass(50);
    const [lost] = sides.alice.opened;
    network.cut();
    expect([sides.alice.opened, sides.bob.opened]).toEqual([[], []]);
    await pass(1_000);
    expect(sides.alice.opened).toHaveLength(1);
    expect(sides.alice.opened[0]).not.toBe(lost);
    expect(sides.said()).toContain('alice: offer 2');
    expect(network.open('lane-0')).toHaveLength(1);
  });

  test('is not tried without pause', async () => {
    network.blocked = true;
    const sides = pair();
    sides[name].lanes.open();
    for (let second = 0; second < 60; second++) {
      await pass(1_000);
      network.cut();
    }
    expect(network.connections.length).toBeLessThan(40);
    network.blocked = false;
    await pass(20_000);
    expect(sides.bob.opened).toHaveLength(1);
  });
});

test('[LANE-3] one end alone has lost it: the other believes the request that comes after its answer', async () => {
  const { alice, bob } = pair();
  bob.lanes.open();
  await pass(50);
  network.silent = true;
  network.connections.find(({ initiator }) => !initiator)?.close();
  network.silent = false;
  await pass(1_000);
  expect([alice.opened.length, bob.opened.length]).toEqual([1, 1]);
  expect(network.open('lane-0')).toHaveLength(1);
});

test('[LANE-4] closes with the link; with the next link epochs begin anew', async () => {
  const { alice, bob, said } = pair();
  alice.lanes.open();
  await pass(50);
  alice.lanes.handleLinkDown();
  bob.lanes.handleLinkDown();
  await pass(60_000);
  expect([alice.opened, bob.opened]).toEqual([[], []]);
  expect(network.connections).toHaveLength(2);
  alice.lanes.handleLinkUp();
  bob.lanes.handleLinkUp();
  await pass(50);
  expect(said()).toEqual(['alice: offer 1', 'bob: answer 1', 'alice: offer 1', 'bob: answer 1']);
  expect([alice.opened.length, bob.opened.length]).toEqual([1, 1]);
});

test('a lane knows its number, the epoch of its connection, the same on both sides, and what the other side takes', async () => {
  const { alice, bob } = pair();
  bob.lanes.open(2);
  await pass(50);
  network.cut(network.open('lane-1'));
  await pass(1_000);
  const known = [
    { index: 0, epoch: 1, maxMessageBytes: 262_144 },
    { index: 1, epoch: 2, maxMessageBytes: 262_144 },
  ];
  expect(alice.opened).toMatchObject(known);
  expect(bob.opened).toMatchObject(known);
});

describe.each(['alice', 'bob'] as const)('whether lanes are blocked, as %s sees it who asked for them', (name) => {
  /** Of one attempt; the next begins a quarter of a second later at most, and takes as long. */
  const ATTEMPT_MS = 15_000;

  test('is told at the second attempt in a row that failed, once, and that it is over when one opens', async () => {
    network.blocked = true;
    const { lanes, blocked } = pair()[name];
    lanes.open();
    await pass(2 * ATTEMPT_MS - 500);
    expect(blocked).toEqual([]);
    await pass(1_500);
    expect(blocked).toEqual([true]);
    await pass(4 * ATTEMPT_MS);
    expect(blocked).toEqual([true]);
    network.blocked = false;
    await pass(2 * ATTEMPT_MS);
    expect(blocked).toEqual([true, false]);
    network.blocked = true;
    network.cut(); // what failed before it was open says nothing any more
    await pass(ATTEMPT_MS + 1_000);
    expect(blocked).toEqual([true, false]);
    await pass(ATTEMPT_MS + 1_000);
    expect(blocked).toEqual([true, false, true]);
  });

  test('is not told when the link goes down during the second attempt', async () => {
    network.blocked = true;
    const { lanes, blocked } = pair()[name];
    lanes.open();
    await pass(ATTEMPT_MS + 1_000);
    lanes.handleLinkDown();
    expect(blocked).toEqual([]);
  });

  test('is over when the link goes down, and counted anew on the next', async () => {
    network.blocked = true;
    const sides = pair();
    const { lanes, blocked } = sides[name];
    lanes.open();
    await pass(3 * ATTEMPT_MS);
    sides.alice.lanes.handleLinkDown();
    sides.bob.lanes.handleLinkDown();
    expect(blocked).toEqual([true, false]);
    sides.alice.lanes.handleLinkUp();
    sides.bob.lanes.handleLinkUp();
    await pass(1.5 * ATTEMPT_MS);
    expect(blocked).toEqual([true, false]);
    await pass(ATTEMPT_MS);
    expect(blocked).toEqual([true, false, true]);
  });

  test('is not told while another lane is open, nor of one that has just been asked for', async () => {
    const { lanes, blocked, opened } = pair()[name];
    lanes.open();
    await pass(50);
    network.blocked = true;
    lanes.open(2);
    await pass(3 * ATTEMPT_MS);
    expect([opened.length, blocked]).toEqual([1, []]);
    lanes.open(3);
    network.cut(network.open('lane-0'));
    await pass(ATTEMPT_MS + 1_000);
    expect([opened.length, blocked]).toEqual([0, []]);
    await pass(ATTEMPT_MS + 1_000);
    expect(blocked).toEqual([true]);
  });
});

test('lanes are not blocked while one is open that only the other side has asked for', async () => {
  const { alice, bob } = pair();
  alice.lanes.open(2);
  bob.lanes.open(1);
  await pass(50);
  network.blocked = true;
  network.cut(network.open('lane-0'));
  await pass(60_000);
  expect([bob.opened.map(({ index }) => index), bob.blocked]).toEqual([[1], []]);
});

test('[LANE-1] an early offer makes the lane; nothing else does, and not without bound', async () => {
  const { bob } = pair();
  const signal = { type: 'offer', sdp: `v=0 none\r\n${fingerprintLine('x')}` } as const;
  bob.lanes.handleMessage({ type: 'lane-signal', lane: MAX_LANES, epoch: 1, signal });
  bob.lanes.handleMessage({ type: 'lane-signal', lane: 1, epoch: 1, signal: { type: 'answer', sdp: 'x' } });
  expect(network.connections).toHaveLength(0);
  bob.lanes.handleMessage({ type: 'lane-signal', lane: 0, epoch: 1, signal });
  expect(network.connections).toHaveLength(1);
  await pass(60_000);
  expect(network.connections).toHaveLength(1);
});

test('[BIND-2] with another certificate than the link’s is refused, and the page is told', async () => {
  const { alice, bob } = pair({ isTheirs: () => false });
  const breaches: string[] = [];
  bob.lanes.on('breach', (breach) => breaches.push(breach));
  bob.lanes.open();
  await pass(100);
  expect([alice.opened, bob.opened]).toEqual([[], []]);
  expect(breaches).toEqual(['wrong-certificate']);
});

describe('[LANE-5] frames', () => {
  test('that are sent in the moment of opening arrive, in order', async () => {
    const { alice, bob } = pair();
    alice.lanes.on('lane-opened', (lane) => [1, 2, 3].forEach((first) => lane.send(frame(9, first))));
    bob.lanes.open();
    await pass(50);
    expect(bob.frames).toEqual([1, 2, 3]);
  });

  test('wait for the lane to drain; every waiter is answered', async () => {
    const { alice, bob } = pair();
    bob.lanes.open();
    await pass(50);
    const lane = alice.opened[0] as Lane;
    await lane.drained();
    for (let count = 0; count < 5; count++) lane.send(frame(65_536));
    expect(lane.bufferedBytes).toBeGreaterThan(LOW_WATER_BYTES);
    const drained = Promise.all([lane.drained(), lane.drained()]);
    await pass(5);
    await expect(drained).resolves.toHaveLength(2);
    expect(lane.bufferedBytes).toBeLessThanOrEqual(LOW_WATER_BYTES);
  });

  test('waited for when the lane closes: every waiter is refused, and so is every later one', async () => {
    const { alice, bob } = pair();
    bob.lanes.open();
    await pass(50);
    const lane = alice.opened[0] as Lane;
    for (let count = 0; count < 5; count++) lane.send(frame(65_536));
    const waiting = Promise.allSettled([lane.drained(), lane.drained()]);
    network.cut();
    expect(await waiting).toMatchObject(Array(2).fill({ status: 'rejected', reason: { code: 'lane-closed' } }));
    await expect(lane.drained()).rejects.toMatchObject({ code: 'lane-closed' });
    lane.send(frame(9));
    expect(lane.bufferedBytes).toBe(0);
  });
});

describe('[LANE-8] on a long path', () => {
  const longPath = { answers: () => true, linkMs: 20 };

  test('it is asked 80 times a second what has arrived, while something is sent; and answered, but not of a lane that has gone', async () => {
    const { alice, bob, said } = pair(longPath);
    bob.lanes.open();
    await pass(1_000);
    const answers: (readonly (readonly number[])[])[] = [];
    const handle = alice.lanes.handleMessage.bind(alice.lanes);
    alice.lanes.handleMessage = (message) => {
      if (message.type === 'lane-arrived') answers.push(message.arrived);
      handle(message);
    };
    for (let count = 0; count < 100; count++) {
      alice.opened[0]!.send(frame(1_000));
      await pass(10);
    }
    await pass(100);
    expect(answers.at(-1)).toEqual([[0, 1, 100_000]]);
    expect(answers.length).toBeGreaterThan(70);
    expect(answers.length).toBeLessThan(100);
    network.cut(network.open('lane-0'));
    await pass(5_000);
    alice.opened.find(({ index }) => index === 0)!.send(frame(500));
    await pass(100);
    expect(answers.at(-1)).toEqual([[0, 2, 500]]);
    const { length } = said();
    await pass(10_000);
    expect(said().length - length).toBeLessThan(180);
  });

  test('there are four lanes as soon as something is sent, and more where they are held back', async () => {
    const { alice, bob } = pair(longPath);
    bob.lanes.open();
    await pass(1_000);
    expect(alice.opened).toHaveLength(1);
    alice.opened[0]!.send(frame(1_000));
    await pass(500);
    expect([alice.opened.length, bob.opened.length]).toEqual([4, 4]);
  });

  test('nothing is believed beyond what was sent, nor answers that were not asked for', async () => {
    const { alice, bob } = pair(longPath);
    bob.lanes.open();
    await pass(1_000);
    for (let count = 0; count < 40; count++) {
      alice.opened[0]!.send(frame(1_000));
      for (const ask of [count, 1e12])
        alice.lanes.handleMessage({
          type: 'lane-arrived',
          ask,
          arrived: [
            [0, 1, 1e12],
            [5, 1, 1e12],
          ],
        });
      await pass(50);
    }
    expect([alice.opened.length, bob.opened.length]).toEqual([4, 4]);
  });
});

test('on a short path there is one lane, and nothing is asked after the first moment', async () => {
  const { alice, bob, said } = pair({ answers: () => true });
  bob.lanes.open();
  await pass(1_000);
  const { length } = said();
  for (let count = 0; count < 100; count++) {
    alice.opened[0]!.send(frame(1_000));
    await pass(10);
  }
  expect(said().length).toBe(length);
  expect([alice.opened.length, bob.opened.length]).toEqual([1, 1]);
});

test('[LANE-9] a lane that stands still is replaced, by either side', async () => {
  for (const [sender, receiver] of [
    ['alice', 'bob'],
    ['bob', 'alice'],
  ] as const) {
    network = new LinkedNetwork({ latencyMs: () => 20 });
    const both = pair({ answers: () => true, linkMs: 20 });
    both[receiver].lanes.open();
    await pass(1_000);
    const lane = both[sender].opened[0]!;
    network.stuck = true;
    lane.send(frame(40_000));
    network.stuck = false;
    await pass(2_000);
    for (const { opened } of [both[sender], both[receiver]])
      expect(opened.find(({ index }) => index === 0)?.epoch).toBe(2);
  }
});

test('[LANE-10] a lane that is not wanted any more closes, and stays closed', async () => {
  const { alice, bob } = pair();
  bob.lanes.open(3);
  await pass(50);
  for (const { lanes } of [alice, bob]) lanes.handleMessage({ type: 'lane-close', lane: 2 });
  await pass(60_000);
  expect([alice, bob].map(({ opened }) => opened.map(({ index }) => index))).toEqual([
    [0, 1],
    [0, 1],
  ]);
});
