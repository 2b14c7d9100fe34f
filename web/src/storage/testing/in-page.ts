// Runs in a browser's page: the contracts against its real disk and database, and what only a real browser can show.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { randomId } from '@tincan/shared/base64url';
import { TincanError } from '@tincan/engine/platform/errors';
import type { OfferFolder, OfferStore } from '@tincan/engine/transfer/store';
import {
  LINK,
  durableIn,
  expectWhole,
  manifestOf,
  writeAll,
  writeBlocks,
} from '@tincan/engine/transfer/testing/kept-files';
import { ledgerContract } from '@tincan/engine/transfer/testing/ledger-contract';
import { storeContract } from '@tincan/engine/transfer/testing/store-contract';
import { BrowserLedger } from '../browser-ledger.ts';
import { openDisk, readFile, removeEntry, type Directory } from '../handles.ts';
import { OpfsStore } from '../opfs-store.ts';
import { PickedFile } from '../picked-file.ts';
import { DISK_FOLDER } from '../store-protocol.ts';
import { diskContract, type DiskBench } from './disk-contract.ts';

const MiB = BLOCK_BYTES;

/** The disk of an application of its own for each bench. */
class PageBench implements DiskBench {
  readonly #path: string;
  readonly #workers = new Map<OfferStore, Worker>();

  constructor(path = `/${randomId()}/`) {
    this.#path = path;
  }

  async open(options: { now?: () => number } = {}): Promise<OpfsStore> {
    const worker = new Worker(new URL('../store.worker.ts', import.meta.url), { type: 'module' });
    const store = await OpfsStore.start({ ...options, worker: worker, path: this.#path });
    this.#workers.set(store, worker);
    return store;
  }

  async crash(store: OfferStore): Promise<void> {
    this.#workers.get(store)?.terminate();
  }

  async names(folder?: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of (await this.#directory(folder)).values()) names.push(name);
    return names.sort();
  }

  async read(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
    return readFile(await this.#directory(folder), name);
  }

  async write(folder: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const directory = (await this.#directory(folder)) as unknown as FileSystemDirectoryHandle;
    const stream = await (await directory.getFileHandle(name, { create: true })).createWritable();
    await stream.write(bytes);
    await stream.close();
  }

  async #directory(folder?: string): Promise<Directory> {
    const mine = await (
      await (await openDisk()).getDirectoryHandle(DISK_FOLDER)
    ).getDirectoryHandle(encodeURIComponent(this.#path));
    return folder === undefined ? mine : mine.getDirectoryHandle(folder);
  }

  async handle(text: string): Promise<PickedFile> {
    const file = await (await navigator.storage.getDirectory()).getFileHandle(randomId(), { create: true });
    const stream = await file.createWritable();
    await stream.write(text);
    await stream.close();
    return new PickedFile(file);
  }
}

const all = [
  ...storeContract.map(({ name, run }) => ({ name, run: () => run(new PageBench()) })),
  ...diskContract.map(({ name, run }) => ({ name, run: () => run(new PageBench()) })),
  ...ledgerContract.map(({ name, run }) => ({
    name: `ledger: ${name}`,
    run: () => {
      const [bench, path] = [new PageBench(), `/${randomId()}/`];
      return run({
        open: (options) => BrowserLedger.open({ ...options, path }),
        handle: (text) => bench.handle(text),
      });
    },
  })),
];

let folder: OfferFolder;

function failAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => {
      reject(new Error(`It did not end within ${ms} ms.`));
    }, ms);
  });
}

/** What the tests call; each takes and gives what can be carried over. */
const inPage = {
  cases: all.map(({ name }) => name),
  /** Runs one case; rejects with what was not kept, and after 30 seconds: so a case that never ends has a name. */
  runCase: async (index: number) => {
    await Promise.race([all[index]!.run(), failAfter(30_000)]);
    await removeEntry(await openDisk(), DISK_FOLDER).catch(() => undefined); // what a page of the case still holds goes with the page
  },

  /** Makes two blocks of a large file and one small file durable, begins to write the rest, and leaves it at that. */
  beginAndWrite: async (path: string): Promise<string> => {
    const store = await new PageBench(path).open();
    folder = await store.create(manifestOf(64 * MiB, 100, 200), LINK);
    await writeBlocks(folder, 0, 5, 1);
    await writeBlocks(folder, 1, 0);
    await folder.flush();
    await writeBlocks(folder, 0, 2);
    await writeBlocks(folder, 2, 0);
    void writeAll(folder); // until the page ends
    return folder.folder;
  },
  /** What a later visit finds of it, and whether it can be ended. */
  endIt: async (path: string, name: string): Promise<{ durable: number[][]; wrong: number }> => {
    const store = await new PageBench(path).open();
    folder = await store.take(name);
    const durable = durableIn(folder);
    let wrong = 0;
    for (const [file, blocks] of durable.entries())
      for (const block of blocks) if (!(await folder.recheck(file, block))) wrong++;
    await writeAll(folder);
    await folder.flush();
    for (const file of folder.manifest.files.keys()) await expectWhole(folder, file);
    await store.close();
    return { durable, wrong };
  },
  /** The folders that the application at this path has. */
  list: async (path: string): Promise<string[]> => {
    const store = await new PageBench(path).open();
    const names = (await store.list()).map(({ folder: name }) => name);
    await store.close();
    return names;
  },

  /** Writes until there is no space; gives the number of blocks that fitted. */
  fill: async (path: string): Promise<number> => {
    const store = await new PageBench(path).open();
    folder = await store.create(manifestOf(24 * MiB), LINK);
    for (let block = 0; ; block++) {
      try {
        await writeBlocks(folder, 0, block);
      } catch (error) {
        if (!(error instanceof TincanError && error.code === 'no-space')) throw error;
        return (unwritten = block);
      }
      await folder.flush();
    }
  },
  /** Writes what did not fit, and the rest; rejects unless all of it reads back equal in a later visit. */
  goOn: async (path: string): Promise<void> => {
    await writeBlocks(folder, 0, ...Array.from({ length: 24 - unwritten }, (_, index) => unwritten + index));
    await folder.close();
    const again = await (await new PageBench(path).open()).take(folder.folder);
    if (!again.durableAtOpening(0).complete) throw new Error('not all of it is durable');
    await expectWhole(again, 0);
  },
};
let unwritten = 0;

Object.assign(globalThis, { inPage });

export type InPage = typeof inPage;
