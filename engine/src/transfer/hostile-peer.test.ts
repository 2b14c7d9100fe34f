import { encodeFrame } from '@tincan/shared/frame';
import type { FileEntry, ReceiverMessage, SenderMessage } from '@tincan/shared/link-message';
import { BLOCK_BYTES, PIECE_BYTES } from '@tincan/shared/limits';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from './memory-store.ts';
import type { FrameLane } from './path.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { Source } from './source.ts';
import { until } from './testing/linked-peers.ts';

const ID = (n: number) => n.toString().padStart(22, 'A');
const KEY = { key: ID(7), keeps: true };
const entry = (n: number, size: number, path = `${n}.bin`): FileEntry => ({ id: ID(n), handle: n, path, size });

/** A lane that takes nothing. */
const LANE: FrameLane = {
  ...{ index: 0, epoch: 1, maxMessageBytes: 262_144, full: true },
  send: () => {},
  drained: () => new Promise(() => {}),
};
const NOWHERE = { send: () => {}, openLanes: () => {} };

/** A receiver whose peer is the test: what it says is in `said`. */
function receiver() {
  const said: (SenderMessage | ReceiverMessage)[] = [];
  const path = { send: (message: SenderMessage | ReceiverMessage) => void said.push(message), openLanes: () => {} };
  const bob = new Receiver({ path, store: new MemoryStore() });
  bob.handleLinkUp();
  bob.handleLaneOpened({ index: 0, epoch: 1 });
  const offer = (entries: FileEntry[], id = ID(900)) => {
    const bytes = entries.reduce((sum, { size }) => sum + size, 0);
    bob.handleMessage({ type: 'offer', offer: id, ...KEY, files: entries.length, bytes, start: 0, entries });
  };
  return { bob, said, offer };
}

describe('an attacker who sends', () => {
  it.each<[string, Extract<SenderMessage, { type: 'offer' }>]>([
    [
      'sizes that do not add up',
      { type: 'offer', offer: ID(900), ...KEY, files: 1, bytes: 5, start: 0, entries: [entry(1, 4)] },
    ],
    [
      'more files than announced',
      { type: 'offer', offer: ID(900), ...KEY, files: 1, bytes: 2, start: 0, entries: [entry(1, 1), entry(2, 1)] },
    ],
    [
      'a handle twice',
      { type: 'offer', offer: ID(900), ...KEY, files: 2, bytes: 2, start: 0, entries: [entry(1, 1), entry(1, 1)] },
    ],
    [
      'an empty folder with bytes in it',
      { type: 'offer', offer: ID(900), ...KEY, files: 1, bytes: 1, start: 0, entries: [entry(1, 1, 'empty/')] },
    ],
    [
      'a part from the middle',
      { type: 'offer', offer: ID(900), ...KEY, files: 3, bytes: 1, start: 2, entries: [entry(1, 1)] },
    ],
  ])('[XFER-1] [XFER-14] offers %s: it is declined and nobody is asked', (_, message) => {
    const { bob, said } = receiver();
    bob.handleMessage(message);
    expect(said).toEqual([{ type: 'decline', offer: ID(900) }]);
    expect([...bob.offers]).toEqual([]);
  });

  it('[XFER-1] offers a handle or an id again that another offer has: it is declined', () => {
    const { bob, said, offer } = receiver();
    offer([entry(1, 1)]);
    offer([entry(1, 1)], ID(901));
    offer([{ ...entry(2, 1), id: ID(1) }], ID(902));
    expect(said.map(({ type }) => type)).toEqual(['decline', 'decline']);
    expect([...bob.offers]).toHaveLength(1);
  });

  it('[XFER-3] offers names that climb out of the folder: they are clean before anyone sees them', () => {
    const { bob, offer } = receiver();
    offer([entry(1, 0, '../../evil\u202Etxt.exe'), entry(2, 0, 'eviltxt.exe'), entry(3, 0, '..'), entry(4, 0, '../')]);
    const paths = [...bob.files].map(({ path }) => path);
    expect(paths).toEqual(['eviltxt.exe', 'eviltxt (2).exe', 'file', 'folder/']);
  });

  it('[XFER-3] a name that was declined is free in the next offer', () => {
    const { bob, offer } = receiver();
    offer([entry(1, 1, 'a.txt')]);
    bob.decline(ID(900));
    offer([entry(2, 1, 'a.txt')], ID(901));
    expect([...bob.files].map(({ path, state }) => [path, state])).toEqual([
      ['a.txt', 'declined'],
      ['a.txt', 'offered'],
    ]);
  });

  it('[XFER-2] sends frames before anybody accepted: nothing is kept', async () => {
    const { bob, offer } = receiver();
    offer([entry(1, 4)]);
    bob.handleFrame(encodeFrame(1, 0, new Uint8Array(4)).buffer);
    expect([...bob.files][0]).toMatchObject({ state: 'offered', durable: 0 });
  });

  it.each([
    ['past the end', BLOCK_BYTES, 10],
    ['off the grid', 1, PIECE_BYTES],
    ['shorter than its place', 0, 10],
  ])('[XFER-5] sends a frame %s: the transfer ends and the peer is told', async (_, offset, length) => {
    const { bob, said, offer } = receiver();
    offer([entry(1, BLOCK_BYTES)]);
    await bob.accept(ID(900));
    bob.handleFrame(encodeFrame(1, offset, new Uint8Array(length)).buffer);
    expect([...bob.files][0]).toMatchObject({ state: 'failed', failure: 'protocol' });
    await Promise.resolve();
    expect(said.at(-1)).toEqual({ type: 'stop', handles: [1], reason: 'protocol' });
  });

  it('sends garbage on a lane, and frames for transfers that do not exist: nothing happens', async () => {
    const { bob, said, offer } = receiver();
    offer([entry(1, BLOCK_BYTES)]);
    await bob.accept(ID(900));
    const before = said.length;
    for (const bytes of [0, 1, 15, 16, 17, 65_552, 65_553, 200_000]) bob.handleFrame(new ArrayBuffer(bytes));
    bob.handleFrame(encodeFrame(77, 0, new Uint8Array(10)).buffer);
    expect(said).toHaveLength(before);
    expect([...bob.files][0]?.state).toBe('active');
  });

  it('declares 8 PB: it does not fit, and nothing was allocated for it', async () => {
    const { bob, offer } = receiver();
    offer([entry(1, Number.MAX_SAFE_INTEGER - 1)]);
    await expect(bob.accept(ID(900))).rejects.toMatchObject({ code: 'no-space' });
  });

  it('[XFER-9] says a hash of its own in the end: the transfer fails loudly', async () => {
    const { bob, said, offer } = receiver();
    offer([entry(1, 0)]);
    await bob.accept(ID(900));
    await until(() => said.some(({ type }) => type === 'complete'), 'the receiver asks to compare');
    bob.handleMessage({ type: 'verified', files: [{ handle: 1, hash: '0'.repeat(64) }] });
    expect([...bob.files][0]).toMatchObject({ state: 'failed', failure: 'hash-mismatch' });
  });
});

