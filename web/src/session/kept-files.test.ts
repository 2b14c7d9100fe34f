import { beforeEach, expect, test, vi } from 'vitest';
import { MemoryLedger } from '@tincan/engine/transfer/memory-ledger';
import { MemoryStore } from '@tincan/engine/transfer/memory-store';
import { LINK, manifestOf, writeAll } from '@tincan/engine/transfer/testing/kept-files';
import type { FileEnd } from '@tincan/engine/transfer/store';
import type { Downloads } from '../storage/downloads.ts';
import { MemoryPlaces } from '../storage/places.ts';
import { DiskFolder } from '../storage/testing/disk-folder.ts';
import type { ZipEntry } from '../storage/zip.ts';
import { KeptFiles } from './kept-files.svelte.ts';

let store: MemoryStore;
let kept: KeptFiles;
/** How often the disk was asked for what. */
let asked: Record<'list' | 'remove', number>;
let places: MemoryPlaces;
/** What was handed to the downloads: an archive's name, and then what is in it. */
let came: string[];
/** Of the latest archive. */
let archived: readonly ZipEntry[];

beforeEach(() => {
  // A browser without files of the former kind.
  const getDirectory = () => Promise.reject(new DOMException('', 'SecurityError'));
  vi.stubGlobal('window', {});
  vi.stubGlobal('navigator', { storage: { getDirectory } });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  store = new MemoryStore({ outlivesPage: true });
  asked = { list: 0, remove: 0 };
  for (const name of ['list', 'remove'] as const) {
    const own = store[name].bind(store) as (...all: unknown[]) => unknown;
    Object.assign(store, { [name]: (...all: unknown[]) => (asked[name]++, own(...all)) });
  }
  places = new MemoryPlaces();
  came = [];
  const downloads = {
    file: async (_: Blob, name: string) => {
      came.push(name);
      return 'handed';
    },
    zip: async (name: string, entries: ZipEntry[]) => {
      archived = entries;
      for (const entry of entries) await entry.open(); // each is read once it is its turn
      came.push(name, ...entries.map(({ path }) => path));
      return 'handed';
    },
  };
  const storage = { store, ledger: new MemoryLedger(), places, capBytes: undefined };
  kept = new KeptFiles(Promise.resolve(storage), downloads as unknown as Downloads);
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

const DONE: FileEnd = { end: 'done', hash: 'aa' };

/** An earlier visit has left an offer of so many files, of which these have ended so; gives the offer's id. */
async function leaveEnded(files: number, ...ends: FileEnd[]): Promise<{ folder: string; offer: string }> {
  const folder = await store.beside().create(manifestOf(...Array<number>(files).fill(10)), LINK);
  await writeAll(folder);
  await folder.note(ends.map((end, file) => ({ file, end })));
  await folder.close();
  return { folder: folder.folder, offer: folder.manifest.offer };
}

const savedOf = () => kept.list([]).map(({ path, saved }) => `${path}: ${saved}`);

test('files of several offers are one archive, and count as handed over; nobody else is kept from them after', async () => {
  const [one, two] = [await leaveEnded(2, DONE, DONE), await leaveEnded(1, DONE)];
  await kept.refresh();
  await kept.download(ids());
  expect(came).toEqual(['folder.zip', 'folder/file 0', 'folder/file 1', 'folder/file 0 (2)']);
  expect(savedOf()).toEqual(['folder/file 0: handed', 'folder/file 1: handed', 'folder/file 0: handed']);
  for (const { folder } of [one, two]) await (await store.beside().take(folder)).close();
});

test('into a folder: what is there counts as saved, and what is unfinished or not meant stays as it is', async () => {
  await leaveEnded(3, DONE, DONE);
  const disk = new DiskFolder();
  vi.stubGlobal('window', { showDirectoryPicker: async () => disk.handle });
  await kept.refresh();
  await kept.writeIntoFolder(ids().slice(1));
  expect(Object.keys(disk.tree)).toEqual(['folder/file 1']);
  expect(savedOf()).toEqual(['folder/file 0: no', 'folder/file 1: saved', 'folder/file 2: no']);
});

test('what another page has is said not to be saved, and can be saved later', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { folder } = await leaveEnded(1, DONE);
  await kept.refresh();
  const other = store.beside();
  const taken = await other.take(folder);
  vi.useFakeTimers();
  const saved = kept.download(ids());
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  await saved;
  expect([came, kept.saving?.unsaved]).toEqual([[], [{ path: 'folder/file 0', why: 'failed' }]]);
  await taken.close();
  await kept.download(ids());
  expect(came).toEqual(['file 0']);
});

/** What an earlier visit was told to put there, in a browser that asks its person again. */
function lasting(disk: DiskFolder, answer: PermissionState) {
  const queryPermission = vi.fn(async () => 'prompt');
  return Object.assign(disk.handle, { name: 'Pictures', queryPermission, requestPermission: async () => answer });
}

test('what was to be saved on an earlier visit goes where it was to go, once the browser’s person has said so again', async () => {
  const { offer } = await leaveEnded(2, DONE, { end: 'freed', hash: 'aa', at: 1, saved: 'saved' });
  const disk = new DiskFolder();
  await places.keep(offer, { kind: 'folder', handle: lasting(disk, 'granted') as never });
  await kept.refresh();
  await kept.goOnSaving();
  expect([kept.saving?.toAllow, disk.tree]).toEqual([['Pictures'], {}]);
  await kept.allow();
  expect([kept.saving?.toAllow, Object.keys(disk.tree), ids()]).toEqual([[], ['folder/file 0'], []]);
  expect((await places.find([offer])).size).toBe(0);
});

test('what another page is saving is left to that, and stays wished', async () => {
  const { folder, offer } = await leaveEnded(1, DONE);
  const disk = new DiskFolder();
  await kept.refresh();
  const taken = await store.beside().take(folder); // since the look
  await places.keep(offer, { kind: 'folder', handle: disk.handle });
  vi.useFakeTimers();
  const gone = kept.goOnSaving();
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  await gone;
  expect([disk.tree, kept.saving?.unsaved ?? [], (await places.find([offer])).size]).toEqual([{}, [], 1]);
  await taken.close();
  await kept.refresh();
  await kept.goOnSaving();
  expect([Object.keys(disk.tree), (await places.find([offer])).size]).toEqual([['folder/file 0'], 0]);
});

test('what another page has saved meanwhile is not saved again', async () => {
  const { folder, offer } = await leaveEnded(2, DONE, DONE);
  await kept.refresh();
  const taken = await store.beside().take(folder); // since the look
  await places.keep(offer, { kind: 'downloads' });
  const gone = kept.goOnSaving();
  await taken.note([{ file: 0, end: { end: 'handed', hash: 'aa' } }]);
  await taken.close();
  await gone;
  expect([came, savedOf()]).toEqual([['file 1'], ['folder/file 0: handed', 'folder/file 1: handed']]);
});

test('what is deleted is asked for no more', async () => {
  const { offer } = await leaveEnded(2, DONE, DONE);
  await places.keep(offer, { kind: 'folder', handle: lasting(new DiskFolder(), 'granted') as never });
  await kept.refresh();
  await kept.goOnSaving();
  expect(kept.saving?.toAllow).toEqual(['Pictures']);
  await kept.discard(ids());
  expect([kept.saving?.toAllow, (await places.find([offer])).size]).toEqual([[], 0]);
});

test('of several offers that go on, none is begun once its person has stopped that', async () => {
  const [one, two] = [await leaveEnded(1, DONE), await leaveEnded(1, DONE)];
  const disk = new DiskFolder();
  for (const { offer } of [one, two]) await places.keep(offer, { kind: 'folder', handle: disk.handle });
  const letGo = disk.holdAt('file 0');
  await kept.refresh();
  const gone = kept.goOnSaving();
  await expect.poll(() => Object.keys(disk.tree)).toHaveLength(1);
  kept.stop();
  letGo();
  await gone;
  expect(Object.keys(disk.tree)).toEqual(['folder/file 0']); // which was as good as there
  expect((await places.find([one.offer, two.offer])).size).toBe(0);
});

test('one folder is held at a time: an unfinished one goes on while others are saved', async () => {
  const [first] = [await leaveEnded(2, DONE), await leaveEnded(1, DONE)];
  const disk = new DiskFolder();
  vi.stubGlobal('window', { showDirectoryPicker: async () => disk.handle });
  const letGo = disk.holdAt('file 0 (2)');
  await kept.refresh();
  const saved = kept.writeIntoFolder(ids());
  await expect.poll(() => Object.keys(disk.tree)).toHaveLength(2);
  await (await store.beside().take(first.folder)).close();
  letGo();
  await saved;
  expect(savedOf()).toEqual(['folder/file 0: saved', 'folder/file 1: no', 'folder/file 0: saved']);
});

test('what is still being opened when an archive was stopped does not take its folder again', async () => {
  const { folder } = await leaveEnded(2, DONE);
  await kept.refresh();
  await kept.download(ids());
  await expect(archived[1]!.open()).rejects.toThrow();
  await expect((await store.beside().take(folder)).close()).resolves.toBeUndefined();
});

test('what was saved by hand is asked for no more', async () => {
  const { offer } = await leaveEnded(1, DONE);
  await places.keep(offer, { kind: 'folder', handle: lasting(new DiskFolder(), 'granted') as never });
  await kept.refresh();
  await kept.goOnSaving();
  expect(kept.saving?.toAllow).toEqual(['Pictures']);
  await kept.download(ids());
  expect([kept.saving?.toAllow, (await places.find([offer])).size]).toEqual([[], 0]);
});

test('where that is refused, the files are here to be saved by hand, and nothing asks again', async () => {
  const { offer } = await leaveEnded(1, DONE);
  await places.keep(offer, { kind: 'folder', handle: lasting(new DiskFolder(), 'denied') as never });
  await kept.refresh();
  await kept.goOnSaving();
  await kept.allow();
  expect([kept.saving?.toAllow, savedOf()]).toEqual([[], ['folder/file 0: no']]);
  expect((await places.find([offer])).size).toBe(0);
});
