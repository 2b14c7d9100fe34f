import { expect, test, vi } from 'vitest';
import type { Downloads } from '../storage/downloads.ts';
import { PickedFolder } from '../storage/picked-folder.ts';
import { DiskFolder } from '../storage/testing/disk-folder.ts';
import type { ZipEntry } from '../storage/zip.ts';
import { Saving, type Keeper, type Received } from './saving.ts';

/** What was noted: `how: id`. */
let noted: string[];

/** Received files with these paths, of which those with `bad` in their names cannot be read. */
function receivedOf(...paths: string[]): Received[] {
  noted = [];
  vi.spyOn(console, 'warn').mockReturnValue();
  const keeper: Keeper = {
    open: async (id: string) =>
      id.includes('bad')
        ? Promise.reject(new Error(`${id} is broken`))
        : new Blob([`this is ${id}`, ...(id.includes('large') ? [new Uint8Array(1_000_000)] : [])]),
    noteSaved: async (ids, how) => void noted.push(...ids.map((id) => `${how}: ${id}`)),
  };
  return paths.map((path) => ({
    keeper,
    file: { id: path, path, size: 8 + path.length },
    wasHanded: false,
  }));
}

const go = new AbortController().signal;

test('into a folder: what cannot be read, or has a name that the browser refuses, keeps no other from it', async () => {
  const disk = new DiskFolder();
  const received = receivedOf('a.txt', 'x/bad.txt', 'x/refused.lnk', 'x/y/c.txt', 'x/empty/');
  const saving = new Saving(received, go, () => {});
  await saving.toPlace({ kind: 'folder', folder: new PickedFolder(disk.handle) }, 'saved');
  expect(disk.tree).toEqual({
    'a.txt': 'this is a.txt',
    'x/refused.lnk_': 'this is x/refused.lnk',
    'x/y/c.txt': 'this is x/y/c.txt',
    'x/empty/': '',
  });
  expect(saving.unsaved).toEqual([{ path: 'x/bad.txt', why: 'failed' }]);
  expect(saving.renamed).toEqual([{ path: 'x/refused.lnk', name: 'x/refused.lnk_' }]);
  expect(noted).toEqual(['saved: a.txt', 'saved: x/refused.lnk', 'saved: x/y/c.txt', 'saved: x/empty/']);
});

test('into a folder: nothing that is there is overwritten, also by what has the same name in another case', async () => {
  const disk = new DiskFolder({ 'a.txt': 'old', photos: 'a file' });
  const saving = new Saving(receivedOf('a.txt', 'photos/1.jpg', 'photos/2.jpg', 'A.txt'), go, () => {});
  await saving.toPlace({ kind: 'folder', folder: new PickedFolder(disk.handle) }, 'saved');
  expect(disk.tree).toEqual({
    'a.txt': 'old',
    'a (2).txt': 'this is a.txt',
    photos: 'a file',
    'photos (2)/1.jpg': 'this is photos/1.jpg',
    'photos (2)/2.jpg': 'this is photos/2.jpg',
    'A (2).txt': 'this is A.txt',
  });
  expect([saving.unsaved, noted.length]).toEqual([[], 4]);
});

test.each([
  ['not-allowed', 'NotAllowedError'],
  ['no-space', 'QuotaExceededError'],
])('into a folder: %s ends all of it, and what was not written does not count as saved', async (why, name) => {
  const disk = new DiskFolder();
  const received = receivedOf('a.txt', 'b.txt', 'c.txt');
  disk.failAt('b.txt', new DOMException('', name));
  const saving = new Saving(received, go, () => {});
  await saving.toPlace({ kind: 'folder', folder: new PickedFolder(disk.handle) }, 'saved');
  expect(disk.tree).toEqual({ 'a.txt': 'this is a.txt' });
  expect([saving.unsaved.map(({ path, why }) => `${path}: ${why}`), noted]).toEqual([
    [`b.txt: ${why}`, `c.txt: ${why}`],
    ['saved: a.txt'],
  ]);
});