it('leaving a peer in the middle of very many files asks for none of them', async () => {
  const said: (SenderMessage | ReceiverMessage)[] = [];
  const path = { send: (message: SenderMessage | ReceiverMessage) => void said.push(message), openLanes: () => {} };
  const bob = new Receiver({ path, store: new MemoryStore() });
  bob.handleLinkUp();
  bob.handleLaneOpened({ index: 0, epoch: 1 });
  const entries = Array.from({ length: 500 }, (_, i) => entry(i + 1, 100));
  bob.handleMessage({ type: 'offer', offer: ID(900), ...KEY, files: 500, bytes: 50_000, start: 0, entries });
  await bob.accept(ID(900));
  const asked = () => said.reduce((sum, message) => sum + (message.type === 'want' ? message.wants.length : 0), 0);
  await until(() => asked() > 0, 'it asks');
  expect(asked()).toBe(256);
  bob.close();
  await new Promise(setImmediate);
  expect(asked()).toBe(256);
});

describe('room on the disk', () => {
  it('is promised once: a second offer that fits only alone is refused', async () => {
    const bob = new Receiver({ path: NOWHERE, store: new MemoryStore({ capBytes: 1_000 }) });
    bob.handleLinkUp();
    const take = (n: number) => {
      bob.handleMessage({
        type: 'offer',
        offer: ID(900 + n),
        ...KEY,
        files: 1,
        bytes: 600,
        start: 0,
        entries: [entry(n, 600)],
      });
      return bob.accept(ID(900 + n));
    };
    await take(1);
    await expect(take(2)).rejects.toMatchObject({ code: 'no-space' });
  });

  it('is not needed for files that were taken back', async () => {
    const bob = new Receiver({ path: NOWHERE, store: new MemoryStore({ capBytes: 100 }) });
    bob.handleLinkUp();
    const entries = [entry(1, 1_000), entry(2, 10)];
    bob.handleMessage({ type: 'offer', offer: ID(900), ...KEY, files: 2, bytes: 1_010, start: 0, entries });
    bob.handleMessage({ type: 'withdraw', handles: [1], reason: 'cancelled' });
    await bob.accept(ID(900));
    expect([...bob.files].map(({ state }) => state)).toEqual(['cancelled', 'active']);
  });
});

