import { baseName } from '@tincan/engine/transfer/names';

/** Long enough for any browser to have opened the file behind the link, in milliseconds. */
const REVOKE_AFTER_MS = 60_000;
/** Browsers drop downloads that a page starts in the same moment, so several are started this far apart, in milliseconds. */
const BETWEEN_DOWNLOADS_MS = 200;

/** Hands a finished file to the browser's downloads, which read it from where it lies: nothing is loaded into memory. */
export function download(file: Blob, path: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = baseName(path);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}

/** Downloads several files, one after the other; `onSaved` is called for each. */
export async function downloadAll<T extends { path: string; open: () => Promise<Blob | undefined> }>(
  files: readonly T[],
  onSaved: (file: T) => void,
): Promise<void> {
  for (const [i, each] of files.entries()) {
    if (i > 0) await new Promise((resolve) => setTimeout(resolve, BETWEEN_DOWNLOADS_MS));
    const file = await each.open();
    if (!file) continue;
    download(file, each.path);
    onSaved(each);
  }
}

declare global {
  interface Window {
    showDirectoryPicker?(options: { mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
  }
}

/** Asks for a folder; `undefined` if the person closes the question. */
export async function pickDirectory(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await window.showDirectoryPicker?.({ mode: 'readwrite' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}

/** Writes a file under its path into a picked folder; a name that exists there gets a number, nothing is overwritten. */
export async function writeInto(directory: FileSystemDirectoryHandle, path: string, file: Blob): Promise<void> {
  let folder = directory;
  for (const part of path.split('/').slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create: true });
  const name = await freeName(folder, baseName(path));
  const handle = await folder.getFileHandle(name, { create: true });
  await file.stream().pipeTo(await handle.createWritable());
}

async function freeName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let free = name;
  for (let n = 2; await exists(folder, free); n++) free = `${stem} (${n})${ending}`;
  return free;
}

async function exists(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return false;
    if (error instanceof DOMException && error.name === 'TypeMismatchError') return true; // a folder of that name
    throw error;
  }
}
