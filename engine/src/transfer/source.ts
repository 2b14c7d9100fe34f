import { BLOCK_BYTES } from '@tincan/shared/limits';
import { TincanError } from '../platform/errors.ts';
import { blockBytes, blockCount, BlockSet } from './blocks.ts';
import { HASH_BYTES, hashBlock, toHex } from './hash.ts';

/** Where a transfer's bytes come from: a file of the person's. Several transfers may share one; each block is hashed once. */
export class Source {
  readonly #file: Blob;
  /** 32 bytes a block, of those in `#hashed`; made with the first of them. */
  #hashes: Uint8Array<ArrayBuffer> | undefined;
  readonly #hashed: BlockSet;
  /** Of blocks that have just been read. */
  readonly #hashing = new Map<number, Promise<Uint8Array>>();
  #fileHash: Promise<string> | undefined;

  constructor(file: Blob) {
    this.#file = file;
    this.#hashed = new BlockSet(file.size);
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
    // Whoever waits for the hash hears if it fails; the next one who asks hashes it anew.
    if (!this.#hashed.has(block) && !this.#hashing.has(block)) this.#hash(block, bytes).catch(() => {});
    return bytes;
  }

  /** The hash of one block, reading it only if it has not been read before. */
  async blockHash(block: number): Promise<Uint8Array> {
    if (!this.#hashed.has(block)) {
      const hashing = this.#hashing.get(block);
      if (hashing) return hashing;
      const bytes = await this.readBlock(block);
      if (!this.#hashed.has(block)) return this.#hashing.get(block) ?? this.#hash(block, bytes);
    }
    return this.#hashList().subarray(block * HASH_BYTES, (block + 1) * HASH_BYTES);
  }

  /** The file's hash, as 64 hex digits; reads what has not been read before, once for all who ask. */
  fileHash(): Promise<string> {
    this.#fileHash ??= this.#hashAll().catch((error: unknown) => {
      this.#fileHash = undefined; // the next one who asks reads again
      throw error;
    });
    return this.#fileHash;
  }

  #hash(block: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const hashing = hashBlock(bytes)
      .then((hash) => {
        this.#hashList().set(hash, block * HASH_BYTES);
        this.#hashed.add(block);
        return hash;
      })
      .finally(() => this.#hashing.delete(block));
    this.#hashing.set(block, hashing);
    return hashing;
  }

  async #hashAll(): Promise<string> {
    for (let block = 0; block < blockCount(this.size); block++) await this.blockHash(block);
    return toHex(await hashBlock(this.#hashList()));
  }

  #hashList(): Uint8Array<ArrayBuffer> {
    return (this.#hashes ??= new Uint8Array(blockCount(this.size) * HASH_BYTES));
  }
}