describe('an attacker who receives', () => {
  function sender(bytes = 10) {
    const said: (SenderMessage | ReceiverMessage)[] = [];
    const alice = new Sender({ path: { send: (message) => void said.push(message), openLanes: () => {} } });
    alice.handleLinkUp();
    alice.handleLaneOpened(LANE);
    alice.offer([{ path: 'a.bin', source: new Source(new Blob([new Uint8Array(bytes)])) }]);
    return { alice, said };
  }

  it.each([
    [1, 1],
    [0, 2],
    [8_000_000_000, 1],
  ])('[XFER-5] asks for blocks %d, %d of a file of one: the transfer ends', async (first, count) => {
    const { alice, said } = sender();
    alice.handleMessage({
      type: 'want',
      lane: 0,
      epoch: 1,
      wants: [{ handle: 1, pieces: [[first, count]], durable: 0 }],
    });
    expect([...alice.files][0]).toMatchObject({ state: 'failed', failure: 'protocol' });
    await Promise.resolve();
    expect(said.at(-1)).toEqual({ type: 'withdraw', handles: [1], reason: 'protocol' });
  });

  it('asks for ever more that it does not take: what waits is bounded', () => {
    const { alice } = sender(64 * BLOCK_BYTES);
    const ask = (first: number) =>
      alice.handleMessage({
        type: 'want',
        ...{ lane: 0, epoch: 1 },
        wants: [{ handle: 1, pieces: [[first, 256]], durable: 0 }],
      });
    for (let i = 0; i < 100; i++) ask(0); // the same ones wait once
    expect([...alice.files][0]).toMatchObject({ state: 'active' });
    for (let first = 0; first < 1_024; first += 256) ask(first);
    expect([...alice.files][0]).toMatchObject({ state: 'active' });
    ask(0);
    alice.offer([{ path: 'b.bin', source: new Source(new Blob([new Uint8Array(64 * BLOCK_BYTES)])) }]);
    alice.handleMessage({
      type: 'want',
      ...{ lane: 0, epoch: 1 },
      wants: [{ handle: 2, pieces: [[0, 1]], durable: 0 }],
    });
    expect([...alice.files][1]).toMatchObject({ state: 'failed', failure: 'protocol' });
  });

  it('[XFER-8] asks for what was never offered: it is told so', async () => {
    const { alice, said } = sender();
    alice.handleMessage({ type: 'want', lane: 0, epoch: 1, wants: [{ handle: 9, pieces: [[0, 1]], durable: 0 }] });
    await Promise.resolve();
    expect(said.at(-1)).toEqual({ type: 'withdraw', handles: [9], reason: 'unknown-transfer' });
  });

  it('claims to have more than there is: progress stays within the file', () => {
    const { alice } = sender();
    alice.handleMessage({ type: 'want', lane: 0, epoch: 1, wants: [{ handle: 1, pieces: [], durable: 999 }] });
    expect([...alice.files][0]?.durable).toBe(10);
  });

  it('claims again and again to be complete: the file is read once', async () => {
    let reads = 0;
    const blob = new Blob([new Uint8Array(10)]);
    const counted = new Source(
      Object.assign(blob, {
        arrayBuffer: () => (reads++, Blob.prototype.arrayBuffer.apply(blob)),
      }),
    );
    const alice = new Sender({ path: NOWHERE });
    alice.handleLinkUp();
    alice.handleLaneOpened(LANE);
    alice.offer([{ path: 'a.bin', source: counted }]);
    const files = [{ handle: 1, hash: '0'.repeat(64) }];
    for (let i = 0; i < 100; i++) alice.handleMessage({ type: 'complete', files });
    await until(() => [...alice.files][0]?.state === 'failed', 'the sender sees the difference');
    expect(reads).toBe(1);
  });

  it('[XFER-9] claims to be complete with another hash: the sender does not say done', async () => {
    const { alice } = sender();
    alice.handleMessage({ type: 'complete', files: [{ handle: 1, hash: '0'.repeat(64) }] });
    await until(() => [...alice.files][0]?.state === 'failed', 'the sender sees the difference');
    expect([...alice.files][0]?.failure).toBe('hash-mismatch');
  });
});
