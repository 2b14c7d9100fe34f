// The part of the browser's private disk (OPFS) that the store uses, as a worker sees it: TypeScript knows sync access handles only where it
// knows no page. A test plays it in memory (testing/fake-disk.ts).

/** A file that is open, for whoever has it alone. */
export interface SyncHandle {
  read(bytes: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  truncate(size: number): void;
  getSize(): number;
  close(): void;
}

export interface DiskFile {
  readonly kind: 'file';
  readonly name: string;
  getFile(): Promise<File>;
  createSyncAccessHandle(): Promise<SyncHandle>;
}

export interface Directory {
  readonly kind: 'directory';
  readonly name: string;
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<Directory>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<DiskFile>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
  values(): AsyncIterable<DiskFile | Directory>;
}

/** The root of this origin's private disk. Rejects where there is none (private windows of some browsers). */
export async function openDisk(): Promise<Directory> {
  return (await navigator.storage.getDirectory()) as unknown as Directory;
}

/** Whether the browser said that there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotFoundError';
}

/** Reads a whole file; a missing one is empty. For what nobody writes to at this moment. */
export async function readFile(directory: Directory, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const file = await (await directory.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (isMissing(error)) return new Uint8Array();
    throw error;
  }
}

/** Deletes a file or a folder with all that is in it; a missing one is what it should be. */
export async function removeEntry(directory: Directory, name: string): Promise<void> {
  try {
    await directory.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