test('what its person stops is not saved, and the rest of it not begun', async () => {
  const disk = new DiskFolder();
  const stop = new AbortController();
  const letGo = disk.holdAt('large.txt');
  const saving = new Saving(receivedOf('a.txt', 'large.txt', 'c.txt'), stop.signal, () => {});
  const ended = saving.toPlace({ kind: 'folder', folder: new PickedFolder(disk.handle) }, 'moved');
  await expect.poll(() => Object.keys(disk.tree)).toEqual(['a.txt', 'large.txt']);
  stop.abort();
  letGo();
  await ended;
  expect([Object.keys(disk.tree), saving.unsaved, noted]).toEqual([
    ['a.txt'],
    ['large.txt', 'c.txt'].map((path) => ({ path, why: 'stopped' })),
    ['moved: a.txt'],
  ]);
});

/** Downloads that end so. */
function downloadsOf(end: 'handed' | 'cut' | 'cancelled'): { downloads: Downloads; came: string[] } {
  const came: string[] = [];
  const downloads = {
    file: async (_: Blob, name: string) => {
      came.push(name);
      return end;
    },
    zip: async (name: string, entries: ZipEntry[]) => {
      came.push(name, ...entries.map(({ path }) => path));
      return end;
    },
  };
  return { downloads: downloads as unknown as Downloads, came };
}

test.each([
  ['handed', [], ['handed: album/1.txt', 'handed: album/x/1.txt', 'handed: album/empty/']],
  ['cut', ['cut', 'cut', 'cut'], []],
  ['cancelled', ['stopped', 'stopped', 'stopped'], []],
] as const)('an archive that is %s', async (end, why, notes) => {
  const { downloads, came } = downloadsOf(end);
  const saving = new Saving(receivedOf('album/1.txt', 'album/x/1.txt', 'album/empty/'), go, () => {});
  await saving.toDownloads(downloads, true);
  expect(came).toEqual(['album.zip', 'album/1.txt', 'album/x/1.txt', 'album/empty/']);
  expect([saving.unsaved.map((each) => each.why), noted]).toEqual([why, notes]);
});

test('an archive of several offers has two files of one name under two names', async () => {
  const { downloads, came } = downloadsOf('handed');
  await new Saving(receivedOf('a.txt', 'b.txt', 'a.txt'), go, () => {}).toDownloads(downloads, true);
  expect(came).toEqual(['Tincan.zip', 'a.txt', 'b.txt', 'a (2).txt']);
});

test('an archive that is not taken has given nothing another name', async () => {
  for (const [end, renamed] of [
    ['cancelled', []],
    ['handed', [{ path: 'a.txt', name: 'a (2).txt' }]],
  ] as const) {
    const saving = new Saving(receivedOf('a.txt', 'a.txt'), go, () => {});
    await saving.toDownloads(downloadsOf(end).downloads, true);
    expect(saving.renamed).toEqual(renamed);
  }
});

test('one file is downloaded as it is; one that cannot be read does not count as handed over', async () => {
  const { downloads, came } = downloadsOf('handed');
  await new Saving(receivedOf('album/1.txt'), go, () => {}).toDownloads(downloads, true);
  expect([came, noted]).toEqual([['1.txt'], ['handed: album/1.txt']]);
  const saving = new Saving(receivedOf('bad.txt'), go, () => {});
  await saving.toDownloads(downloads, true);
  expect([came, saving.unsaved, noted]).toEqual([['1.txt'], [{ path: 'bad.txt', why: 'failed' }], []]);
});

test('where an earlier visit has begun, what it has written stays, and what it has left in the middle is written', async () => {
  const since = 1_000;
  const disk = new DiskFolder({
    'a.txt': 'this is a.txt',
    'b.txt': '',
    'c.txt': 'another',
    'c (2).txt': 'this is c.txt',
    'd.txt': '',
    e: 'a file',
  });
  const left = new Saving(receivedOf('e/1.txt'), go, () => {});
  await left.toPlace({ kind: 'folder', folder: new PickedFolder(disk.handle) }, 'moved');
  disk.date('b.txt', since + 1);
  disk.date('d.txt', since - 1); // was there before
  const saving = new Saving(receivedOf('a.txt', 'b.txt', 'c.txt', 'd.txt', 'e/1.txt'), go, () => {});
  await saving.toPlace({ kind: 'folder', folder: new PickedFolder(disk.handle, since) }, 'moved');
  expect(disk.tree).toEqual({
    'a.txt': 'this is a.txt',
    'b.txt': 'this is b.txt',
    'c.txt': 'another',
    'c (2).txt': 'this is c.txt',
    'd.txt': '',
    'd (2).txt': 'this is d.txt',
    e: 'a file',
    'e (2)/1.txt': 'this is e/1.txt',
  });
  expect(noted.length).toBe(5);
});
