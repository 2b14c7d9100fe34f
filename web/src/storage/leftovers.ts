// What stores before the folders of offers have left: finished files, each visit's in a folder of its own.

/** The folder in OPFS under which every page has one of its own. */
const OPFS_ROOT = 'received';
/** In each page's folder: a line of JSON for each finished file, and one more once it is saved. */
const OPFS_INDEX = 'index.jsonl';
export interface IndexLine {
  file: string;
  path?: string;
  hash?: string;
  /** When it was handed to the downloads, in milliseconds since 1970. */
  saved?: number;
}

/** A page holds this lock for as long as it may write to its folder. */
function lockOf(directory: string): string {
  return `tincan-received-${directory}`;
}

/** A file that an earlier visit received whole. */
export interface Leftover {
  readonly id: string;
  readonly path: string;
  readonly file: File;
  /** It was handed to the downloads. */
  readonly saved: boolean;
  /** Deletes it for good. Harmless when another tab has done so. */
  discard(): Promise<void>;
}

/**
 * Finds what earlier visits received whole, and deletes what else they left: parts of files whose transfer ended with
 * the visit. Folders of pages that are still open are left alone.
 */
export async function findLeftovers(): Promise<Leftover[]> {
  const root = await receivedFolder();
  if (!root) return [];
  const found: Leftover[] = [];
  for await (const entry of root.values()) {
    if (entry.kind !== 'directory') continue;
    try {
      await navigator.locks.request(lockOf(entry.name), { ifAvailable: true }, async (lock) => {
        if (lock) found.push(...(await sift(root, entry.name)));
      });
    } catch (error) {
      console.warn('A folder of an earlier visit could not be read.', error); // the others can
    }
  }
  return found;
}

/** Everything under it is Tincan's own. Missing where nothing was ever received, or where there is no OPFS. */
async function receivedFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(OPFS_ROOT);
  } catch (error) {
    if (error instanceof DOMException && (error.name === 'NotFoundError' || error.name === 'SecurityError'))
      return undefined;
    throw error;
  }
}

/** Keeps one earlier visit's files that are worth it and deletes the rest, the folder included if nothing is left. */
async function sift(root: FileSystemDirectoryHandle, name: string): Promise<Leftover[]> {
  const folder = await root.getDirectoryHandle(name);
  const finished = await readIndex(folder);
  const kept: Leftover[] = [];
  for await (const entry of folder.values()) {
    const known = finished.get(entry.name);
    if (entry.kind === 'file' && known?.path !== undefined) {
      kept.push({
        id: `${name}/${entry.name}`,
        path: known.path,
        file: await entry.getFile(),
        saved: known.saved !== undefined,
        discard: () => remove(folder, entry.name),
      });
    } else if (entry.name !== OPFS_INDEX) {
      await remove(folder, entry.name);
    }
  }
  if (kept.length === 0) await remove(root, name);
  return kept;
}

async function remove(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error; // gone is what it should be
  }
}

/** The last that the index says of each file. */
async function readIndex(folder: FileSystemDirectoryHandle): Promise<Map<string, IndexLine>> {
  const files = new Map<string, IndexLine>();
  const index = await folder.getFileHandle(OPFS_INDEX, { create: true });
  for (const text of (await (await index.getFile()).text()).split('\n')) {
    const line = parseLine(text);
    if (line) files.set(line.file, { ...files.get(line.file), ...line });
  }
  return files;
}

/** A visit that ended in the middle of a line left half of it; that file's name is lost, as if it had not ended. */
function parseLine(text: string): IndexLine | undefined {
  try {
    return JSON.parse(text) as IndexLine;
  } catch {
    return undefined;
  }
}
