import { BLOCK_BYTES, PIECE_BYTES as PIECE } from '@tincan/shared/limits';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TincanError } from '../platform/errors.ts';
import { MemoryStore } from './memory-store.ts';
import { Source } from './source.ts';
import { StallWatch } from './stall-watch.ts';
import { acceptAll, bytesOf, ChangedStore, expectArrived, offer } from './testing/given-files.ts';
import { hashAtOnce } from './testing/hash-at-once.ts';
import { fileAt, LinkedPeers, until } from './testing/linked-peers.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a transfer over a perfect path', () => {
  it.each([0, 1, PIECE - 1, PIECE, PIECE + 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 40 * BLOCK_BYTES + 7])(
    '[XFER-9] carries %d bytes and both sides know the same hash',
    async (size) => {
      const peers = new LinkedPeers();
      const files = { 'file.bin': bytesOf(size) };
      offer(peers, files);
      await acceptAll(peers);
      await expectArrived(peers, files);
    },
  );

  it('carries a thousand small files in few messages', async () => {
    const peers = new LinkedPeers();
    const files = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`d/${i}.txt`, bytesOf(i % 700, i)]));
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    const frames = Object.values(files).filter((bytes) => bytes.length > 0).length;
    expect(peers.delivered - frames).toBeLessThan(200);
  });

  it('carries files both ways at once', async () => {
    const peers = new LinkedPeers();
    const files = { 'a.bin': bytesOf(3 * BLOCK_BYTES, 1) };
    offer(peers, files);
    peers.bob.sender.offer([{ path: 'b.bin', source: new Source(new Blob([bytesOf(2 * BLOCK_BYTES, 2)])) }]);
    await acceptAll(peers);
    await until(() => [...peers.alice.receiver.offers].length === 1, "bob's offer arrives");
    for (const each of peers.alice.receiver.offers) await peers.alice.receiver.accept(each.id);
    await expectArrived(peers, files);
    await until(() => fileAt(peers.bob.sender.files, 'b.bin').state === 'done', 'b.bin is done');
  });

  it('[XFER-2] sends no byte of a file before it is accepted', async () => {
    const peers = new LinkedPeers();
    let frames = 0;
    peers.tamper = () => frames++;
    offer(peers, { 'file.bin': bytesOf(BLOCK_BYTES) });
    await until(() => [...peers.bob.receiver.offers].length === 1, 'the offer arrives');
    await peers.settle();
    expect(frames).toBe(0);
  });

  it('[XFER-4] never asks for more than the window while the disk stands still', async () => {
    const written: (() => void)[] = [];
    const stuck = new ChangedStore(() => ({
      write: () => new Promise((resolve) => written.push(() => resolve(undefined))),
    }));
    const peers = new LinkedPeers({ bob: stuck });
    offer(peers, { 'file.bin': bytesOf(64 * BLOCK_BYTES) });
    await acceptAll(peers);
    await until(() => written.length === 16, 'a window of blocks waits for the disk');
    await peers.settle();
    expect(written.length).toBe(16);
    written.splice(0, 8).forEach((resolve) => resolve());
    await until(() => written.length === 16, 'as much more is asked for as was written');
  });
});

