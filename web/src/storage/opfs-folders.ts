// All offers that are kept on the disk, within the worker that writes them.
import { randomId } from '@tincan/shared/base64url';
import { TincanError } from '@tincan/engine/platform/errors';
import { blockBytes } from '@tincan/engine/transfer/blocks';
import { expiredOf, KEEP_UNFINISHED_MS } from '@tincan/engine/transfer/expiry';
import {
  isFreed,
  TAKE_TIMEOUT_MS,
  type FileEnd,
  type KeptOffer,
  type Manifest,
  type OfferStore,
} from '@tincan/engine/transfer/store';
import { MANIFEST, NOTES, PACK_HASHES, durableBlocks, isPacked, placesOf } from './folder-layout.ts';
import { parseManifest, parseNotes } from './folder-notes.ts';
import { isMissing, readFile, removeEntry, type Directory } from './handles.ts';
import { OpfsFolder, type Holding } from './opfs-folder.ts';
import { asStoreError } from './store-errors.ts';
import type { Locks, Release } from './web-locks.ts';

export interface OpfsFoldersOptions {
  /** Of this application alone: nothing else is in it. */
  readonly directory: Directory;
  readonly locks: Locks;
  /** What the locks' names begin with: unlike those of another application of this origin. */
  readonly lockPrefix: string;
  readonly estimate: () => Promise<StorageEstimate>;
}

export class OpfsFolders implements OfferStore {
  readonly outlivesPage = true;
  readonly #directory: Directory;
  readonly #locks: Locks;
  readonly #lockPrefix: string;
  readonly #estimate: () => Promise<StorageEstimate>;
  readonly #held = new Map<string, OpfsFolder>();

  constructor({ directory, locks, lockPrefix, estimate }: OpfsFoldersOptions) {
    this.#directory = directory;
    this.#locks = locks;
    this.#lockPrefix = lockPrefix;
    this.#estimate = estimate;
  }

