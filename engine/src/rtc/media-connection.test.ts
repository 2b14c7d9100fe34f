import type { MediaMessage } from '@tincan/shared/link-message';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MediaConnection, type MediaConnectionOptions } from './media-connection.ts';
import { sessionOf } from './testing/fake-room.ts';
import { LinkedNetwork } from './testing/linked-connections.ts';

let network: LinkedNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new LinkedNetwork({ latencyMs: () => 1 });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Two sides whose link takes a millisecond, what each has said on it, and what happened to its connection. */
function pair(options: Partial<MediaConnectionOptions> = {}) {
  const said: string[] = [];
  let linkEpoch = 1;
  let linked = true;
  const create = (me: string, peer: string) => {
    const events: string[] = [];
    const media: MediaConnection = new MediaConnection({
      me: sessionOf(me),
      peer: sessionOf(peer),
      createConnection: network.createConnection,
      getIceServers: () => [],
      random: () => 0.5,
      isTheirs: () => true,
      send: (message: MediaMessage) => {
        if (!linked) return;
        if (message.type === 'media-request') said.push(`${me}: request`);
        else if (message.signal.type !== 'candidate') said.push(`${me}: ${message.signal.type} ${message.epoch}`);
        setTimeout(() => linked && far[me]?.handleMessage(message), 1);
      },
      ...options,
    });
    media.on('opened', () => events.push('opened'));
    media.on('interrupted', (is) => events.push(is ? 'interrupted' : 'there again'));
    media.on('closed', () => events.push('closed'));
    media.on('breach', (breach) => events.push(breach));
    media.handleLinkUp(linkEpoch);
    return { media, events };
  };
  const [alice, bob] = [create('alice', 'bob'), create('bob', 'alice')];
  const far: Record<string, MediaConnection> = { alice: bob.media, bob: alice.media };
  return {
    ...{ alice, bob, said },
    want: () => [alice, bob].forEach(({ media }) => media.setWanted(true)),
    linkDown: () => {
      linked = false;
      for (const { media } of [alice, bob]) media.handleLinkDown();
    },
    linkUp: () => {
      linked = true;
      linkEpoch += 1;
      for (const { media } of [alice, bob]) media.handleLinkUp(linkEpoch);
    },
  };
}

const openCalls = () => network.open('call').length;

test('[MEDIA-3] the smaller session offers, whoever wants it first, and it opens on both sides', async () => {
  for (const first of ['alice', 'bob'] as const) {
    const sides = pair();
    sides[first].media.setWanted(true);
    await pass(20);
    expect([sides.alice.events, sides.bob.events]).toEqual([[], []]);
    sides.alice.media.setWanted(true);
    sides.bob.media.setWanted(true);
    await pass(300);
    expect([sides.alice.events, sides.bob.events]).toEqual([['opened'], ['opened']]);
    expect(sides.said.every((line) => !line.startsWith('bob: offer'))).toBe(true);
  }
});

test('[MEDIA-4] both at once: one offer', async () => {
  const { want, said } = pair();
  want();
  await pass(50);
  expect(said.filter((line) => line.includes('offer'))).toEqual(['alice: offer 4097']);
});

test('[MEDIA-2] an offer to one who does not want it is not answered; it opens as soon as both do', async () => {
  const { alice, bob, said } = pair();
  alice.media.setWanted(true);
  await pass(5_000);
  expect(said.filter((line) => line.startsWith('bob'))).toEqual([]);
  bob.media.setWanted(true);
  await pass(300);
  expect(bob.events).toEqual(['opened']);
});

test('[MEDIA-2] is closed on both sides when one does not want it any more', async () => {
  const { alice, bob, want } = pair();
  want();
  await pass(20);
  alice.media.setWanted(false);
  bob.media.setWanted(false);
  await pass(20_000);
  expect([alice.events, bob.events]).toEqual([
    ['opened', 'closed'],
    ['opened', 'closed'],
  ]);
  expect(openCalls()).toBe(0);
});

test('[MEDIA-5] stays while the link is down, and is kept when the link is back', async () => {
  const { alice, bob, want, linkDown, linkUp } = pair();
  want();
  await pass(20);
  linkDown();
  await pass(60_000);
  linkUp();
  await pass(60_000);
  expect([alice.events, bob.events]).toEqual([['opened'], ['opened']]);
});