describe('a path that is cut', () => {
  const size = 2 * BLOCK_BYTES + 3 * PIECE + 1;
  const files = { 'file.bin': bytesOf(size), 'small.txt': bytesOf(10, 2), 'empty.txt': bytesOf(0) };

  async function piecesOfPerfectRun(): Promise<number> {
    const peers = new LinkedPeers();
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    await peers.settle();
    return peers.delivered;
  }

  // Timers go off as soon as nothing else is to be done: hundreds of runs wait for none of them.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }).setTimerTickMode('nextTimerAsync');
    // What a cut has cost is to be asked for because of the cut, not because nothing came for long.
    vi.spyOn(StallWatch.prototype, 'start').mockReturnValue();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it.each(['lane', 'lane, seen first by the receiver', 'lane, seen first by the sender', 'everything'] as const)(
    '[XFER-7] [XFER-8] after every single message: %s',
    async (what) => {
      const pieces = await piecesOfPerfectRun();
      expect(pieces).toBeGreaterThan(40);
      for (let at = 1; at <= pieces; at++) {
        const peers = new LinkedPeers();
        let cut = false;
        peers.onDelivered = () => {
          if (peers.delivered !== at) return;
          cut = true;
          if (what === 'everything') peers.cut();
          else if (what === 'lane') peers.cutLane();
          else peers.cutLane(what.endsWith('sender') ? peers.alice : peers.bob, 12);
        };
        offer(peers, files);
        const accepted = acceptAll(peers);
        if (what === 'everything') {
          // A run may need fewer messages than the first one did; then it has ended without a cut.
          const ended = () => [...peers.alice.sender.files].every((file) => file.state === 'done');
          await until(() => cut || ended(), `the cut after ${at}`);
          if (cut) peers.restore();
        }
        await accepted;
        await expectArrived(peers, files);
      }
    },
  );

  it('again and again, at random, with files of random sizes', async () => {
    const sizes = fc.array(fc.oneof(fc.nat(3), fc.nat(PIECE * 2), fc.nat(3 * BLOCK_BYTES)), {
      minLength: 1,
      maxLength: 6,
    });
    const cuts = fc.array(
      fc.record({
        after: fc.integer({ min: 1, max: 60 }),
        all: fc.boolean(),
        aliceFirst: fc.boolean(),
        between: fc.nat(20),
      }),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(sizes, cuts, async (fileSizes, plan) => {
        const peers = new LinkedPeers();
        const given = Object.fromEntries(fileSizes.map((bytes, i) => [`${i}.bin`, bytesOf(bytes, i + 1)]));
        let next = 0;
        let since = 0;
        peers.onDelivered = () => {
          const cut = plan[next];
          if (!cut || ++since < cut.after) return;
          next++;
          since = 0;
          if (!cut.all) return peers.cutLane(cut.aliceFirst ? peers.alice : peers.bob, cut.between);
          peers.cut();
          setImmediate(() => peers.restore());
        };
        offer(peers, given);
        await acceptAll(peers);
        await expectArrived(peers, given);
      }),
      { seed: 20_26, numRuns: 60 },
    );
  });

  it('[XFER-7] asks only for what was not written when the path is back', async () => {
    hashAtOnce(); // nothing is written after it was counted
    let written = 0;
    const counting = new ChangedStore((folder) => ({
      write: async (...args) => {
        await folder.write(...args);
        if (++written === 12) peers.cut();
      },
    }));
    const peers = new LinkedPeers({ bob: counting });
    const file = { 'file.bin': bytesOf(20 * BLOCK_BYTES) };
    offer(peers, file);
    await acceptAll(peers);
    await until(() => written >= 12, 'twelve blocks are written');
    await peers.settle();
    const left = 20 - written;
    let frames = 0;
    peers.tamper = () => frames++;
    peers.restore();
    await expectArrived(peers, file);
    expect(left).toBeGreaterThan(0);
    expect(frames).toBe(16 * left);
  });
});

