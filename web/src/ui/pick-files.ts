// From what a person dropped, pasted or chose to files with relative paths.
import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import type { PickedFile } from '../session/views.ts';

export interface Picked {
  /** All of them, unless they are more than an offer may have. */
  files: PickedFile[];
  /** Files that the browser could not open, and that are left out. */
  unreadable: number;
}

/** Reads a drop or a paste, folders and all, also empty ones. Calls `onProgress` with the files found so far. */
export async function readDataTransfer(transfer: DataTransfer, onProgress: (files: number) => void): Promise<Picked> {
  // The items are empty after the first await, so everything is taken hold of before it.
  const roots = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => ({ root: item.webkitGetAsEntry?.() ?? item.getAsFile(), handle: handleOf(item) }));
  const picked: Picked = { files: [], unreadable: 0 };
  for (const { root, handle } of roots) {
    if (root instanceof File) picked.files.push({ file: root, path: root.name });
    else if (root) {
      const before = picked.files.length;
      await readEntries([root], '', picked, onProgress);
      const added = picked.files[before]; // none where it could not be opened
      if (added && isFile(root)) added.handle = await handle;
    }
  }
  return picked;
}

interface HandleGiving {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

/** With which the file can be opened again at a later visit; only some browsers give such, and only of what is no folder it is of use. */
async function handleOf(item: DataTransferItem & HandleGiving): Promise<FileSystemFileHandle | undefined> {
  try {
    const handle = await item.getAsFileSystemHandle?.();
    return handle?.kind === 'file' ? (handle as FileSystemFileHandle) : undefined;
  } catch (error) {
    console.info('The browser gives no handle of a dropped file.', error);
    return undefined;
  }
}

declare global {
  interface Window {
    showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
  }
}

/**
 * Where the browser's own picker gives handles, uses that instead of the input that was clicked: a file that was chosen through it can be opened again
 * after a reload.
 */
export function pickOnClick(event: Event, onpicked: (picked: Picked) => void): void {
  if (typeof window.showOpenFilePicker !== 'function') return;
  event.preventDefault();
  void pick(onpicked);
}

async function pick(onpicked: (picked: Picked) => void): Promise<void> {
  let handles: FileSystemFileHandle[] = [];
  try {
    handles = (await window.showOpenFilePicker?.({ multiple: true })) ?? [];
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
  }
  const read = handles.map(async (handle) => ({ file: await handle.getFile(), path: handle.name, handle }));
  const files = (await Promise.allSettled(read)).flatMap((each) => {
    if (each.status === 'fulfilled') return [each.value];
    console.warn('A chosen file cannot be opened.', each.reason);
    return [];
  });
  if (handles.length > 0) onpicked({ files, unreadable: handles.length - files.length });
}

/** Reads what was chosen through a file or folder input, which knows of no empty folder, and empties it, so that the same file can be chosen again. */
export function readInput(input: HTMLInputElement): Picked {
  const files = [...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  input.value = '';
  return { files, unreadable: 0 };
}

async function readEntries(
  entries: readonly FileSystemEntry[],
  folder: string,
  picked: Picked,
  onProgress: (files: number) => void,
): Promise<void> {
  const files = await Promise.all(entries.filter(isFile).map((entry) => openFile(entry, folder)));
  for (const file of files) {
    if (file) picked.files.push(file);
    else picked.unreadable += 1;
  }
  onProgress(picked.files.length);
  for (const directory of entries.filter(isDirectory)) {
    if (isTooMany(picked)) return;
    const path = `${folder}${directory.name}/`;
    const reader = directory.createReader();
    let isEmpty = true;
    for (;;) {
      const batch = await readBatch(reader);
      if (batch === undefined) picked.unreadable += 1;
      if (batch?.length !== 0) isEmpty = false;
      if (!batch?.length || isTooMany(picked)) break;
      await readEntries(batch, path, picked, onProgress);
    }
    if (isEmpty) picked.files.push({ file: new File([], directory.name), path });
  }
}

/** They will not be sent: nobody has to wait until all of them are read. */
function isTooMany({ files }: Picked): boolean {
  return files.length > MAX_FILES_PER_OFFER;
}

/** The next entries of a folder, about a hundred at a time; none at its end, `undefined` if it cannot be read. */
function readBatch(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[] | undefined> {
  return new Promise((resolve) => reader.readEntries(resolve, () => resolve(undefined)));
}

function openFile(entry: FileSystemFileEntry, folder: string): Promise<PickedFile | undefined> {
  return new Promise((resolve) =>
    entry.file(
      (file) => resolve({ file, path: `${folder}${entry.name}`, reopen: GIVES_ANEW ? () => fileOf(entry) : undefined }),
      () => resolve(undefined),
    ),
  );
}

/** Browsers without handles give the file as it was when it was dropped, whatever has become of it. */
const GIVES_ANEW = typeof DataTransferItem !== 'undefined' && 'getAsFileSystemHandle' in DataTransferItem.prototype;

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
