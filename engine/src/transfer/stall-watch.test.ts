// What is lost although nothing was cut, and what only takes long, under a clock that is set by hand.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Source } from './source.ts';
import { fileAt, LinkedPeers, openAt, until } from './testing/linked-peers.ts';

const FILE = 'file.bin';
const bytes = new Uint8Array(3 * BLOCK_BYTES).map((_, index) => index >> 8);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function begin(peers: LinkedPeers, source = new Source(new Blob([bytes]))): Promise<void> {
  peers.alice.sender.offer([{ path: FILE, source }]);
  await until(() => [...peers.bob.receiver.offers].some((each) => each.state === 'open'), 'an offer arrives');
  for (const each of peers.bob.receiver.offers) await peers.bob.receiver.accept(each.id);
}

async function pass(peers: LinkedPeers, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    vi.advanceTimersByTime(1_000);
    await peers.settle();
  }
}

const received = (peers: LinkedPeers) => fileAt(peers.bob.receiver.files, FILE);

async function expectWhole(peers: LinkedPeers): Promise<void> {
  // The last flush, and the last words: hashing takes real time, and timers that of the clock.
  const deadline = Date.now() + 20_000;
  while (received(peers).state !== 'done' && Date.now() < deadline) {
    vi.advanceTimersByTime(20);
    await new Promise(setImmediate);
  }
  expect(received(peers).state).toBe('done');
  expect(Buffer.compare(await openAt(peers.bob.receiver, FILE), bytes)).toBe(0);
}

it.each([
  ['a frame', (item: { on: string; text?: string }) => item.on === 'lane'],
  ['a hash', (item: { on: string; text?: string }) => item.text?.includes('"hashes"') ?? false],
])('[XFER-11] asks again for %s that was lost although nothing was cut', async (_, isMeant) => {
  const peers = new LinkedPeers();
  let lost = 0;
  peers.loses = (item) => isMeant(item) && lost++ === 0;
  await begin(peers);
  await until(() => lost > 0, 'something is lost');
  await peers.settle();
  await pass(peers, 9);
  expect(received(peers).state).toBe('active');
  await pass(peers, 12);
  await expectWhole(peers);
});

it('[XFER-11] a source that is slower than any patience is not asked away from its work', async () => {
  const peers = new LinkedPeers();
  const source = new Source(new Blob([bytes]));
  const readBlock = source.readBlock.bind(source);
  source.readBlock = async (block) => {
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    return readBlock(block);
  };
  await begin(peers, source);
  await pass(peers, 200);
  await expectWhole(peers);
});

it('[XFER-11] what has arrived counts when it is asked for again', async () => {
  const peers = new LinkedPeers();
  let frames = 0;
  let lost = 0;
  peers.loses = (item) => item.on === 'lane' && ++frames % 8 === 0 && lost++ < 6;
  await begin(peers);
  await until(() => lost > 0, 'something is lost');
  await pass(peers, 120);
  await expectWhole(peers);
});
