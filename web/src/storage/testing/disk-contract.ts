// What the store on a disk must keep beyond its port: where things are, and that damage is found and stays where it is.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { KEEP_UNFINISHED_MS } from '@tincan/engine/transfer/expiry';
import { expectCode, expectSame, type ContractCase } from '@tincan/engine/transfer/testing/contract';
import {
  LINK,
  durableIn,
  expectWhole,
  manifestOf,
  writeAll,
  writeBlocks,
} from '@tincan/engine/transfer/testing/kept-files';
import type { StoreBench } from '@tincan/engine/transfer/testing/store-contract';
import type { FileEnd } from '@tincan/engine/transfer/store';

/** The application's folder on the disk, to look into and to meddle with. */
export interface DiskBench extends StoreBench {
  /** What is in an offer's folder, sorted; without a name, the folders. */
  names(folder?: string): Promise<string[]>;
  read(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Replaces a file. */
  write(folder: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

const MiB = BLOCK_BYTES;
const DONE: FileEnd = { end: 'done', hash: 'aa' };

/** Makes a folder, has these files in it whole, and lets go of it. */
async function makeWhole(bench: DiskBench, ...sizes: number[]): Promise<string> {
  const store = await bench.open();
  const folder = await store.create(manifestOf(...sizes), LINK);
  await writeAll(folder);
  await folder.close();
  return folder.folder;
}

async function change(bench: DiskBench, folder: string, name: string, how: (bytes: Uint8Array) => void) {
  const bytes = await bench.read(folder, name);
  how(bytes);
  await bench.write(folder, name, bytes);
}

/** Leaves so many bytes of a file; with a negative number, all but so many. */
async function cut(bench: DiskBench, folder: string, name: string, length: number) {
  await bench.write(folder, name, (await bench.read(folder, name)).slice(0, length));
}

function text(...lines: string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.join('\n'));
}

export const diskContract: readonly ContractCase<DiskBench>[] = [
  {
    name: 'files of at most a block share one file of the disk, and an empty one needs none',
    run: async (bench) => {
      const folder = await makeWhole(bench, 10, 2 * MiB, MiB, 0, 5);
      expectSame(
        await bench.names(folder),
        ['1.data', '1.hashes', 'manifest.json', 'pack.data', 'pack.hashes'],
        'what is in the folder',
      );
      const sizes = ['1.data', '1.hashes', 'pack.data', 'pack.hashes'].map(
        async (name) => (await bench.read(folder, name)).length,
      );
      expectSame(await Promise.all(sizes), [2 * MiB, 64, MiB + 15, 96], 'the sizes');
      const again = await (await bench.open()).take(folder);
      for (const file of [0, 1, 2, 3, 4]) await expectWhole(again, file);
    },
  },
  {
    name: 'a block that was half written is found by a recheck, and then not durable any more',
    run: async (bench) => {
      const folder = await makeWhole(bench, 3 * MiB, 100, 100);
      await change(bench, folder, '0.data', (bytes) => bytes.fill(0, MiB + MiB / 2, 2 * MiB));
      await cut(bench, folder, 'pack.data', 150);
      const store = await bench.open();
      const found = await store.take(folder);
      expectSame(durableIn(found), [[0, 1, 2], [0], [0]], 'what seems durable');
      const checked = [
        await Promise.all([0, 1, 2].map((block) => found.recheck(0, block))),
        await Promise.all([1, 2].map((file) => found.recheck(file, 0))),
      ];
      expectSame(
        checked,
        [
          [true, false, true],
          [true, false],
        ],
        'what the recheck finds',
      );
      await bench.crash(store);
      const again = await (await bench.open()).take(folder);
      expectSame(durableIn(again), [[0, 2], [0], []], 'what is durable');
      await writeBlocks(again, 0, 1);
      await writeBlocks(again, 2, 0);
      await again.flush();
      for (const file of [0, 1, 2]) await expectWhole(again, file);
      expectSame(await again.recheck(0, 1), true, 'what was written anew');
    },
  },
  {
    name: 'an entry of a sidecar that was half written is found by a recheck',
    run: async (bench) => {
      const folder = await makeWhole(bench, 3 * MiB, 10);
      await change(bench, folder, '0.hashes', (bytes) => bytes.fill(0, 32 + 20, 64));
      await cut(bench, folder, 'pack.hashes', 7);
      const found = await (await bench.open()).take(folder);
      expectSame(
        await Promise.all([found.recheck(0, 0), found.recheck(0, 1), found.recheck(0, 2), found.recheck(1, 0)]),
        [true, false, true, false],
        'what the recheck finds',
      );
      await found.close();
      const again = await (await bench.open()).take(folder);
      expectSame(durableIn(again), [[0, 2], []], 'what is durable');
    },
  },
  {
    name: 'a note that is garbled is lost alone, and a torn one at the end does not harm the next',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(10, 10, 10, 2 * MiB, 10), LINK);
      await folder.note([0, 1, 2].map((file) => ({ file, end: DONE })));
      await folder.moveTo(`${LINK}2`);
      await folder.close();
      const lines = new TextDecoder().decode(await bench.read(folder.folder, 'notes.jsonl')).split('\n');
      expectSame(lines.length, 5, 'the number of lines');
      const nonsense = [
        'null',
        '{"file":9,"end":{"end":"removed"}}',
        '{"file":2,"end":{"end":"saved","hash":"aa"}}',
        '{"file":2,"end":{"end":"saved","at":1}}',
        '{"link":7}',
      ];
      await bench.write(
        folder.folder,
        'notes.jsonl',
        text(lines[0]!, lines[1]!.slice(0, -2), lines[2]!, lines[3]!, ...nonsense, lines[0]!.slice(0, 12)),
      );
      const next = await bench.open();
      const found = await next.take(folder.folder);
      expectSame([[...found.ends.keys()], found.link], [[0, 2], `${LINK}2`], 'what is left');
      await found.note([{ file: 4, end: DONE }]);
      await bench.crash(next);
      const again = await (await bench.open()).take(folder.folder);
      expectSame(
        [...again.ends],
        [0, 2, 4].map((file) => [file, DONE]),
        'what is noted',
      );
    },
  },
  {
    name: 'a manifest that is garbled, torn or missing does not hide the others, and goes after a week',
    run: async (bench) => {
      const folders = [
        await makeWhole(bench, 10),
        await makeWhole(bench, 10),
        await makeWhole(bench, 10),
        await makeWhole(bench, 10),
      ] as const;
      const [garbled, torn, empty, good] = folders;
      await change(bench, garbled, 'manifest.json', (bytes) => {
        bytes[bytes.length >> 1]! ^= 1;
      });
      await cut(bench, torn, 'manifest.json', -2);
      await bench.write(empty, 'manifest.json', new Uint8Array());
      const store = await bench.open();
      expectSame(
        (await store.list()).map(({ folder }) => folder),
        [good],
        'the list',
      );
      for (const folder of [garbled, torn, empty]) await expectCode(store.take(folder), 'store-failed');
      await (await store.take(good)).close();
      await store.remove(torn);
      expectSame(await bench.names(), [garbled, empty, good].sort(), 'what is kept');
      await (await bench.open({ now: () => Date.now() + KEEP_UNFINISHED_MS + 60_000 })).list();
      expectSame(await bench.names(), [], 'what is kept after a week');
    },
  },
  {
    name: 'what is removed frees its place, of the small ones the last',
    run: async (bench) => {
      const folder = await makeWhole(bench, 2 * MiB, 10, 20, 3 * MiB);
      const store = await bench.open();
      const data = async () => (await bench.names(folder)).filter((name) => name.endsWith('.data'));
      await store.remove(folder, [0]);
      expectSame(await data(), ['3.data', 'pack.data'], 'what is left without the first');
      await store.remove(folder, [1]);
      expectSame(await data(), ['3.data', 'pack.data'], 'what is left without a small one');
      await store.remove(folder, [2]);
      expectSame(await data(), ['3.data'], 'what is left without the small ones');
      await store.remove(folder);
      expectSame(await bench.names(), [], 'what is left');
    },
  },
  {
    name: 'a removal that a crash has cut short is ended by the next visit',
    run: async (bench) => {
      const folder = await makeWhole(bench, 2 * MiB, 2 * MiB, 10);
      await bench.write(
        folder,
        'notes.jsonl',
        text('{"file":0,"end":{"end":"removed"}}', '{"file":2,"end":{"end":"removed"}}', ''),
      );
      const store = await bench.open();
      expectSame((await store.list())[0]?.durableBytes, [0, 2 * MiB, 0], 'what is listed');
      const taken = await store.take(folder);
      expectSame(durableIn(taken), [[], [0, 1], []], 'what is durable');
      await taken.close();
      expectSame(await bench.names(folder), ['1.data', '1.hashes', 'manifest.json', 'notes.jsonl'], 'what is left');
    },
  },
];