test('[MEDIA-5] one that is interrupted when the link is back is made anew at once', async () => {
  const { alice, bob, want, linkDown, linkUp } = pair();
  want();
  await pass(20);
  linkDown();
  const [offerer] = network.open('call');
  offerer!.interrupt(true);
  await pass(60_000);
  expect(alice.events).toEqual(['opened', 'interrupted']);
  linkUp();
  await pass(20);
  expect(alice.events).toEqual(['opened', 'interrupted', 'closed', 'opened']);
  expect(bob.events).toEqual(['opened', 'closed', 'opened']);
});

test.each(['alice', 'bob'] as const)(
  '[MEDIA-5] %s sees an interruption of more than 4 s while the link lives: it is made anew, once',
  async (name) => {
    const sides = pair();
    sides.want();
    await pass(20);
    const end = network.connections.find(
      ({ label, initiator }) => label === 'call' && initiator === (name === 'alice'),
    )!;
    end.interrupt(true);
    await pass(3_900);
    end.interrupt(false);
    await pass(60_000);
    expect(sides[name].events).toEqual(['opened', 'interrupted', 'there again']);
    end.interrupt(true);
    await pass(4_400);
    expect(sides[name].events.slice(3)).toEqual(['interrupted', 'closed', 'opened']);
    expect(openCalls()).toBe(1);
    expect(sides.said.filter((line) => line.includes('offer')).length).toBe(2);
  },
);

test.each(['alice', 'bob'] as const)('[MEDIA-4] what only %s has lost is made anew', async (name) => {
  const sides = pair();
  sides.want();
  await pass(20);
  network.connections.find(({ initiator }) => initiator === (name === 'alice'))!.cutOneEnd();
  await pass(1_000);
  expect(sides[name].events).toEqual(['opened', 'closed', 'opened']);
  expect(openCalls()).toBe(1);
});

test('[MEDIA-5] what is lost while the link is down is made anew when the link is back, though one side has begun afresh', async () => {
  const { alice, want, linkDown, linkUp } = pair();
  want();
  await pass(20);
  linkDown();
  network.cut();
  await pass(30_000);
  linkUp();
  await pass(20);
  expect(alice.events).toEqual(['opened', 'closed', 'opened']);
});

test('[BIND-2] a description with another certificate opens nothing', async () => {
  const { alice, bob, want } = pair({ isTheirs: () => false });
  want();
  await pass(1_000);
  expect(openCalls()).toBe(0);
  expect(bob.events).toContain('wrong-certificate');
  expect(alice.events).not.toContain('opened');
});

test('[MEDIA-4] asking again and again makes few connections, and one is up in the end', async () => {
  const { alice, bob, want, said } = pair();
  want();
  await pass(20);
  const before = said.length;
  for (let round = 0; round < 1_000; round++) {
    alice.media.handleMessage({ type: 'media-request', epoch: 0xffff_ffff });
    await pass(1);
  }
  expect(said.slice(before).filter((line) => line.includes('offer')).length).toBeLessThan(5);
  await pass(20_000);
  expect(openCalls()).toBe(1);
  expect(bob.events.at(-1)).toBe('opened');
});

test('wanting and not wanting it a thousand times makes few connections', async () => {
  const { alice, want, said } = pair();
  want();
  await pass(20);
  for (let round = 0; round < 1_000; round++) {
    alice.media.setWanted(round % 2 === 1);
    await pass(1);
  }
  expect(said.filter((line) => line.includes('offer')).length).toBeLessThan(10);
});

test.each(['alice', 'bob'] as const)(
  '[MEDIA-5] an attempt that the link left half done (%s first) is begun anew with it',
  async (name) => {
    const { alice, bob, linkDown, linkUp, ...sides } = pair();
    const first = { alice, bob }[name];
    first.media.setWanted(true);
    sides.want();
    await pass(1);
    linkDown();
    await pass(1_000);
    linkUp();
    await pass(300);
    expect([alice.events, bob.events]).toEqual([['opened'], ['opened']]);
  },
);
