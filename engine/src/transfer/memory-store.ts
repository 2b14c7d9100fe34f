import { BLOCK_BYTES } from '@tincan/shared/limits';
import { randomId } from '@tincan/shared/base64url';
import { TincanError } from '../platform/errors.ts';
import { BlockSet, blockCount } from './blocks.ts';
import { expiredOf } from './expiry.ts';
import { HASH_BYTES, hashBlock, sameHash } from './hash.ts';
import { Holders } from './holders.ts';
import { checkBlock, checkHash, fileAt } from './store-checks.ts';
import {
  isFreed,
  type FileEnd,
  type FileNote,
  type KeptOffer,
  type Manifest,
  type OfferFolder,
  type OfferStore,
} from './store.ts';

/** The most that is kept in memory at once, in bytes, over all files: larger Blobs of pieces fail to read back in browsers. */
export const MEMORY_CAP_BYTES = 256 * BLOCK_BYTES;

interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: Uint8Array;
  durable: boolean;
}

interface Kept {
  readonly manifest: Manifest;
  link: string;
  readonly ends: Map<number, FileEnd>;
  /** By the files' places. */
  readonly blocks: Map<number, Map<number, Block>>;
  writtenAt: number;
}

/** What several pages of a test share, as pages share a disk. */
class Memory {
  readonly kept = new Map<string, Kept>();
  readonly holders = new Holders();
  capBytes: number;
  usedBytes = 0;

  constructor(capBytes: number) {
    this.capBytes = capBytes;
  }

  /** Frees the blocks of one file, or of all. */
  free({ blocks }: Kept, files: Iterable<number> = [...blocks.keys()]): void {
    for (const file of files) {
      for (const { bytes } of blocks.get(file)?.values() ?? []) this.usedBytes -= bytes.length;
      blocks.delete(file);
    }
  }
}

export interface MemoryStoreOptions {
  /** Over all files of all pages that share it, in bytes. */
  capBytes?: number;
  /** Only a test says so: there, `reopened` plays the next visit. */
  outlivesPage?: boolean;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Keeps received files in memory: for browsers without OPFS (private windows of some), up to a cap, and for tests. */
export class MemoryStore implements OfferStore {
  readonly outlivesPage: boolean;
  readonly #now: () => number;
  readonly #memory: Memory;

  constructor(options: MemoryStoreOptions = {}, beside?: MemoryStore) {
    const { capBytes = MEMORY_CAP_BYTES, outlivesPage = false, now = Date.now } = options;
    this.outlivesPage = beside ? beside.outlivesPage : outlivesPage;
    this.#now = now;
    this.#memory = beside ? beside.#memory : new Memory(capBytes);
  }

  /** May be changed, as room is made on a disk. */
  get capBytes(): number {
    return this.#memory.capBytes;
  }

  set capBytes(bytes: number) {
    this.#memory.capBytes = bytes;
  }

  /** The store of another page over the same memory. */
  beside(options: { now?: () => number } = {}): MemoryStore {
    return new MemoryStore(options, this);
  }

  /** The page is killed and loaded anew: what was not flushed is lost, and what was held is let go of. */
  reopened(options: { now?: () => number } = {}): MemoryStore {
    const { holders, kept } = this.#memory;
    for (const name of holders.of(this)) {
      for (const blocks of kept.get(name)?.blocks.values() ?? []) {
        for (const [block, { durable, bytes }] of blocks) {
          if (durable) continue;
          blocks.delete(block);
          this.#memory.usedBytes -= bytes.length;
        }
      }
      holders.release(name, this);
    }
    return this.beside(options);
  }

