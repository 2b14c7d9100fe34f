import { BLOCK_BYTES } from '@tincan/shared/limits';
import { TincanError } from '../platform/errors.ts';
import { blockBytes, blockCount, BlockSet } from './blocks.ts';
import { HASH_BYTES, hashBlock, sameHash, toHex } from './hash.ts';
import { RecentBlocks } from './recent-blocks.ts';
import { readSmall, SMALL_BYTES } from './small-reads.ts';

/** How often a file that is being read is looked at, whether it has changed, in milliseconds. */
const LOOK_INTERVAL_MS = 5_000;

/** Of all sources: memory is the page's. */
const recent = new RecentBlocks();

/** Opens the file as it is now. `undefined` where the browser does not allow that at this moment; rejects if the file is gone. */
export type Reopen = () => Promise<File | undefined>;

/**
 * Where a transfer's bytes come from: a file of the person's. Several transfers may share one; each block is hashed once, and whatever is read again
 * is compared with that. A file that has changed, or that the browser refuses to read as if it had, rejects everything from then on with `source-changed`; one that is gone, with `source-unreadable`.
 */
export class Source {
  /** In bytes, as it was when the file was chosen. */
  readonly size: number;
  /** As it was when the file was chosen, in milliseconds since 1970; `undefined` where it is no file. */
  readonly modified: number | undefined;
  #file: Blob;
  readonly #reopen: Reopen | undefined;
  /** Of what is being read, in milliseconds since 1970; `undefined` where the browser does not tell. */
  #date: number | undefined;
  /** Bytes that cannot change: in memory, or of a file that is not read any more once it has. Only what a browser calls a file may be another one unnoticed. */
  readonly #isFixed: boolean;
  #hasRead = false;
  /** The date has changed since something was read: what was hashed may not be in the file any more. */
  #isSuspect = false;
  #changed: TincanError<'source-changed'> | undefined;
  #lookedAt = -Infinity;
  /** 32 bytes a block, of those in `#hashed`; made with the first of them. */
  #hashes: Uint8Array<ArrayBuffer> | undefined;
  readonly #hashed: BlockSet;
  /** Of blocks that have just been read. */
  readonly #hashing = new Map<number, Promise<Uint8Array>>();
  #whole: Promise<string> | undefined;
  readonly #waiting = new Set<() => boolean>();

  constructor(file: Blob, reopen?: Reopen) {
    this.#file = file;
    this.#reopen = reopen;
    // Each of the two is a call of the page's thread to the browser, at every time.
    this.size = file.size;
    this.modified = file instanceof File ? file.lastModified : undefined;
    this.#isFixed = !(file instanceof File);
    this.#date = this.modified;
    this.#hashed = new BlockSet(this.size);
  }

