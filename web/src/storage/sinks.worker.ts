// Holds the sync access handles of one page's received files: the only fast way to write to a browser's disk, and
// only workers have it. One request at a time per file is not needed: the handle's own calls are synchronous.
import { OPFS_INDEX, OPFS_ROOT, lockOf, type IndexLine } from './leftovers.ts';
import type { OpfsAnswer, OpfsRequest } from './sinks-protocol.ts';

interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
  getSize(): number;
}
type WritableHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

let directory: FileSystemDirectoryHandle | undefined;
let index: SyncAccessHandle | undefined;
const open = new Map<string, SyncAccessHandle>();

addEventListener('message', ({ data }: MessageEvent<{ number: number; request: OpfsRequest }>) => {
  void handle(data.request)
    .catch((error: unknown): OpfsAnswer => {
      const full = error instanceof DOMException && error.name === 'QuotaExceededError';
      return { ok: false, code: full ? 'no-space' : 'sink-failed', message: String(error) };
    })
    .then((answer) => postMessage({ number: data.number, answer }));
});

async function handle(request: OpfsRequest): Promise<OpfsAnswer> {
  switch (request.op) {
    case 'start': {
      await holdLock(lockOf(request.directory));
      const root = await navigator.storage.getDirectory();
      const all = await root.getDirectoryHandle(OPFS_ROOT, { create: true });
      directory = await all.getDirectoryHandle(request.directory, { create: true });
      index = await createHandle(OPFS_INDEX);
      return { ok: true };
    }
    case 'open':
      open.set(request.file, await createHandle(request.file));
      return { ok: true };
    case 'write': {
      const written = handleOf(request.file).write(request.bytes, { at: request.offset });
      if (written < request.bytes.length) return { ok: false, code: 'no-space', message: `wrote ${written} bytes` };
      return { ok: true };
    }
    case 'flush':
      handleOf(request.file).flush();
      return { ok: true };
    case 'finish': {
      const { file, path, hash } = request;
      handleOf(file).flush();
      closeHandle(file);
      note({ file, path, hash });
      const finished = await folder().getFileHandle(file);
      return { ok: true, file: await finished.getFile() };
    }
    case 'saved':
      note({ file: request.file, saved: Date.now() });
      return { ok: true };
    case 'discard':
      closeHandle(request.file);
      await folder().removeEntry(request.file);
      return { ok: true };
  }
}

/** Takes a lock that goes with this worker. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, () => {
        resolve();
        return new Promise<never>(() => {});
      })
      .catch(reject);
  });
}

function folder(): FileSystemDirectoryHandle {
  if (!directory) throw new Error('not started');
  return directory;
}

async function createHandle(name: string): Promise<SyncAccessHandle> {
  const file = (await folder().getFileHandle(name, { create: true })) as WritableHandle;
  return file.createSyncAccessHandle();
}

function handleOf(file: string): SyncAccessHandle {
  const handle = open.get(file);
  if (!handle) throw new Error('not open');
  return handle;
}

function closeHandle(file: string): void {
  open.get(file)?.close();
  open.delete(file);
}

/** Appends to the index. Only names of finished files stand in it, so it is small and flushed with each line. */
function note(line: IndexLine): void {
  if (!index) throw new Error('not started');
  index.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`), { at: index.getSize() });
  index.flush();
}
