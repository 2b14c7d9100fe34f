import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { hashBlock } from '@tincan/engine/transfer/hash';
import { expectCode } from '@tincan/engine/transfer/testing/contract';
import {
  LINK,
  blockOf,
  durableIn,
  expectWhole,
  manifestOf,
  writeAll,
  writeBlocks,
} from '@tincan/engine/transfer/testing/kept-files';
import { storeContract } from '@tincan/engine/transfer/testing/store-contract';
import { OpfsStore } from './opfs-store.ts';
import { diskContract } from './testing/disk-contract.ts';
import { FakeBench, FakeWorker } from './testing/fake-store.ts';

const MiB = BLOCK_BYTES;

let bench: FakeBench;
beforeEach(() => {
  bench = new FakeBench();
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // what cannot be read is told there
});
afterEach(() => vi.restoreAllMocks());

describe('the contract, over a disk in memory', () => {
  test.each(storeContract)('$name', ({ run }) => run(bench));
  test.each(diskContract)('$name', ({ run }) => run(bench));
});

describe('durable', () => {
  test('is written in one order: data, flush, sidecar, flush', async () => {
    const folder = await (await bench.open()).create(manifestOf(3 * MiB, 10, 20), LINK);
    bench.disk.log.length = 0;
    await writeBlocks(folder, 0, 0, 2);
    await writeBlocks(folder, 2, 0);
    await folder.flush();
    await folder.flush();
    expect(bench.disk.log).toEqual([
      'write 0.data',
      'write 0.data',
      'write pack.data',
      'flush 0.data',
      'flush pack.data',
      'write 0.hashes',
      'write 0.hashes',
      'flush 0.hashes',
      'write pack.hashes',
      'flush pack.hashes',
    ]);
  });

  test('a note is flushed, and neighbours are one write of the sidecar', async () => {
    const folder = await (await bench.open()).create(manifestOf(3 * MiB), LINK);
    await writeBlocks(folder, 0, 2, 0, 1);
    bench.disk.log.length = 0;
    await folder.flush();
    await folder.note([{ file: 0, end: { end: 'done', hash: 'aa' } }]);
    expect(bench.disk.log).toEqual([
      'flush 0.data',
      'write 0.hashes',
      'flush 0.hashes',
      'write notes.jsonl',
      'flush notes.jsonl',
    ]);
  });

  test('a recheck of what is not durable touches nothing', async () => {
    const folder = await (await bench.open()).create(manifestOf(3 * MiB), LINK);
    await writeBlocks(folder, 0, 2);
    await folder.flush();
    bench.disk.log.length = 0;
    expect(await folder.recheck(0, 1)).toBe(false);
    expect(bench.disk.log).toEqual([]);
  });

  test('wherever a crash falls, no block counts as durable that is not whole', async () => {
    const sizes = [3 * MiB + 5, 10, MiB];
    const steps = async () => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(...sizes), LINK);
      const start = bench.disk.log.length;
      return { store, folder, start };
    };
    const whole = await steps();
    const work = async ({ folder }: typeof whole) => {
      await writeBlocks(folder, 0, 1, 0);
      await writeBlocks(folder, 1, 0);
      await folder.flush();
      await writeBlocks(folder, 2, 0);
      await writeBlocks(folder, 0, 3, 2);
      await folder.flush();
      await folder.note([{ file: 0, end: { end: 'done', hash: 'aa' } }]);
    };
    await work(whole);
    const count = bench.disk.log.length - whole.start;
    expect(count).toBe(20);
    for (let crashAt = 0; crashAt < count; crashAt++) {
      bench = new FakeBench();
      const run = await steps();
      bench.disk.beforeStep = () => {
        if (bench.disk.log.length - run.start < crashAt) return;
        bench.workerOf(run.store).terminate();
        throw new Error('killed');
      };
      await expectCode(work(run), 'store-failed');
      bench.disk.beforeStep = () => {};
      const again = await (await bench.open()).take(run.folder.folder);
      for (const [file, blocks] of durableIn(again).entries())
        for (const block of blocks) expect([crashAt, await again.recheck(file, block)]).toEqual([crashAt, true]);
      expect([crashAt, again.ends.size > 0 && !again.durableAtOpening(0).complete]).toEqual([crashAt, false]);
      await writeAll(again);
      await again.flush();
      for (const file of sizes.keys()) await expectWhole(again, file);
    }
  });
});