  /** Reads one block and starts hashing it. */
  async readBlock(block: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.#isOneBlock && this.#reopen && performance.now() - this.#lookedAt > LOOK_INTERVAL_MS) await this.#look();
    const bytes = await this.#read(block);
    // Whoever waits for the hash hears if it fails; the next one who asks reads it anew.
    if (!this.#hashing.has(block)) this.#hash(block, bytes).catch(() => {});
    return bytes;
  }

  /** The same of a block that was read lately, without reading or hashing it once more: another part of it has been asked for. */
  async recentBlock(block: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await recent.get(this, block, () => this.readBlock(block));
    if (this.#changed) throw this.#changed;
    return bytes;
  }

  /** The hash of one block, reading it only if it has not been read before. */
  async blockHash(block: number): Promise<Uint8Array> {
    if (this.#changed) throw this.#changed;
    if (!this.#hashing.has(block) && !this.#hashed.has(block)) await this.readBlock(block);
    return this.#hashing.get(block) ?? this.#hashOf(block);
  }

  /**
   * The hash of the file as it is now, as 64 hex digits. What was hashed before is read once more, unless the file's date says that nothing has changed:
   * with a date that browsers do not tell anew, only that shows whether what was sent is still the file. Bytes that cannot change are not. One block is read at once, and so is a file as it
   * was at that moment. It ends early, by rejecting, once nobody who asked waits for it any more.
   */
  async fileHash(isWaiting = () => true): Promise<string> {
    this.#waiting.add(isWaiting);
    try {
      return await (this.#whole ??= this.#hashAll().finally(() => (this.#whole = undefined)));
    } finally {
      this.#waiting.delete(isWaiting);
    }
  }

  async #hashAll(): Promise<string> {
    let isAsHashed = this.#isOneBlock || this.#isFixed || ((await this.#look()) && !this.#isSuspect);
    do {
      this.#isSuspect = false; // from here on
      try {
        await this.#hashBlocks(isAsHashed);
      } catch (error) {
        this.#isSuspect = true; // it was not read to its end
        throw error;
      }
      isAsHashed = false;
    } while (!this.#isOneBlock && (await this.#look()) && this.#isSuspect); // it was written to meanwhile
    return toHex(await hashBlock(this.#hashList()));
  }

  async #hashBlocks(isAsHashed: boolean): Promise<void> {
    for (let block = 0; block < blockCount(this.size); block++) {
      if (![...this.#waiting].some((isWaiting) => isWaiting()))
        throw new TincanError('source-unreadable', 'nobody waits for the hash any more');
      if (!isAsHashed && this.#hashed.has(block)) await this.readBlock(block);
      await this.blockHash(block);
    }
  }

  /** The first time, the block's hash; every other, whether it is still the same. */
  #hash(block: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const hashing = hashBlock(bytes)
      .then((hash) => {
        if (!this.#hashed.has(block)) {
          this.#hashList().set(hash, block * HASH_BYTES);
          this.#hashed.add(block);
        } else if (!sameHash(hash, this.#hashOf(block))) throw this.#handleChanged(`block ${block} is another one`);
        return this.#hashOf(block);
      })
      .finally(() => this.#hashing.delete(block));
    this.#hashing.set(block, hashing);
    return hashing;
  }

  get #isOneBlock(): boolean {
    return this.size <= BLOCK_BYTES;
  }

  #hashOf(block: number): Uint8Array {
    return this.#hashList().subarray(block * HASH_BYTES, (block + 1) * HASH_BYTES);
  }

  #hashList(): Uint8Array<ArrayBuffer> {
    return (this.#hashes ??= new Uint8Array(blockCount(this.size) * HASH_BYTES));
  }

  // ---- the file on the person's disk

  async #read(block: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = block * BLOCK_BYTES;
    const end = start + blockBytes(this.size, block);
    const read = async () => {
      if (this.size <= SMALL_BYTES) return readSmall(this.#file, this.size);
      // To take a part of a file is a call to the browser of its own.
      return new Uint8Array(await (this.#isOneBlock ? this.#file : this.#file.slice(start, end)).arrayBuffer());
    };
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      // A browser that sees the file's date change does not read it any more; what it gives anew, it does.
      bytes = await read().catch(async (cause: unknown) => this.#readAnew(cause, read));
    } catch (cause) {
      throw this.#changed ?? new TincanError('source-unreadable', `block ${block} cannot be read`, { cause });
    }
    if (bytes.length !== end - start) throw this.#handleChanged('the file has another size now');
    if (this.#changed) throw this.#changed;
    this.#hasRead = true;
    return bytes;
  }

  async #readAnew<Bytes>(cause: unknown, read: () => Promise<Bytes>): Promise<Bytes> {
    if (await this.#look()) return read();
    // So says a browser of a file that is there and has another date now; only one that is locked or forbidden meets the same.
    const isKeptFrom = cause instanceof Error && cause.name === 'NotReadableError';
    throw isKeptFrom ? this.#handleChanged('the browser does not read it any more') : cause;
  }

  /** Compares date and size with what they were, and goes on with the file as it is now. False where the browser does not give it anew. */
  async #look(): Promise<boolean> {
    if (this.#changed) throw this.#changed;
    this.#lookedAt = performance.now();
    let fresh: File | undefined;
    try {
      fresh = await this.#reopen?.();
    } catch (cause) {
      throw new TincanError('source-unreadable', 'the file is gone', { cause });
    }
    if (!fresh) return false;
    if (fresh.size !== this.size) throw this.#handleChanged(`it has ${fresh.size} bytes now`);
    if (fresh.lastModified !== this.#date && this.#hasRead) this.#isSuspect = true;
    this.#date = fresh.lastModified;
    this.#file = fresh;
    return true;
  }

  #handleChanged(why: string): TincanError<'source-changed'> {
    return (this.#changed ??= new TincanError('source-changed', why));
  }
}

/** Whether a source has failed as the file is not what was sent of it any more. */
export function isChange(error: unknown): boolean {
  return error instanceof TincanError && error.code === 'source-changed';
}
