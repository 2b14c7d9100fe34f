import { BLOCK_BYTES } from '@tincan/shared/limits';
import { TincanError } from '../platform/errors.ts';
import { blockBytes, blockCount } from './blocks.ts';
import { HASH_BYTES, hashBlock, toHex } from './hash.ts';

/** Where a transfer's bytes come from: a file of the person's. Several transfers may share one; each block is hashed once. */
export class Source {
  readonly #file: Blob;
  /** When it was changed last, in milliseconds since 1970; 0 where that is not known. */
  readonly modifiedAt: number;
  readonly #hashes = new Map<number, Promise<Uint8Array>>();
  #fileHash: Promise<string> | undefined;

  constructor(file: Blob) {
    this.#file = file;
    this.modifiedAt = 'lastModified' in file && typeof file.lastModified === 'number' ? file.lastModified : 0;
  }

  /** In bytes, as it was when the file was chosen. */
  get size(): number {
    return this.#file.size;
  }

  /** Reads one block and starts hashing it. Rejects with `source-unreadable` if the file is gone or has changed. */
  async readBlock(block: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = block * BLOCK_BYTES;
    const length = blockBytes(this.size, block);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(await this.#file.slice(start, start + length).arrayBuffer());
    } catch (cause) {
      throw new TincanError('source-unreadable', `block ${block} cannot be read`, { cause });
    }
    if (bytes.length !== length)
      throw new TincanError('source-unreadable', `block ${block} is shorter than the file was`);
    if (!this.#hashes.has(block)) {
      const hash = hashBlock(bytes);
      this.#hashes.set(block, hash);
      // The next one who asks hashes it anew; whoever waits for this one hears of it.
      hash.catch(() => this.#hashes.delete(block));
    }
    return bytes;
  }

  /** The hash of one block, reading it only if it has not been read before. */
  async blockHash(block: number): Promise<Uint8Array> {
    if (!this.#hashes.has(block)) await this.readBlock(block);
    return this.#hashes.get(block)!;
  }

  /** The file's hash, as 64 hex digits; reads what has not been read before, once for all who ask. */
  fileHash(): Promise<string> {
    this.#fileHash ??= this.#hashAll().catch((error: unknown) => {
      this.#fileHash = undefined; // the next one who asks reads again
      throw error;
    });
    return this.#fileHash;
  }

  async #hashAll(): Promise<string> {
    const blocks = blockCount(this.size);
    const list = new Uint8Array(blocks * HASH_BYTES);
    for (let block = 0; block < blocks; block++) list.set(await this.blockHash(block), block * HASH_BYTES);
    return toHex(await hashBlock(list));
  }
}
