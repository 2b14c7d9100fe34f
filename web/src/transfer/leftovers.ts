import { OPFS_INDEX, OPFS_ROOT, lockOf, type IndexLine } from './opfs-protocol.ts';

/** A file that an earlier visit received whole and never saved. */
export interface Leftover {
  readonly id: string;
  readonly path: string;
  readonly hash: string;
  readonly file: File;
  /** Deletes it for good. */
  discard(): Promise<void>;
}

/**
 * Finds what earlier visits received whole and never saved, and deletes what else they left: parts of files whose
 * transfer ended with the visit, and files that were saved. Folders of pages that are still open are left alone.
 */
export async function findLeftovers(): Promise<Leftover[]> {
  const root = await receivedFolder();
  if (!root) return [];
  const found: Leftover[] = [];
  for await (const entry of root.values()) {
    if (entry.kind !== 'directory') continue;
    await navigator.locks.request(lockOf(entry.name), { ifAvailable: true }, async (lock) => {
      if (lock) found.push(...(await sift(root, entry.name)));
    });
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

/** Keeps one earlier visit's unsaved files and deletes the rest, itself included if nothing is left. */
async function sift(root: FileSystemDirectoryHandle, name: string): Promise<Leftover[]> {
  const folder = await root.getDirectoryHandle(name);
  const unsaved = await readIndex(folder);
  const kept: Leftover[] = [];
  for await (const entry of folder.values()) {
    const known = unsaved.get(entry.name);
    if (entry.kind === 'file' && known) {
      const { path, hash } = known;
      kept.push({
        id: `${name}/${entry.name}`,
        path,
        hash,
        file: await entry.getFile(),
        discard: () => folder.removeEntry(entry.name),
      });
    } else if (entry.name !== OPFS_INDEX) {
      await folder.removeEntry(entry.name, { recursive: true });
    }
  }
  if (kept.length === 0) await root.removeEntry(name, { recursive: true });
  return kept;
}

async function readIndex(folder: FileSystemDirectoryHandle): Promise<Map<string, { path: string; hash: string }>> {
  const unsaved = new Map<string, { path: string; hash: string }>();
  const index = await folder.getFileHandle(OPFS_INDEX, { create: true });
  for (const text of (await (await index.getFile()).text()).split('\n')) {
    const line = parseLine(text);
    if (line?.saved) unsaved.delete(line.file);
    else if (line?.path !== undefined && line.hash !== undefined)
      unsaved.set(line.file, { path: line.path, hash: line.hash });
  }
  return unsaved;
}

/** A visit that ended in the middle of a line left half of it; that file's name is lost, as if it had not ended. */
function parseLine(text: string): IndexLine | undefined {
  try {
    return JSON.parse(text) as IndexLine;
  } catch {
    return undefined;
  }
}