describe('a full disk', () => {
  test.each(['lies', 'writes less', 'throws'] as const)(
    'that %s takes the block later, and keeps the others',
    async (how) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(3 * MiB), LINK);
      await writeBlocks(folder, 0, 0);
      bench.disk.whenFull = how;
      bench.disk.quotaBytes = bench.disk.usedBytes + MiB / 2;
      await expectCode(writeBlocks(folder, 0, 1), 'no-space');
      await folder.flush();
      expect([await folder.recheck(0, 0), await folder.recheck(0, 1)]).toEqual([true, false]);
      bench.disk.quotaBytes = Infinity;
      await writeBlocks(folder, 0, 1, 2);
      await folder.flush();
      await expectWhole(folder, 0);
    },
  );

  test.each(['lies', 'writes less', 'throws'] as const)(
    'that %s at a sidecar or a note loses nothing: the same call goes on later',
    async (how) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(3 * MiB, 10), LINK);
      await folder.note([{ file: 1, end: { end: 'done', hash: 'aa' } }]);
      await writeBlocks(folder, 0, 0, 1, 2);
      bench.disk.whenFull = how;
      bench.disk.quotaBytes = bench.disk.usedBytes + 50;
      await expectCode(folder.flush(), 'no-space');
      await expectCode(
        folder.note([1, 0].map((file) => ({ file, end: { end: 'written', hash: 'a', at: 1 } }))),
        'no-space',
      );
      expect([...folder.ends.keys()]).toEqual([1]);
      await bench.crash(store);
      expect((await (await bench.open()).list())[0]?.ends.get(1)?.end).toBe('done');

      bench = new FakeBench();
      const next = await (await bench.open()).create(manifestOf(3 * MiB), LINK);
      await writeBlocks(next, 0, 0, 1, 2);
      bench.disk.whenFull = how;
      bench.disk.quotaBytes = bench.disk.usedBytes + 50;
      await expectCode(next.flush(), 'no-space');
      bench.disk.quotaBytes = Infinity;
      await next.flush();
      await next.close();
      expect(durableIn(await (await bench.open()).take(next.folder))).toEqual([[0, 1, 2]]);
    },
  );

  test('has no room for a folder either, and nothing is left of it', async () => {
    const store = await bench.open();
    bench.disk.quotaBytes = 10;
    await expectCode(store.create(manifestOf(10), LINK), 'no-space');
    expect([bench.disk.names(), bench.disk.locks.size, await store.available()]).toEqual([[], 0, 10]);
  });
});

describe('handles', () => {
  test('of many files are few, and none is left open', async () => {
    const store = await bench.open();
    const folder = await store.create(manifestOf(...Array<number>(40).fill(MiB + 1)), LINK);
    await writeAll(folder);
    const most = bench.disk.openFiles();
    await folder.flush();
    expect([most, bench.disk.openFiles()]).toEqual([32, 32]);
    await bench.crash(store);
    const next = await (await bench.open()).take(folder.folder);
    expect(durableIn(next)).toEqual(Array(40).fill([0, 1]));
    for (const file of [0, 20, 39]) await expectWhole(next, file); // also what was closed before the flush
    await writeBlocks(next, 0, 0);
    await next.close();
    expect(bench.disk.openFiles()).toBe(0);
    const again = await (await bench.open()).take(folder.folder);
    await again.discard();
    expect([bench.disk.names(), bench.disk.openFiles()]).toEqual([[], 0]);
  });

  test('of what is opened to be read are given back', async () => {
    const folder = await (await bench.open()).create(manifestOf(2 * MiB), LINK);
    await writeAll(folder);
    await folder.flush();
    const before = bench.disk.openFiles();
    await folder.open(0);
    expect([before, bench.disk.openFiles()]).toEqual([2, 1]);
  });

  test('that a killed worker still has for a while are waited for', async () => {
    const folder = await (await bench.open()).create(manifestOf(2 * MiB), LINK);
    await writeBlocks(folder, 0, 0);
    await folder.close();
    const again = await (await bench.open()).take(folder.folder);
    const file = bench.disk.file(folder.folder, '0.data');
    file.user = bench.disk.open();
    const write = writeBlocks(again, 0, 1);
    setTimeout(() => (file.user = undefined), 60);
    await write;
    await again.flush();
    await expectWhole(again, 0);
  });
});

describe('a worker that dies', () => {
  test('rejects what waits for it, and all that comes later', async () => {
    const store = await bench.open();
    const folder = await store.create(manifestOf(2 * MiB), LINK);
    const waiting = [store.list(), folder.flush(), folder.hashes(0), store.take('another')];
    bench.workerOf(store).emit('error', { message: 'out of memory' });
    for (const each of waiting) await expectCode(each, 'store-failed');
    await expectCode(folder.flush(), 'store-failed');
    await expectCode(writeBlocks(folder, 0, 0), 'store-failed');
    await expectCode(store.create(manifestOf(1), LINK), 'store-failed');
    await store.close();
    expect(bench.disk.locks.size).toBe(0);
  });

  test.each([
    ['of a fault', { message: 'no such thing' }, 'store-failed'],
    ['as it could not be fetched', {}, 'not-loaded'],
  ])('%s before it has started makes no store', async (_, event, code) => {
    const worker = new FakeWorker(bench.disk.open());
    worker.postMessage = () => {
      worker.emit('error', event);
    };
    await expectCode(OpfsStore.start({ worker, path: '/' }), code);
  });

  test('is not what bytes are that cannot be handed over', async () => {
    const folder = await (await bench.open()).create(manifestOf(10), LINK);
    const bytes = blockOf(folder.manifest, 0, 0);
    const hash = await hashBlock(bytes);
    const first = folder.write(0, 0, bytes, hash);
    await expectCode(folder.write(0, 0, bytes, hash), 'store-failed');
    await first;
    await folder.flush();
    await expectWhole(folder, 0);
  });
});

test('a folder that another page is making at this moment is not yet there, and nothing is wrong with it', async () => {
  const other = bench.disk.open();
  await other.locks.take('test new', 0);
  await other.root.getDirectoryHandle('new', { create: true });
  const store = await bench.open({ now: () => Infinity });
  expect([await store.list(), bench.disk.names()]).toEqual([[], ['new']]);
  expect(console.warn).toHaveBeenCalledTimes(0);
});

test('asks the browser once to keep what is received, when there is something', async () => {
  const persist = vi.fn(async () => false);
  const store = await OpfsStore.start({ worker: new FakeWorker(bench.disk.open()), path: '/', persist });
  expect(persist).toHaveBeenCalledTimes(0);
  await store.create(manifestOf(1), LINK);
  await store.create(manifestOf(1), LINK);
  expect(persist).toHaveBeenCalledTimes(1);
});
