// What every implementation of the OfferStore port must keep.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { KEEP_SAVED_MS, KEEP_UNFINISHED_MS } from '../expiry.ts';
import { HASH_BYTES, hashBlock } from '../hash.ts';
import { TAKE_TIMEOUT_MS, type FileEnd, type OfferStore } from '../store.ts';
import { expectBytes, expectCode, expectSame, type ContractCase } from './contract.ts';
import { LINK, durableIn, expectWhole, listOf, manifestOf, writeAll, writeBlocks } from './kept-files.ts';
import { readingContract } from './store-reading-contract.ts';

/** Where a case runs: an empty disk, or what plays one. */
export interface StoreBench {
  /** Opens the store as one more page of the application does. */
  open(options?: { now?: () => number }): Promise<OfferStore>;
  /** Ends a page as SIGKILL does. */
  crash(store: OfferStore): Promise<void>;
}

const MiB = BLOCK_BYTES;
const DONE: FileEnd = { end: 'done', hash: 'aa' };

export const storeContract: readonly ContractCase<StoreBench>[] = [
  ...readingContract,
  {
    name: 'what is flushed is durable in the next visit, in whatever order it was written',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(5 * MiB + 7), LINK);
      expectSame(durableIn(folder), [[]], 'what is durable at first');
      await writeBlocks(folder, 0, 5, 0, 3);
      await folder.flush();
      await folder.close();
      const again = await (await bench.open()).take(folder.folder);
      expectSame([again.folder, again.manifest, again.link], [folder.folder, folder.manifest, LINK], 'the folder');
      expectSame(durableIn(again), [[0, 3, 5]], 'what is durable');
      await writeBlocks(again, 0, 4, 1, 2);
      await again.flush();
      await expectWhole(again, 0);
    },
  },
  {
    name: 'what is not flushed is not durable after a crash, and what is flushed is',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(4 * MiB, 100), LINK);
      await writeBlocks(folder, 0, 1);
      await folder.flush();
      await writeBlocks(folder, 0, 2);
      await writeBlocks(folder, 1, 0);
      await bench.crash(store);
      const again = await (await bench.open()).take(folder.folder);
      expectSame(durableIn(again), [[1], []], 'what is durable');
      expectBytes(await again.hashes(0), await listOf(again.manifest, 0, [1]), 'the sidecar');
      await writeAll(again);
      await again.flush();
      await expectWhole(again, 0);
      await expectWhole(again, 1);
    },
  },
  {
    name: 'closing a folder, or the store, flushes it',
    run: async (bench) => {
      const store = await bench.open();
      const first = await store.create(manifestOf(2 * MiB), LINK);
      const second = await store.create(manifestOf(2 * MiB), LINK);
      await writeBlocks(first, 0, 1);
      await first.close();
      await writeBlocks(second, 0, 0);
      await store.close();
      const next = await bench.open();
      expectSame(durableIn(await next.take(first.folder)), [[1]], 'what is durable of the one');
      expectSame(durableIn(await next.take(second.folder)), [[0]], 'what is durable of the other');
    },
  },
  {
    name: 'the sidecar is the list of the hashes of what is durable',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(3 * MiB + 1, 0, 5, MiB), LINK);
      await writeBlocks(folder, 0, 2, 0);
      await writeBlocks(folder, 3, 0);
      expectBytes(await folder.hashes(0), await listOf(folder.manifest, 0, []), 'a sidecar before the flush');
      await folder.flush();
      for (const [file, blocks] of [[0, 2], [], [], [0]].entries())
        expectBytes(await folder.hashes(file), await listOf(folder.manifest, file, blocks), `sidecar ${file}`);
      await writeBlocks(folder, 0, 1, 3);
      await folder.flush();
      expectBytes(await folder.hashes(0), await listOf(folder.manifest, 0, [0, 1, 2, 3]), 'a whole sidecar');
    },
  },
  {
    name: 'a thousand small files take few flushes, and an empty one none',
    run: async (bench) => {
      const store = await bench.open();
      const sizes = Array.from({ length: 1_000 }, (_, file) => (file * 37) % 1_009);
      const folder = await store.create(manifestOf(...sizes), LINK);
      for (const [file, size] of sizes.entries()) {
        if (size > 0) await writeBlocks(folder, file, 0);
        if (file % 250 === 249) await folder.flush();
      }
      await folder.note(sizes.map((_, file) => ({ file, end: DONE })));
      await bench.crash(store);
      const again = await (await bench.open()).take(folder.folder);
      expectSame(again.ends.size, 1_000, 'the number of ends');
      expectSame(
        durableIn(again),
        sizes.map((size) => (size > 0 ? [0] : [])),
        'what is durable',
      );
      for (const file of [0, 1, 2, 500, 999]) await expectWhole(again, file);
    },
  },
  {
    name: 'a block of the wrong length, place or file is refused, and harms nothing',
    run: async (bench) => {
      const folder = await (await bench.open()).create(manifestOf(10, 20, 2 * MiB + 1), LINK);
      await writeAll(folder);
      await folder.flush();
      const wrong = [
        [0, 0, 11],
        [0, 1, 10],
        [2, 2, 2],
        [2, -1, MiB],
        [2, 0.5, MiB],
        [3, 0, 10],
      ] as const;
      for (const [file, block, length] of wrong)
        await expectCode(
          folder.write(file, block, new Uint8Array(length), new Uint8Array(HASH_BYTES).fill(1)),
          'store-failed',
        );
      await expectCode(folder.write(0, 0, new Uint8Array(10), new Uint8Array(31).fill(1)), 'store-failed');
      for (const file of [0, 1, 2]) await expectWhole(folder, file);
    },
  },
  {
    name: 'a block that has another hash than is told is refused as corrupt, and nothing is written of it',
    run: async (bench) => {
      const folder = await (await bench.open()).create(manifestOf(10, 2 * MiB), LINK);
      await writeBlocks(folder, 0, 0);
      await writeBlocks(folder, 1, 1);
      const other = await hashBlock(Uint8Array.of(1));
      await expectCode(folder.write(0, 0, new Uint8Array(10), other), 'corrupt');
      await expectCode(folder.write(1, 0, new Uint8Array(MiB), other), 'corrupt');
      await folder.flush();
      expectBytes(await folder.hashes(1), await listOf(folder.manifest, 1, [1]), 'the sidecar');
      await expectWhole(folder, 0);
      await writeBlocks(folder, 1, 0);
      await folder.flush();
      await expectWhole(folder, 1);
    },
  },
  {
    name: 'calls overlap, and a flush covers what was written before it',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(6 * MiB, 6 * MiB), LINK);
      await Promise.all([
        writeBlocks(folder, 0, 0, 2, 4),
        writeBlocks(folder, 1, 5, 3, 1),
        folder.note([{ file: 0, end: DONE }]),
      ]);
      await Promise.all([folder.flush(), folder.flush(), folder.hashes(0)]);
      await bench.crash(store);
      const again = await (await bench.open()).take(folder.folder);
      expectSame(
        durableIn(again),
        [
          [0, 2, 4],
          [1, 3, 5],
        ],
        'what is durable',
      );
    },
  },
  {
    name: 'a durable block is found to be so, another one is not',
    run: async (bench) => {
      const folder = await (await bench.open()).create(manifestOf(2 * MiB, 100), LINK);
      await writeBlocks(folder, 0, 0);
      await writeBlocks(folder, 1, 0);
      await folder.flush();
      expectSame(
        [await folder.recheck(0, 0), await folder.recheck(0, 1), await folder.recheck(1, 0)],
        [true, false, true],
        'what a recheck finds',
      );
    },
  },
  {
    name: 'ends and the link outlive a crash',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(10, 2 * MiB, 10, 10), LINK);
      await folder.moveTo(`${LINK}2`);
      await folder.note([
        { file: 0, end: DONE },
        { file: 2, end: DONE },
      ]);
      await folder.note([{ file: 2, end: { end: 'written', hash: 'aa', at: 5 } }]);
      expectSame([folder.link, folder.ends.size], [`${LINK}2`, 2], 'what is known at once');
      await bench.crash(store);
      const next = await bench.open();
      const [listed] = await next.list();
      const again = await next.take(folder.folder);
      for (const { link, ends } of [listed!, again]) {
        expectSame(link, `${LINK}2`, 'the link');
        expectSame(
          [...ends].sort(([a], [b]) => a - b),
          [
            [0, DONE],
            [2, { end: 'written', hash: 'aa', at: 5 }],
          ],
          'the ends',
        );
      }
    },
  },
  {
    name: 'what is removed or freed is not durable any more, and cannot be written',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(2 * MiB, 50, 60, 2 * MiB, 70), LINK);
      await writeAll(folder);
      await folder.flush();
      await folder.note([
        { file: 0, end: { end: 'removed' } },
        { file: 1, end: { end: 'freed', hash: 'aa', at: 5, saved: 'handed' } },
      ]);
      for (const file of [0, 1]) {
        expectBytes(await folder.hashes(file), await listOf(folder.manifest, file, []), `sidecar ${file}`);
        await expectCode(writeBlocks(folder, file, 0), 'store-failed');
        expectSame(await folder.recheck(file, 0), false, `what a recheck finds of file ${file}`);
        await expectCode(folder.open(file), 'store-failed');
      }
      await folder.close();
      const next = await bench.open();
      await next.remove(folder.folder, [3, 4]);
      const [listed] = await next.list();
      expectSame(sum(listed?.durableBytes), 60, 'what is left');
      const again = await next.take(folder.folder);
      expectSame(durableIn(again), [[], [], [0], [], []], 'what is durable');
      await expectWhole(again, 2);
    },
  },
  {
    name: 'lists what is kept, and says who has it',
    run: async (bench) => {
      const [mine, others] = [await bench.open(), await bench.open()];
      const held = await mine.create(manifestOf(3 * MiB, 10), LINK);
      await writeBlocks(held, 0, 2);
      await writeBlocks(held, 1, 0);
      await held.flush();
      const left = await mine.create(manifestOf(1), LINK);
      await left.close();
      const seen = async (store: OfferStore) =>
        (await store.list())
          .map(({ folder, manifest, busy, durableBytes }) => [folder, manifest.offer, busy, sum(durableBytes)])
          .sort(([, , , a], [, , , b]) => Number(b) - Number(a));
      const [heldRow, leftRow] = [
        [held.folder, held.manifest.offer],
        [left.folder, left.manifest.offer],
      ];
      expectSame(
        await seen(mine),
        [
          [...heldRow, false, MiB + 10],
          [...leftRow, false, 0],
        ],
        'the list of the page that has one',
      );
      const seenByOthers = await seen(others);
      expectSame(
        seenByOthers.map(([folder, , busy]) => [folder, busy]),
        [
          [held.folder, true],
          [left.folder, false],
        ],
        'the list of another page',
      );
    },
  },
  {
    name: 'what is discarded or removed is gone',
    run: async (bench) => {
      const store = await bench.open();
      const [first, second] = [
        await store.create(manifestOf(2 * MiB, 1), LINK),
        await store.create(manifestOf(1), LINK),
      ];
      await writeAll(first);
      await first.flush();
      await first.discard();
      await first.discard();
      await second.close();
      const other = await bench.open();
      await other.remove(second.folder);
      for (const { folder } of [first, second]) {
        await expectCode(store.take(folder), 'gone');
        await expectCode(store.remove(folder), 'gone');
      }
      expectSame(await store.list(), [], 'the list');
    },
  },
  {
    name: 'what another page holds is busy, after three seconds',
    run: async (bench) => {
      const [alice, bob] = [await bench.open(), await bench.open()];
      const folder = await alice.create(manifestOf(10), LINK);
      const start = performance.now();
      await Promise.all([
        expectCode(bob.take(folder.folder), 'busy'),
        expectCode(bob.remove(folder.folder), 'busy'),
        expectCode(bob.remove(folder.folder, [0]), 'busy'),
      ]);
      const waitedMs = performance.now() - start;
      if (waitedMs < TAKE_TIMEOUT_MS - 50) throw new Error(`gave up after ${waitedMs} ms`);
      await writeBlocks(folder, 0, 0);
      await folder.flush();
      await expectWhole(folder, 0);
    },
  },
  {
    name: 'what another page lets go of can be taken at once, however that page ended',
    run: async (bench) => {
      const [alice, bob, carol] = [await bench.open(), await bench.open(), await bench.open()];
      const folder = await alice.create(manifestOf(2 * MiB), LINK);
      await writeBlocks(folder, 0, 1);
      const bobs = bob.take(folder.folder);
      await folder.close();
      expectSame(durableIn(await bobs), [[1]], 'what is durable');
      const carols = carol.take(folder.folder);
      await bench.crash(bob);
      expectSame(durableIn(await carols), [[1]], 'what is still durable');
    },
  },
  {
    name: 'after it was let go of, a folder refuses every call',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(10), LINK);
      await folder.close();
      await folder.close();
      await expectCode(writeBlocks(folder, 0, 0), 'store-failed');
      await expectCode(folder.flush(), 'store-failed');
      await expectCode(folder.note([{ file: 0, end: DONE }]), 'store-failed');
      await folder.discard();
      expectSame((await store.list()).length, 1, 'the number of kept folders');
    },
  },
  {
    name: 'unfinished files expire a week after their offer was written to; nobody loses what is done, and not certain to be saved',
    run: async (bench) => {
      const store = await bench.open();
      const make = async (...ends: (FileEnd | undefined)[]) => {
        const folder = await store.create(manifestOf(...ends.map(() => 10)), LINK);
        await writeAll(folder);
        await folder.note(ends.flatMap((end, file) => (end ? [{ file, end }] : [])));
        await folder.close();
        return folder.folder;
      };
      const now = Date.now();
      const saved: FileEnd = { end: 'written', hash: 'aa', at: now };
      const freed: FileEnd = { end: 'freed', hash: 'aa', at: now, saved: 'saved' };
      const unfinished = await make(undefined, saved);
      const done = await make(undefined, DONE);
      const handed = await make({ end: 'handed', hash: 'aa' }, saved);
      const allSaved = await make(saved, { end: 'removed' }, freed);
      const kept = async (after: number) => {
        const names = (await (await bench.open({ now: () => now + after })).list()).map(({ folder }) => folder);
        return [unfinished, done, handed, allSaved, held.folder].map((name) => names.includes(name));
      };
      const held = await store.create(manifestOf(10), LINK);
      expectSame(await kept(KEEP_SAVED_MS - 1_000), [true, true, true, true, true], 'kept within the hour');
      expectSame(await kept(KEEP_SAVED_MS + 60_000), [true, true, true, false, true], 'kept after an hour');
      expectSame(await kept(KEEP_UNFINISHED_MS - 60_000), [true, true, true, false, true], 'kept within the week');
      expectSame(await kept(KEEP_UNFINISHED_MS + 60_000), [false, true, true, false, true], 'kept after a week');
      await expectCode(store.take(unfinished), 'gone');
      const rest = (await store.list()).find(({ folder }) => folder === done);
      expectSame([rest?.ends.get(0)?.end, rest?.ends.get(1)?.end], ['removed', 'done'], 'how its files ended');
      expectSame(rest?.durableBytes, [0, 10], 'what is left of them');
    },
  },
];

function sum(counts: readonly number[] = []): number {
  return counts.reduce((all, each) => all + each, 0);
}