  async create(manifest: Manifest, link: string): Promise<OfferFolder> {
    const name = randomId();
    const kept: Kept = { manifest, link, ends: new Map(), blocks: new Map(), writtenAt: this.#now() };
    this.#memory.kept.set(name, kept);
    await this.#memory.holders.take(name, this);
    return this.#open(name, kept);
  }

  async list(): Promise<KeptOffer[]> {
    const { kept, holders } = this.#memory;
    const listed: KeptOffer[] = [];
    for (const [folder, one] of kept) {
      const expired = holders.has(folder) ? [] : expiredOf(one, one.writtenAt, this.#now());
      if (expired === 'all') {
        this.#delete(folder);
        continue;
      }
      for (const file of expired) one.ends.set(file, { end: 'removed' });
      this.#memory.free(one, expired);
      const durableBytes = one.manifest.files.map((_, file) => {
        const blocks = [...(one.blocks.get(file)?.values() ?? [])];
        return blocks.reduce((sum, { durable, bytes }) => sum + (durable ? bytes.length : 0), 0);
      });
      const busy = holders.has(folder) && !holders.has(folder, this);
      listed.push({ folder, manifest: one.manifest, link: one.link, ends: new Map(one.ends), durableBytes, busy });
    }
    return listed;
  }

  async take(folder: string): Promise<OfferFolder> {
    await this.#memory.holders.take(folder, this);
    const kept = this.#memory.kept.get(folder);
    if (kept) return this.#open(folder, kept);
    this.#memory.holders.release(folder, this);
    throw new TincanError('gone', `${folder} has been deleted`);
  }

  async remove(folder: string, files?: readonly number[]): Promise<void> {
    const taken = await this.take(folder);
    if (files === undefined) return taken.discard();
    try {
      await taken.note(files.map((file) => ({ file, end: { end: 'removed' } })));
    } finally {
      await taken.close();
    }
  }

  async available(): Promise<number> {
    return Math.max(0, this.#memory.capBytes - this.#memory.usedBytes);
  }

  async close(): Promise<void> {
    for (const name of this.#memory.holders.of(this)) {
      const kept = this.#memory.kept.get(name);
      if (kept) makeDurable(kept);
      this.#memory.holders.release(name, this);
    }
  }

  #delete(name: string): void {
    const kept = this.#memory.kept.get(name);
    if (kept) this.#memory.free(kept);
    this.#memory.kept.delete(name);
    this.#memory.holders.release(name, this);
  }

  #open(folder: string, kept: Kept): OfferFolder {
    const memory = this.#memory;
    const { manifest, ends } = kept;
    const found = new Map([...kept.blocks].map(([file, blocks]) => [file, [...blocks.keys()]]));
    let isOpen = true;
    const assertHeld = () => {
      if (!isOpen || !memory.holders.has(folder, this))
        throw new TincanError('store-failed', `${folder} was let go of`);
    };
    const release = () => {
      if (isOpen) memory.holders.release(folder, this);
      isOpen = false;
    };
    return {
      folder,
      manifest,
      ends,
      get link() {
        return kept.link;
      },
      durableAtOpening: (file) => {
        const set = new BlockSet(fileAt(manifest, file).size);
        for (const block of found.get(file) ?? []) set.add(block);
        return set;
      },
      write: async (file, block, bytes, hash) => {
        assertHeld();
        checkBlock(kept, file, block, bytes, hash);
        await checkHash(bytes, hash);
        assertHeld();
        const blocks = kept.blocks.get(file) ?? new Map<number, Block>();
        const grows = bytes.length - (blocks.get(block)?.bytes.length ?? 0);
        if (memory.usedBytes + grows > memory.capBytes)
          throw new TincanError('no-space', `memory is capped at ${memory.capBytes} bytes`);
        memory.usedBytes += grows;
        kept.blocks.set(file, blocks.set(block, { bytes, hash, durable: false }));
        kept.writtenAt = this.#now();
        return undefined;
      },
      flush: async () => {
        assertHeld();
        makeDurable(kept);
      },
      read: async (file, block) => {
        assertHeld();
        const found = kept.blocks.get(file)?.get(block);
        if (!found) throw new TincanError('store-failed', `file ${file} has no block ${block}`);
        return found.bytes.slice();
      },
      recheck: async (file, block) => {
        assertHeld();
        const blocks = kept.blocks.get(file);
        const found = blocks?.get(block);
        if (!found?.durable) return false;
        if (sameHash(await hashBlock(found.bytes), found.hash)) return true;
        if (blocks?.get(block) === found) {
          blocks.delete(block);
          memory.usedBytes -= found.bytes.length;
        }
        return false;
      },
      hashes: async (file) => {
        assertHeld();
        const list = new Uint8Array(blockCount(fileAt(manifest, file).size) * HASH_BYTES);
        for (const [block, { hash, durable }] of kept.blocks.get(file) ?? [])
          if (durable) list.set(hash, block * HASH_BYTES);
        return list;
      },
      open: async (file) => {
        assertHeld();
        const blocks = [...(kept.blocks.get(file) ?? [])].sort(([a], [b]) => a - b);
        const blob = new Blob(blocks.map(([, { bytes }]) => bytes));
        if (blob.size !== fileAt(manifest, file).size)
          throw new TincanError('store-failed', `file ${file} is not whole`);
        return blob;
      },
      note: async (notes: readonly FileNote[]) => {
        assertHeld();
        for (const { file } of notes) fileAt(manifest, file);
        for (const { file, end } of notes) {
          ends.set(file, end);
          if (isFreed(end)) memory.free(kept, [file]);
        }
        kept.writtenAt = this.#now();
      },
      moveTo: async (link) => {
        assertHeld();
        kept.link = link;
      },
      close: async () => {
        if (isOpen && memory.holders.has(folder, this)) makeDurable(kept);
        release();
      },
      discard: async () => {
        if (isOpen && memory.holders.has(folder, this)) this.#delete(folder);
        isOpen = false;
      },
    };
  }
}

function makeDurable({ blocks }: Kept): void {
  for (const file of blocks.values()) for (const block of file.values()) block.durable = true;
}
