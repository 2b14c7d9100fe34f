import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { describe, expect, it, vi } from 'vitest';
import { pickOnClick, readDataTransfer, readInput, type Picked } from './pick-files.ts';

/** Entries as Chromium gives them: at most 100 a time, and the items are gone after the first await. */
const BATCH = 100;

/** `folder`: one that cannot be read. */
type Tree = { [name: string]: Tree | 'file' | 'unreadable' | 'folder' };

function fakeEntry(name: string, node: Tree[string]): FileSystemEntry {
  if (node === 'folder') {
    const readEntries = (_: FileSystemEntriesCallback, failure?: ErrorCallback) =>
      queueMicrotask(() => failure?.(new DOMException('closed')));
    return {
      name,
      isFile: false,
      isDirectory: true,
      createReader: () => ({ readEntries }),
    } as unknown as FileSystemEntry;
  }
  if (typeof node === 'string') {
    const file = (success: FileCallback, failure?: ErrorCallback) =>
      queueMicrotask(() => (node === 'file' ? success(new File(['x'], name)) : failure?.(new DOMException('gone'))));
    return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    const rest = Object.entries(node).map(([child, value]) => fakeEntry(child, value));
    return {
      readEntries: (success: FileSystemEntriesCallback) => queueMicrotask(() => success(rest.splice(0, BATCH))),
    };
  };
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

function fakeDrop(tree: Tree): DataTransfer {
  let gone = false;
  const items = Object.entries(tree).map(([name, node]) => ({
    kind: 'file',
    webkitGetAsEntry: () => (gone ? null : fakeEntry(name, node)),
    getAsFile: () => null,
    getAsFileSystemHandle: async () => ({ kind: typeof node === 'string' ? 'file' : 'directory', name }),
  }));
  queueMicrotask(() => (gone = true));
  return { items } as unknown as DataTransfer;
}

const quiet = () => {};

describe('readDataTransfer', () => {
  it('keeps the structure of folders', async () => {
    const drop = fakeDrop({ 'a.txt': 'file', photos: { 'b.jpg': 'file', 2024: { may: { 'c.jpg': 'file' } } } });
    const { files } = await readDataTransfer(drop, quiet);
    expect(files.map((file) => file.path).sort()).toEqual(['a.txt', 'photos/2024/may/c.jpg', 'photos/b.jpg']);
  });

  it('takes hold of everything before the items are gone', async () => {
    const { files } = await readDataTransfer(fakeDrop({ a: { x: 'file' }, b: { y: 'file' }, c: 'file' }), quiet);
    expect(files.map((file) => file.path)).toEqual(['a/x', 'b/y', 'c']);
  });

  it('reads a folder to its end, however many batches it comes in, and says how far it is', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 3 * BATCH + 7 }, (_, index) => [`f${index}`, 'file' as const]),
    );
    const progress: number[] = [];
    const { files } = await readDataTransfer(fakeDrop({ many }), (found) => progress.push(found));
    expect(files).toHaveLength(3 * BATCH + 7);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(3 * BATCH + 7);
  });

  it('[XFER-1] reads no further than it takes to know that there are too many', async () => {
    const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`f${index}`, 'file' as const]));
    const drop = fakeDrop({ many, 'next folder': { 'a.txt': 'file' }, closed: 'folder' });
    const { files, unreadable } = await readDataTransfer(drop, quiet);
    expect(files).toHaveLength(MAX_FILES_PER_OFFER + BATCH);
    expect(unreadable).toBe(0);
  });

  it('leaves out what cannot be read and counts it', async () => {
    const picked = await readDataTransfer(fakeDrop({ d: { good: 'file', bad: 'unreadable' } }), quiet);
    expect(picked.files.map((file) => file.path)).toEqual(['d/good']);
    expect(picked.unreadable).toBe(1);
  });

  it('gives each dropped file its own handle, and none for what could not be opened', async () => {
    const drop = fakeDrop({ 'a.txt': 'file', 'gone.txt': 'unreadable', folder: { 'b.txt': 'file' }, 'c.txt': 'file' });
    const { files } = await readDataTransfer(drop, quiet);
    expect(files.map(({ path, handle }) => [path, handle?.name])).toEqual([
      ['a.txt', 'a.txt'],
      ['folder/b.txt', undefined],
      ['c.txt', 'c.txt'],
    ]);
  });

  it('[XFER-14] finds empty folders, also such as are dropped themselves, and no others', async () => {
    const drop = fakeDrop({ tree: { empty: {}, full: { a: 'file', deeper: {} } }, bare: {}, closed: 'folder' });
    const { files, unreadable } = await readDataTransfer(drop, quiet);
    expect(files.map(({ path, file }) => [path, file.size])).toEqual([
      ['tree/empty/', 0],
      ['tree/full/a', 1],
      ['tree/full/deeper/', 0],
      ['bare/', 0],
    ]);
    expect(unreadable).toBe(1);
  });

  it('a folder of which nothing could be read is not said to be empty', async () => {
    const picked = await readDataTransfer(fakeDrop({ d: { bad: 'unreadable' } }), quiet);
    expect(picked).toEqual({ files: [], unreadable: 1 });
  });

  it('takes a pasted picture, which has no entry, and leaves text alone', async () => {
    const picture = new File(['png'], 'image.png');
    const items = [
      { kind: 'file', webkitGetAsEntry: () => null, getAsFile: () => picture },
      { kind: 'string', webkitGetAsEntry: () => null, getAsFile: () => null },
    ];
    const { files } = await readDataTransfer({ items } as unknown as DataTransfer, quiet);
    expect(files).toEqual([{ file: picture, path: 'image.png' }]);
  });
});

it('readInput takes the path inside a chosen folder and empties the input', () => {
  const plain = new File(['x'], 'a.txt');
  const nested = Object.defineProperty(new File(['x'], 'b.txt'), 'webkitRelativePath', { value: 'folder/b.txt' });
  const input = { files: [plain, nested], value: 'C:\\fakepath\\a.txt' };
  const { files } = readInput(input as unknown as HTMLInputElement);
  expect(files.map((file) => file.path)).toEqual(['a.txt', 'folder/b.txt']);
  expect(input.value).toBe('');
});

it('of chosen files of which the browser opens only some, the others are counted', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const handle = (name: string, getFile: () => Promise<File>) => ({ name, getFile });
  const handles = [
    handle('a.txt', async () => new File(['x'], 'a.txt')),
    handle('gone.txt', () => Promise.reject(new DOMException('', 'NotFoundError'))),
  ];
  vi.stubGlobal('window', { showOpenFilePicker: async () => handles });
  const picked = await new Promise<Picked>((resolve) => pickOnClick(new Event('click'), resolve));
  expect([picked.files.map(({ path }) => path), picked.unreadable]).toEqual([['a.txt'], 1]);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