describe('damage', () => {
  it('[XFER-6] asks once more for a block that arrived changed', async () => {
    const peers = new LinkedPeers();
    let once = true;
    peers.tamper = (frame) => {
      if (once) frame[frame.length - 1]! ^= 1;
      once = false;
    };
    const files = { 'file.bin': bytesOf(3 * BLOCK_BYTES) };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
  });

  it('[XFER-6] fails with its name, on both sides, when a block stays wrong', async () => {
    const peers = new LinkedPeers();
    peers.tamper = (frame) => {
      frame[frame.length - 1]! ^= 1;
    };
    offer(peers, { 'file.bin': bytesOf(BLOCK_BYTES) });
    await acceptAll(peers);
    await until(() => fileAt(peers.alice.sender.files, 'file.bin').state === 'failed', 'the sender hears of it');
    expect(fileAt(peers.bob.receiver.files, 'file.bin')).toMatchObject({ state: 'failed', failure: 'corrupt' });
    expect(fileAt(peers.alice.sender.files, 'file.bin').failure).toBe('corrupt');
  });

  it('ends on both sides when the file cannot be read, and the others go on', async () => {
    const peers = new LinkedPeers();
    const broken = new Source(new Blob([bytesOf(BLOCK_BYTES)]));
    broken.readBlock = async () => {
      throw new TincanError('source-unreadable', 'the disk was pulled out');
    };
    peers.alice.sender.offer([
      { path: 'broken.bin', source: broken },
      { path: 'fine.bin', source: new Source(new Blob([bytesOf(10)])) },
    ]);
    await acceptAll(peers);
    await until(() => fileAt(peers.bob.receiver.files, 'fine.bin').state === 'done', 'the other file arrives');
    await until(() => fileAt(peers.bob.receiver.files, 'broken.bin').state === 'failed', 'the failure is told');
    expect(fileAt(peers.bob.receiver.files, 'broken.bin').failure).toBe('source-unreadable');
  });

  it('says that there is no room before anything is sent, and leaves the offer open', async () => {
    const peers = new LinkedPeers({ bob: new MemoryStore({ capBytes: BLOCK_BYTES }) });
    offer(peers, { 'file.bin': bytesOf(BLOCK_BYTES + 1) });
    await expect(acceptAll(peers)).rejects.toMatchObject({ code: 'no-space' });
    expect([...peers.bob.receiver.offers][0]!.state).toBe('open');
  });

  it('a disk that fails in mid-file ends that file on both sides, keeps what has arrived, and another try goes on from there', async () => {
    let works = 2;
    const failing = new ChangedStore((folder) => ({
      write: async (...args) => {
        if (works-- > 0) return folder.write(...args);
        throw new TincanError('store-failed', 'pulled out');
      },
    }));
    const peers = new LinkedPeers({ bob: failing });
    const files = { 'file.bin': bytesOf(4 * BLOCK_BYTES) };
    offer(peers, files);
    await acceptAll(peers);
    const sent = fileAt(peers.alice.sender.files, 'file.bin');
    await until(() => sent.state === 'failed', 'the sender hears of it');
    expect(sent.failure).toBe('store-failed');
    const received = fileAt(peers.bob.receiver.files, 'file.bin');
    expect(received.failure).toBe('store-failed');
    await until(() => received.durable === 2 * BLOCK_BYTES, 'what has arrived is kept');
    works = 100;
    peers.frames = 0;
    peers.bob.receiver.resume(received.id);
    await expectArrived(peers, files);
    expect(peers.frames).toBe(2 * 16);
  });

  it('a disk that is full pauses the file on both sides and loses nothing; with room again it goes on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    hashAtOnce();
    try {
      const store = new MemoryStore();
      const peers = new LinkedPeers({ bob: store });
      const files = { 'file.bin': bytesOf(40 * BLOCK_BYTES) };
      offer(peers, files);
      await acceptAll(peers);
      store.capBytes = 12 * BLOCK_BYTES;
      const sent = fileAt(peers.alice.sender.files, 'file.bin');
      const received = fileAt(peers.bob.receiver.files, 'file.bin');
      const turn = async () => {
        await vi.advanceTimersByTimeAsync(50);
        await new Promise(setImmediate);
      };
      for (let i = 0; i < 200 && !(sent.there === 'space' && sent.durable > 0); i++) await turn();
      expect([received.state, received.here, sent.state, sent.there]).toEqual(['active', 'space', 'active', 'space']);
      const durable = received.durable / BLOCK_BYTES;
      expect(durable).toBeGreaterThanOrEqual(4);
      expect(sent.durable).toBe(received.durable);
      store.capBytes = 80 * BLOCK_BYTES;
      peers.frames = 0;
      for (let i = 0; i < 2_000 && sent.state !== 'done'; i++) await turn();
      expect(peers.frames).toBe((40 - durable) * 16);
      await expectArrived(peers, files);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a person who changes their mind', () => {
  it('declines: nothing is sent and the sender knows', async () => {
    const peers = new LinkedPeers();
    offer(peers, { 'a.bin': bytesOf(10), 'b.bin': bytesOf(10) });
    await until(() => [...peers.bob.receiver.offers].length === 1, 'the offer arrives');
    peers.bob.receiver.decline([...peers.bob.receiver.offers][0]!.id);
    await until(() => [...peers.alice.sender.files].every((file) => file.state === 'declined'), 'the sender knows');
  });

  it.each(['alice', 'bob'] as const)('cancels in mid-transfer at %s: both know and nothing is left', async (who) => {
    const store = new MemoryStore();
    const peers = new LinkedPeers({ bob: store });
    const free = await store.available();
    offer(peers, { 'file.bin': bytesOf(30 * BLOCK_BYTES), 'next.bin': bytesOf(10) });
    let cancelled = false;
    peers.onDelivered = () => {
      if (cancelled || peers.delivered < 200) return;
      cancelled = true;
      if (who === 'alice') peers.alice.sender.cancel([fileAt(peers.alice.sender.files, 'file.bin').id]);
      else peers.bob.receiver.cancel([fileAt(peers.bob.receiver.files, 'file.bin').id]);
    };
    await acceptAll(peers);
    await until(() => fileAt(peers.bob.receiver.files, 'next.bin').state === 'done', 'the next file goes on');
    expect(fileAt(peers.alice.sender.files, 'file.bin').state).toBe('cancelled');
    expect(fileAt(peers.bob.receiver.files, 'file.bin').state).toBe('cancelled');
    await peers.settle();
    expect(await store.available()).toBe(free - 10);
  });

  it('[XFER-8] cancels while the path is cut: the other side learns it when the path is back', async () => {
    const peers = new LinkedPeers();
    offer(peers, { 'file.bin': bytesOf(30 * BLOCK_BYTES) });
    await acceptAll(peers);
    await until(() => peers.delivered > 50, 'it runs');
    peers.cut();
    peers.alice.sender.cancel([fileAt(peers.alice.sender.files, 'file.bin').id]);
    peers.restore();
    await until(() => fileAt(peers.bob.receiver.files, 'file.bin').state === 'cancelled', 'the receiver learns it');
  });

  it('[XFER-8] declines while the path is cut: the sender learns it when the path is back', async () => {
    const peers = new LinkedPeers();
    offer(peers, { 'file.bin': bytesOf(10) });
    await until(() => [...peers.bob.receiver.offers].length === 1, 'the offer arrives');
    peers.cut();
    peers.bob.receiver.decline([...peers.bob.receiver.offers][0]!.id);
    peers.restore();
    await until(() => fileAt(peers.alice.sender.files, 'file.bin').state === 'declined', 'the sender learns it');
  });
});
