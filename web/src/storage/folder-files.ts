import { TincanError } from '@tincan/engine/platform/errors';
import { TAKE_TIMEOUT_MS } from '@tincan/engine/transfer/store';
import { isMissing, removeEntry, type Directory, type SyncHandle } from './handles.ts';

/** So many files of a folder are open at a time: an offer may have 50,000, and a browser few handles. */
const MAX_OPEN = 32;
/** A worker that was killed lets go of its lock and of its handles in no fixed order: so often the handles are tried, in milliseconds. */
const RETRY_INTERVAL_MS = 50;

interface Open {
  readonly handle: SyncHandle;
  dirty: boolean;
}

/** The files of one folder, opened when they are needed and closed when others are. One call at a time: its user queues them. */
export class FolderFiles {
  readonly #directory: Directory;
  readonly #maxOpen: number;
  /** The one that was used last is the last. */
  readonly #open = new Map<string, Open>();

  constructor(directory: Directory, maxOpen = MAX_OPEN) {
    this.#directory = directory;
    this.#maxOpen = maxOpen;
  }

  /** Writes all of it, or throws, `no-space` where the disk took less: then the file is no longer than before. */
  async write(name: string, at: number, bytes: Uint8Array): Promise<void> {
    const open = await this.#use(name);
    const { handle } = open;
    const size = handle.getSize();
    open.dirty = true;
    try {
      const written = handle.write(bytes, { at });
      // At its quota Chromium does not throw: it gives a number, and not always a small one.
      if (written !== bytes.length)
        throw new TincanError('no-space', `of ${bytes.length} bytes ${written} were written`);
    } catch (error) {
      // Half of it would take the room that the sidecar of what was written before needs; and half of the notes might count later.
      if (handle.getSize() > size) handle.truncate(size);
      throw error;
    }
  }

  /** Reads so many bytes, or what there is of them. */
  async read(name: string, at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.#open.has(name) && !(await this.#exists(name))) return new Uint8Array();
    const { handle } = await this.#use(name);
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, handle.read(bytes, { at }));
  }

  /** What was written to it is on the disk afterwards. */
  async flush(name: string): Promise<void> {
    const open = this.#open.get(name);
    if (open) flushOpen(open); // one that is not open was flushed when it was closed
  }

  /** Flushes it and lets go of it. */
  async close(name: string): Promise<void> {
    const open = this.#open.get(name);
    if (!open) return;
    flushOpen(open);
    open.handle.close();
    this.#open.delete(name);
  }

  /** Lets go of all, with whatever was not flushed. */
  abandon(): void {
    for (const { handle } of this.#open.values()) handle.close();
    this.#open.clear();
  }

  /** Deletes it. */
  async remove(name: string): Promise<void> {
    this.#open.get(name)?.handle.close();
    this.#open.delete(name);
    await removeEntry(this.#directory, name);
  }

  async #use(name: string): Promise<Open> {
    let open = this.#open.get(name);
    if (!open) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined && this.#open.size >= this.#maxOpen) await this.close(oldest);
      open = { handle: await this.#openHandle(name), dirty: false };
    }
    this.#open.delete(name);
    this.#open.set(name, open);
    return open;
  }

  async #exists(name: string): Promise<boolean> {
    try {
      await this.#directory.getFileHandle(name);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #openHandle(name: string): Promise<SyncHandle> {
    const file = await this.#directory.getFileHandle(name, { create: true });
    const deadline = performance.now() + TAKE_TIMEOUT_MS;
    for (;;) {
      try {
        return await file.createSyncAccessHandle();
      } catch (error) {
        const isOpenElsewhere = error instanceof Error && error.name === 'NoModificationAllowedError';
        if (!isOpenElsewhere || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
      }
    }
  }
}

function flushOpen(open: Open): void {
  if (!open.dirty) return;
  open.handle.flush();
  open.dirty = false;
}