  async create(manifest: Manifest, link: string): Promise<OpfsFolder> {
    const name = randomId();
    return this.#hold(name, async (holding) => {
      try {
        const directory = await this.#directory.getDirectoryHandle(name, { create: true });
        return await OpfsFolder.create({ ...holding, directory }, { manifest, link });
      } catch (error) {
        await removeEntry(this.#directory, name);
        throw error;
      }
    });
  }

  async list(now = Date.now()): Promise<KeptOffer[]> {
    const kept: KeptOffer[] = [];
    for await (const entry of this.#directory.values()) {
      if (entry.kind !== 'directory') continue;
      try {
        const one = await this.#look(entry, now);
        if (one) kept.push(one);
      } catch (error) {
        if (!isMissing(error)) console.warn(`The folder ${entry.name} could not be read.`, error); // the others can
      }
    }
    return kept;
  }

  async take(folder: string): Promise<OpfsFolder> {
    return this.#hold(folder, async (holding) =>
      OpfsFolder.open({ ...holding, directory: await this.#directory.getDirectoryHandle(folder) }),
    );
  }

  async remove(folder: string, files?: readonly number[]): Promise<void> {
    if (files !== undefined) return this.#removeFiles(folder, files);
    // Without reading it: one that cannot be read can be deleted all the same.
    const release = await this.#lock(folder);
    try {
      await this.#directory.removeEntry(folder, { recursive: true });
    } catch (error) {
      throw asTakeError(folder, error);
    } finally {
      await release();
    }
  }

  async available(): Promise<number> {
    try {
      const { quota = 0, usage = 0 } = await this.#estimate();
      return Math.max(0, quota - usage);
    } catch (error) {
      console.warn('The browser does not tell how much space is free.', error);
      return Infinity; // a write will tell
    }
  }

  async close(): Promise<void> {
    const closing = await Promise.allSettled([...this.#held.values()].map((folder) => folder.close()));
    for (const each of closing) if (each.status === 'rejected') throw asStoreError(each.reason);
  }

  /** Gives a folder that this page holds. */
  held(folder: string): OpfsFolder {
    const held = this.#held.get(folder);
    if (!held) throw new TincanError('store-failed', `${folder} is not held`);
    return held;
  }

  async #lock(folder: string): Promise<Release> {
    const release = await this.#locks.take(this.#lockPrefix + folder, TAKE_TIMEOUT_MS);
    if (!release) throw new TincanError('busy', `${folder} is held by another page`);
    return release;
  }

  /** Takes the lock first: whatever the folder is afterwards, nobody else changes it. */
  async #hold(name: string, open: (holding: Omit<Holding, 'directory'>) => Promise<OpfsFolder>): Promise<OpfsFolder> {
    const release = await this.#lock(name);
    try {
      const folder = await open({
        release: async () => {
          this.#held.delete(name);
          await release();
        },
        delete: () => removeEntry(this.#directory, name),
      });
      this.#held.set(name, folder);
      return folder;
    } catch (error) {
      await release();
      throw asTakeError(name, error);
    }
  }

  /** What is in a folder, or nothing if it has expired or cannot be read; such a one is kept for as long as an unfinished offer. */
  async #look(directory: Directory, now: number): Promise<KeptOffer | undefined> {
    const folder = directory.name;
    const isHeld = (await this.#locks.held()).has(this.#lockPrefix + folder);
    const beginning = await parseManifest(await readFile(directory, MANIFEST));
    if (!beginning) {
      if (isHeld) return undefined; // it is being made at this moment
      console.warn(`The manifest of ${folder} cannot be read; what is in it is lost.`);
      if (now - (await lastWritten(directory)) > KEEP_UNFINISHED_MS) await this.#expire(folder);
      return undefined;
    }
    const { manifest } = beginning;
    const { ends, link = beginning.link } = parseNotes(await readFile(directory, NOTES), manifest.files.length);
    const expired = isHeld ? [] : expiredOf({ manifest, ends }, await lastWritten(directory), now);
    if (expired === 'all') {
      await this.#expire(folder);
      return undefined;
    }
    if (expired.length > 0) {
      try {
        await this.#removeFiles(folder, expired);
        for (const file of expired) ends.set(file, { end: 'removed' });
      } catch (error) {
        console.warn(`What has expired in ${folder} could not be deleted; a later look will.`, error);
      }
    }
    const busy = isHeld && !this.#held.has(folder);
    return { folder, manifest, link, ends, busy, durableBytes: await countDurable(directory, manifest, ends) };
  }

  async #removeFiles(folder: string, files: readonly number[]): Promise<void> {
    const taken = await this.take(folder);
    try {
      await taken.note(files.map((file) => ({ file, end: { end: 'removed' } })));
    } finally {
      await taken.close();
    }
  }

  /** Deletes it unless somebody has taken it just now. */
  async #expire(folder: string): Promise<void> {
    const release = await this.#locks.take(this.#lockPrefix + folder, 0);
    if (!release) return;
    try {
      await removeEntry(this.#directory, folder);
    } finally {
      await release();
    }
  }
}

function asTakeError(folder: string, error: unknown): TincanError {
  return isMissing(error) ? new TincanError('gone', `${folder} has been deleted`) : asStoreError(error);
}

async function lastWritten(directory: Directory): Promise<number> {
  let latest = 0;
  for await (const entry of directory.values())
    if (entry.kind === 'file') latest = Math.max(latest, (await entry.getFile()).lastModified);
  return latest;
}

async function countDurable(
  directory: Directory,
  { files }: Manifest,
  ends: ReadonlyMap<number, FileEnd>,
): Promise<number[]> {
  const pack = await readSidecar(directory, PACK_HASHES);
  const counts: number[] = [];
  for (const [file, place] of placesOf(files).entries()) {
    let bytes = 0;
    if (!isFreed(ends.get(file))) {
      const sidecar = isPacked(place.size) ? pack : await readSidecar(directory, place.sidecar);
      for (const block of durableBlocks(place, sidecar)) bytes += blockBytes(place.size, block);
    }
    counts.push(bytes);
  }
  return counts;
}

/** A sidecar that another page writes to at this moment cannot always be read: then it says nothing. */
async function readSidecar(directory: Directory, name: string): Promise<Uint8Array> {
  try {
    return await readFile(directory, name);
  } catch (error) {
    console.info(`${name} could not be read.`, error);
    return new Uint8Array();
  }
}
