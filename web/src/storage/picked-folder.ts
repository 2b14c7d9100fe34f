// A folder or a file that the person has picked on their own disk, where the browser lets a page write to such.

declare global {
  interface Window {
    showDirectoryPicker?(options: { mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
    showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
  }
}

/** Whether this browser lets a page write into a folder that its person picks. */
export function canPickFolder(): boolean {
  return typeof window.showDirectoryPicker === 'function';
}

/** Asks for a folder, within a click; `undefined` if the person closes the question. */
export function pickFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  return unlessClosed(() => window.showDirectoryPicker!({ mode: 'readwrite' }));
}

/** Asks where to put one file, within a click; `undefined` if the person closes the question. */
export function pickFile(name: string): Promise<FileSystemFileHandle | undefined> {
  return unlessClosed(() => window.showSaveFilePicker!({ suggestedName: name }));
}

/** Writes a file to a place that was picked: whole, or what was there stays. */
export async function writeFile(handle: FileSystemFileHandle, file: Blob, signal: AbortSignal): Promise<void> {
  await file.stream().pipeTo(await handle.createWritable(), { signal });
}

/** Deletes a picked file that has nothing in it; one that cannot be deleted stays. */
export async function removeIfEmpty(handle: FileSystemFileHandle & { remove?(): Promise<void> }): Promise<void> {
  try {
    if ((await handle.getFile()).size === 0) await handle.remove?.();
  } catch (error) {
    console.info('A file that was picked and is empty may have been left.', error);
  }
}

interface Folder {
  readonly handle: FileSystemDirectoryHandle;
  /** Its path as it is on the disk, with a `/` at its end; empty for the picked one. */
  readonly path: string;
}

/** A folder that a tree of files is written into. */
export class PickedFolder {
  /** By the paths that were asked for, without the last `/`. */
  readonly #folders = new Map<string, Folder>();

  readonly #since: number | undefined;

  /** `since`, in milliseconds since 1970: an earlier visit has begun then to write the same files there, and may have left one in the middle. */
  constructor(handle: FileSystemDirectoryHandle, since?: number) {
    this.#folders.set('', { handle, path: '' });
    this.#since = since;
  }

  /**
   * Writes a file under its path, or makes an empty folder of one that ends with `/`. A file's name that exists there gets a number, nothing is
   * overwritten but an empty file that an earlier visit has left, and what that has written already stays as it is; a name that the browser refuses gets a
   * `_` at its end. Gives the path as it is now. Rejects if it cannot be written; nothing of it is left then.
   */
  async write(path: string, file: Blob, signal: AbortSignal): Promise<string> {
    const slash = path.lastIndexOf('/');
    const folder = await this.#folderAt(path.slice(0, Math.max(slash, 0)));
    if (slash === path.length - 1) return folder.path;
    const { name, isThere } = await nameFor(path.slice(slash + 1), (wanted) =>
      this.#find(folder.handle, wanted, file, signal),
    );
    if (isThere) return folder.path + name;
    const handle = await folder.handle.getFileHandle(name, { create: true });
    try {
      await writeFile(handle, file, signal);
    } catch (error) {
      await folder.handle.removeEntry(name).catch(() => undefined); // it is empty
      throw error;
    }
    return folder.path + name;
  }

  /** The name under which a file is to be written, and whether an earlier visit has done that. */
  async #find(
    folder: FileSystemDirectoryHandle,
    wanted: string,
    file: Blob,
    signal: AbortSignal,
  ): Promise<{ name: string; isThere: boolean }> {
    for (const name of numbered(wanted)) {
      const before = this.#since === undefined ? undefined : await fileIn(folder, name);
      if (before && (await isSame(before, file, signal))) return { name, isThere: true };
      const isLeft = before?.size === 0 && before.lastModified >= this.#since!;
      if (isLeft || !(await exists(folder, name))) return { name, isThere: false };
    }
    return { name: wanted, isThere: false }; // not reached: there is always another number
  }

  async #folderAt(path: string): Promise<Folder> {
    const known = this.#folders.get(path);
    if (known) return known;
    const slash = path.lastIndexOf('/');
    const parent = await this.#folderAt(path.slice(0, Math.max(slash, 0)));
    const name = await nameFor(path.slice(slash + 1), (wanted) =>
      folderName(parent.handle, wanted, this.#since !== undefined),
    );
    const handle = await parent.handle.getDirectoryHandle(name, { create: true });
    const folder = { handle, path: `${parent.path}${name}/` };
    this.#folders.set(path, folder);
    return folder;
  }
}

/** What is found for the name, or for one that the browser does not refuse. */
async function nameFor<T>(wanted: string, find: (name: string) => Promise<T>): Promise<T> {
  try {
    return await find(wanted);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return find(`${wanted}_`);
  }
}

/** A folder of that name is written into, one that is a file there gets a number; `goesOn` where one with a number may be what an earlier visit has made. */
async function folderName(parent: FileSystemDirectoryHandle, wanted: string, goesOn: boolean): Promise<string> {
  for (const name of numbered(wanted)) {
    try {
      await parent.getDirectoryHandle(name);
      if (name === wanted || goesOn) return name;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return name;
      if (!(error instanceof DOMException && error.name === 'TypeMismatchError')) throw error;
    }
  }
  return wanted; // not reached: there is always another number
}

/** The name, and then with numbers, without an end. */
function* numbered(name: string): Generator<string> {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  yield name;
  for (let n = 2; ; n++) yield `${stem} (${n})${ending}`;
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

async function fileIn(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  try {
    return await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    if (error instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(error.name)) return undefined;
    throw error;
  }
}

/** Compared in parts of so many bytes. */
const COMPARE_BYTES = 4 * 1_048_576;

async function isSame(one: Blob, other: Blob, signal: AbortSignal): Promise<boolean> {
  if (one.size !== other.size) return false;
  for (let start = 0; start < one.size; start += COMPARE_BYTES) {
    signal.throwIfAborted();
    const part = async (blob: Blob) => new Uint8Array(await blob.slice(start, start + COMPARE_BYTES).arrayBuffer());
    const [ours, theirs] = await Promise.all([part(one), part(other)]);
    if (ours.some((byte, at) => byte !== theirs[at])) return false;
  }
  return true;
}

async function unlessClosed<T>(pick: () => Promise<T>): Promise<T | undefined> {
  try {
    return await pick();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}
