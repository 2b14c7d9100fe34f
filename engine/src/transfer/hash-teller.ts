import { toBase64Url } from '@tincan/shared/base64url';
import type { SenderMessage } from '@tincan/shared/link-message';
import { MAX_BATCH_ENTRIES } from '@tincan/shared/limits';
import { SerialQueue } from '../platform/serial-queue.ts';
import { blockCount, BlockSet } from './blocks.ts';
import { isLive } from './file-state.ts';
import type { SendingFile } from './outgoing-offer.ts';

/** Hashes of small files that share a message, and how long they wait for each other, in milliseconds: no lane keeps them waiting. */
const HASHES_PER_MESSAGE = MAX_BATCH_ENTRIES / 4;
const DELAY_MS = 10;
/** Requests for the hashes of what an earlier page has written; each has at most 64 ranges. What is more is not compared before the end. */
const MAX_WAITING = 1_024;

/** Tells the receiver the hashes of blocks, over the link. */
export class HashTeller {
  readonly #send: (message: SenderMessage) => void;
  readonly #onUnreadable: (file: SendingFile, error: unknown) => void;
  readonly #behind = new SerialQueue(MAX_WAITING);
  /** Of each handle, what was told again on this link: once is enough, however often it is asked for. */
  readonly #toldAgain = new Map<number, BlockSet>();
  #hashes: { handle: number; block: number; hash: string }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (message: SenderMessage) => void, onUnreadable: (file: SendingFile, error: unknown) => void) {
    this.#send = send;
    this.#onUnreadable = onUnreadable;
  }

  /** Tells the hash of one block: at once, or together with what comes in the same moment. */
  async tell(file: SendingFile, block: number, when: 'at-once' | 'soon'): Promise<void> {
    const { handle } = file;
    let hash: Uint8Array | undefined;
    try {
      hash = await file.source?.blockHash(block);
    } catch (error) {
      return this.#onUnreadable(file, error);
    }
    // On another link, or with another session, it has another name.
    if (handle === undefined || file.handle !== handle || !hash || !isLive(file)) return;
    this.#hashes.push({ handle, block, hash: toBase64Url(hash) });
    if (when === 'at-once' || this.#hashes.length >= HASHES_PER_MESSAGE) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), DELAY_MS);
  }

  /** The receiver has these blocks from before: their hashes, of the file as it is now, tell whether it is still the same. One after the other, behind the transfer. */
  tellAgain(file: SendingFile, ranges: readonly (readonly [number, number])[]): void {
    const { handle } = file;
    if (handle === undefined) return;
    const told = this.#toldAgain.get(handle) ?? new BlockSet(file.size);
    this.#toldAgain.set(handle, told);
    void this.#behind.push(async () => {
      for (const [first, count] of ranges) {
        const end = Math.min(first + count, blockCount(file.size));
        for (let block = first; block < end; block++) {
          if (file.handle !== handle || !isLive(file) || !file.source) return;
          if (told.has(block)) continue;
          told.add(block);
          await this.tell(file, block, 'soon');
        }
      }
    });
  }

  /** The file is another one, perhaps: what was told of it is told anew. */
  forget({ handle }: SendingFile): void {
    if (handle !== undefined) this.#toldAgain.delete(handle);
  }

  /** Nothing that waits would be heard any more. */
  clear(): void {
    this.#drop();
    this.#toldAgain.clear();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hashes = [];
  }

  #flush(): void {
    const hashes = this.#hashes;
    this.#drop();
    if (hashes.length > 0) this.#send({ type: 'hashes', hashes });
  }
}
