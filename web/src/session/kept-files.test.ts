import { beforeEach, expect, test, vi } from 'vitest';
import { MemoryLedger } from '@tincan/engine/transfer/memory-ledger';
import { MemoryStore } from '@tincan/engine/transfer/memory-store';
import { LINK, manifestOf, writeAll } from '@tincan/engine/transfer/testing/kept-files';
import type { Downloads } from '../storage/downloads.ts';
import { KeptFiles } from './kept-files.svelte.ts';

let store: MemoryStore;
let kept: KeptFiles;
/** How often the disk was asked for what. */
let asked: Record<'list' | 'remove', number>;

beforeEach(() => {
  // A browser without files of the former kind.
  const getDirectory = () => Promise.reject(new DOMException('', 'SecurityError'));
  vi.stubGlobal('navigator', { storage: { getDirectory } });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  store = new MemoryStore({ outlivesPage: true });
  asked = { list: 0, remove: 0 };
  for (const name of ['list', 'remove'] as const) {
    const own = store[name].bind(store) as (...all: unknown[]) => unknown;
    Object.assign(store, { [name]: (...all: unknown[]) => (asked[name]++, own(...all)) });
  }
  kept = new KeptFiles(Promise.resolve({ store, ledger: new MemoryLedger(), capBytes: undefined }), {} as Downloads);
  return () => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  };
});

/** An earlier visit has left an offer of so many files. */
async function leave(files: number): Promise<string> {
  const folder = await store.beside().create(manifestOf(...Array<number>(files).fill(10)), LINK);
  await writeAll(folder);
  await folder.close();
  return folder.folder;
}

const ids = () => kept.list([]).map(({ id }) => id);

test('an offer whose files are all deleted goes as a whole, and the disk is looked at once', async () => {
  const [all, left] = [await leave(50), await leave(2)];
  await kept.refresh();
  await kept.discard(ids().filter((id) => id.startsWith(all)));
  expect(ids()).toEqual([`${left}/0`, `${left}/1`]);
  expect(asked).toEqual({ list: 2, remove: 1 });
});

test('of an offer of which something stays, the others are deleted together', async () => {
  const folder = await leave(50);
  await kept.refresh();
  await kept.discard(ids().slice(2));
  expect(ids()).toEqual([`${folder}/0`, `${folder}/1`]);
  await kept.discard([`${folder}/1`]);
  expect(asked).toEqual({ list: 3, remove: 2 });
  // What is gone already does not count as what stays.
  await kept.discard([`${folder}/0`]);
  await expect(store.take(folder)).rejects.toMatchObject({ code: 'gone' });
});

test('one that another page has is not deleted, and that is told; all others are', async () => {
  const [busy, free] = [await leave(3), await leave(3)];
  await kept.refresh();
  const other = store.beside();
  await other.take(busy);
  vi.useFakeTimers();
  try {
    const discarded = expect(kept.discard(ids())).rejects.toMatchObject({ errors: [{ code: 'busy' }] });
    await vi.advanceTimersByTimeAsync(5_000);
    await discarded;
  } finally {
    vi.useRealTimers();
  }
  expect(ids()).toEqual([0, 1, 2].map((file) => `${busy}/${file}`));
  await expect(store.take(free)).rejects.toMatchObject({ code: 'gone' });
});

test('the disk is looked at after a room has let go of it, also where that failed', async () => {
  const folder = await leave(1);
  await kept.refreshAfter(Promise.reject(new Error('the disk is full')));
  expect(ids()).toEqual([`${folder}/0`]);
  expect(console.error).toHaveBeenCalledOnce();
});
