import { TincanError } from '@tincan/engine/platform/errors';
import { BlockSet } from '@tincan/engine/transfer/blocks';
import { fileAt } from '@tincan/engine/transfer/store-checks';
import {
  type FileNote,
  type KeptOffer,
  type Manifest,
  type OfferFolder,
  type OfferStore,
} from '@tincan/engine/transfer/store';
import { WriteBatches } from './write-batches.ts';
import type { HeldFolder, StoreAnswer, StoreCallName, StoreCalls, StoreRequest } from './store-protocol.ts';

/** The worker as its page sees it. */
export interface StoreWorker {
  postMessage(message: StoreRequest, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { data: StoreAnswer }) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: { message?: string }) => void): void;
  terminate(): void;
}

export interface OpfsStoreOptions {
  /** The path that the application is served at: what is kept is its own. */
  path?: string;
  now?: () => number;
  worker?: StoreWorker;
  /** Asks the browser not to delete what is kept when the disk fills up. */
  persist?: () => Promise<boolean>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: TincanError) => void;
}

/** Keeps received files in the browser's private disk space (OPFS), written by a worker. */
export class OpfsStore implements OfferStore {
  readonly outlivesPage = true;
  readonly #worker: StoreWorker;
  readonly #now: () => number;
  #persist: (() => Promise<boolean>) | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;
  /** Why nothing more can be asked. */
  #ended: TincanError | undefined;

  /** Starts the worker. Rejects where the browser has no OPFS or does not allow it (private windows of some), with `not-loaded` where the worker cannot be fetched. */
  static async start(options: OpfsStoreOptions = {}): Promise<OpfsStore> {
    const store = new OpfsStore(options);
    try {
      await store.#call('start', { path: options.path ?? new URL('.', document.baseURI).pathname });
    } catch (error) {
      store.#worker.terminate();
      throw error;
    }
    return store;
  }

  private constructor({
    now = Date.now,
    worker = new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module' }),
    persist = () => navigator.storage.persist(),
  }: OpfsStoreOptions) {
    this.#worker = worker;
    this.#now = now;
    this.#persist = persist;
    worker.addEventListener('message', ({ data }) => {
      this.#handleAnswer(data);
    });
    worker.addEventListener('error', ({ message }) => {
      // What fails while it runs says how; a script that cannot be fetched has nothing to say.
      if (message === undefined) this.#end('not-loaded', 'the worker could not be fetched');
      else this.#end('store-failed', `the worker failed: ${message}`);
    });
    worker.addEventListener('messageerror', () => {
      this.#end('store-failed', 'the worker said what cannot be read');
    });
  }

  async create(manifest: Manifest, link: string): Promise<OfferFolder> {
    const held = await this.#call('create', { manifest, link });
    this.#persistOnce();
    return this.#folder(held);
  }

  async list(): Promise<KeptOffer[]> {
    return this.#call('list', { now: this.#now() });
  }

  async take(folder: string): Promise<OfferFolder> {
    return this.#folder(await this.#call('take', { folder }));
  }

  async remove(folder: string, files?: readonly number[]): Promise<void> {
    await this.#call('remove', { folder, files });
  }

  async available(): Promise<number> {
    return this.#call('available', {});
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    try {
      await this.#call('closeAll', {});
    } finally {
      this.#end('store-failed', 'the store is closed');
    }
  }

  #folder({ folder, manifest, link, ends: found, durable }: HeldFolder): OfferFolder {
    const ends = new Map(found);
    let here = link;
    let ended: Promise<void> | undefined;
    const call = <Name extends StoreCallName>(
      name: Name,
      asks: StoreCalls[Name]['asks'],
      transfer?: Transferable[],
    ) => {
      if (ended) throw new TincanError('store-failed', `${folder} was let go of`);
      return this.#call(name, asks, transfer);
    };
    const writes = new WriteBatches((blocks) =>
      call(
        'write',
        { folder, blocks },
        blocks.map(({ bytes }) => bytes.buffer),
      ),
    );
    return {
      folder,
      manifest,
      ends,
      get link() {
        return here;
      },
      durableAtOpening: (file) => {
        const set = new BlockSet(fileAt(manifest, file).size);
        for (const block of durable[file] ?? []) set.add(block);
        return set;
      },
      write: async (file, block, bytes, hash) => writes.add({ file, block, bytes, hash }),
      flush: async () => call('flush', { folder }),
      read: async (file, block) => call('read', { folder, file, block }),
      recheck: async (file, block) => call('recheck', { folder, file, block }),
      hashes: async (file) => call('hashes', { folder, file }),
      open: async (file) => call('open', { folder, file }),
      note: async (notes: readonly FileNote[]) => {
        await call('note', { folder, notes });
        for (const { file, end } of notes) ends.set(file, end);
      },
      moveTo: async (to) => {
        await call('moveTo', { folder, link: to });
        here = to;
      },
      close: () => (ended ??= this.#call('close', { folder })),
      discard: () => (ended ??= this.#call('discard', { folder })),
    };
  }

  #call<Name extends StoreCallName>(
    name: Name,
    asks: StoreCalls[Name]['asks'],
    transfer: Transferable[] = [],
  ): Promise<StoreCalls[Name]['answers']> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      const number = this.#number++;
      // The answer to a call is of the call's kind: the worker has the same table.
      this.#waiting.set(number, {
        resolve: (value) => {
          resolve(value as StoreCalls[Name]['answers']);
        },
        reject,
      });
      try {
        this.#worker.postMessage({ number, name, asks }, transfer);
      } catch (cause) {
        this.#waiting.delete(number);
        reject(new TincanError('store-failed', 'this cannot be told to the worker', { cause }));
      }
    });
  }

  #handleAnswer(answer: StoreAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new TincanError(answer.code, answer.message));
  }

  /** Nobody waits for an answer that cannot come any more. */
  #end(code: 'store-failed' | 'not-loaded', why: string): void {
    this.#ended ??= new TincanError(code, why);
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  #persistOnce(): void {
    const persist = this.#persist;
    this.#persist = undefined;
    persist?.().catch((error: unknown) => {
      console.info('The browser does not promise to keep what is received.', error);
    });
  }
}
