/** So many, of a mebibyte each. */
const MAX_BLOCKS = 16;

type Bytes = Promise<Uint8Array<ArrayBuffer>>;

/** Blocks that were read lately and of which other parts are asked for: on other lanes, or by other receivers. */
export class RecentBlocks {
  /** The one that was asked for longest ago first. */
  readonly #blocks = new Map<string, Bytes>();
  readonly #names = new WeakMap<object, number>();
  #count = 0;

  /** The block of this owner, read unless it was lately. What could not be read is read anew. */
  get(owner: object, block: number, read: () => Bytes): Bytes {
    const name = this.#names.get(owner) ?? ++this.#count;
    this.#names.set(owner, name);
    const key = `${name} ${block}`;
    const bytes = this.#blocks.get(key) ?? read();
    this.#blocks.delete(key);
    this.#blocks.set(key, bytes);
    bytes.catch(() => this.#blocks.delete(key)); // whoever waits for them is told
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= MAX_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    return bytes;
  }
}
