import { BLOCK_BYTES } from '@tincan/shared/limits';
import { TincanError } from '../platform/errors.ts';
import { blockBytes, blockCount } from './blocks.ts';
import { hashBlock, hashFile } from './hash.ts';

/** Where a transfer's bytes come from: a file of the person's. Several transfers may share one; each block is hashed once. */
export class Source {
  readonly #file: Blob;
  readonly #hashes: Promise<Uint8Array>[] = [];
  #fileHash: Promise<string> | undefined;

  constructor(file: Blob) {
    this.#file = file;
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
    this.#hashes[block] ??= hashBlock(bytes);
    return bytes;
  }

  /** The hash of one block, reading it only if it has not been read before. */
  async blockHash(block: number): Promise<Uint8Array> {
    if (!this.#hashes[block]) await this.readBlock(block);
    return this.#hashes[block]!;
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
    const hashes: Uint8Array[] = [];
    for (let block = 0; block < blockCount(this.size); block++) hashes.push(await this.blockHash(block));
    return hashFile(hashes);
  }
}
