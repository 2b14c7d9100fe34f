import { TincanError } from '@tincan/engine/platform/errors';
import { KEEP_UNFINISHED_MS } from '@tincan/engine/transfer/expiry';
import type { Ledger, OfferRecord, SourceHandle } from '@tincan/engine/transfer/ledger';
import { TAKE_TIMEOUT_MS } from '@tincan/engine/transfer/store';
import { answerTo, completed, openDatabase } from './indexed-db.ts';
import { PickedFile, type LastingHandle } from './picked-file.ts';
import { asStoreError } from './store-errors.ts';
import { nameOf } from './store-protocol.ts';
import { WebLocks, type Release } from './web-locks.ts';

/** By the offers' ids, and by the offers' and the files' ids. */
const OFFERS = 'offers';
const HANDLES = 'handles';

export interface BrowserLedgerOptions {
  /** The path that the application is served at: what is kept is its own. */
  path?: string;
  now?: () => number;
}

/**
 * Remembers offers in the browser's database: the only place that keeps what a file can be opened with again, and one transaction keeps both the same.
 */
export class BrowserLedger implements Ledger {
  readonly outlivesPage = true;
  readonly #database: IDBDatabase;
  readonly #lockPrefix: string;
  readonly #now: () => number;
  readonly #locks = new WebLocks();
  readonly #held = new Map<string, Promise<Release>>();

  /** Rejects where the browser has no database, or does not allow it. */
  static async open({ path = new URL('.', document.baseURI).pathname, now = Date.now }: BrowserLedgerOptions = {}) {
    const name = `${nameOf(path)}sent`;
    const database = await openDatabase(name, (made) => {
      made.createObjectStore(OFFERS);
      made.createObjectStore(HANDLES);
    });
    return new BrowserLedger(database, `${name} `, now);
  }

  private constructor(database: IDBDatabase, lockPrefix: string, now: () => number) {
    this.#database = database;
    this.#lockPrefix = lockPrefix;
    this.#now = now;
  }

  async keep(record: OfferRecord, handles: ReadonlyMap<string, SourceHandle>): Promise<void> {
    await this.#hold(record.offer);
    await this.#change((offers, kept) => {
      offers.put(record, record.offer);
      kept.delete(handlesOf(record.offer));
      for (const [id, handle] of handles)
        if (handle instanceof PickedFile) putHandle(kept, handle.handle, [record.offer, id]);
    });
  }

  async end(offer: string, files: readonly string[]): Promise<void> {
    const isForgotten = await this.#change(async (offers, handles) => {
      const record = await answerTo(offers.get(offer) as IDBRequest<OfferRecord | undefined>);
      if (!record) return true;
      for (const id of files) handles.delete([offer, id]);
      const left = record.files.filter(({ id }) => !files.includes(id));
      if (left.length > 0) offers.put({ ...record, files: left, usedAt: this.#now() }, offer);
      else offers.delete(offer);
      return left.length === 0;
    });
    if (isForgotten) await this.#release(offer);
  }

  async moveTo(offer: string, link: string): Promise<void> {
    await this.#change(async (offers) => {
      const record = await answerTo(offers.get(offer) as IDBRequest<OfferRecord | undefined>);
      if (record) offers.put({ ...record, link, usedAt: this.#now() }, offer);
    });
  }

  async list(): Promise<OfferRecord[]> {
    const held = await this.#locks.held();
    return this.#change(async (offers, handles) => {
      const all = await answerTo(offers.getAll() as IDBRequest<OfferRecord[]>);
      const isExpired = ({ offer, usedAt }: OfferRecord) =>
        this.#now() - usedAt > KEEP_UNFINISHED_MS && !held.has(this.#lockPrefix + offer);
      for (const { offer } of all.filter(isExpired)) {
        offers.delete(offer);
        handles.delete(handlesOf(offer));
      }
      return all.filter((record) => !isExpired(record));
    });
  }

  async take(offer: string): Promise<ReadonlyMap<string, SourceHandle>> {
    await this.#hold(offer);
    const found = await this.#change(async (offers, handles) => {
      const record = await answerTo(offers.get(offer) as IDBRequest<OfferRecord | undefined>);
      if (!record) return undefined;
      offers.put({ ...record, usedAt: this.#now() }, offer);
      const [keys, files] = await Promise.all([
        answerTo(handles.getAllKeys(handlesOf(offer))),
        answerTo(handles.getAll(handlesOf(offer)) as IDBRequest<LastingHandle[]>),
      ]);
      return files.map((file, index) => [(keys[index] as [string, string])[1], new PickedFile(file)] as const);
    });
    if (found) return new Map(found);
    await this.#release(offer);
    throw new TincanError('gone', `the offer ${offer} is not remembered`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((offer) => this.#release(offer)));
  }

  /** Both stores in one transaction, which is on the disk once this resolves. */
  async #change<T>(work: (offers: IDBObjectStore, handles: IDBObjectStore) => Promise<T> | T): Promise<T> {
    try {
      const transaction = this.#database.transaction([OFFERS, HANDLES], 'readwrite', { durability: 'strict' });
      const ended = completed(transaction);
      const [result] = await Promise.all([
        work(transaction.objectStore(OFFERS), transaction.objectStore(HANDLES)),
        ended,
      ]);
      return result;
    } catch (error) {
      throw asStoreError(error);
    }
  }

  async #hold(offer: string): Promise<void> {
    let held = this.#held.get(offer);
    if (!held) {
      held = this.#locks.take(this.#lockPrefix + offer, TAKE_TIMEOUT_MS).then((release) => {
        if (!release) throw new TincanError('busy', `the offer ${offer} is another page's`);
        return release;
      });
      this.#held.set(offer, held);
      held.catch(() => this.#held.delete(offer));
    }
    await held;
  }

  async #release(offer: string): Promise<void> {
    const held = this.#held.get(offer);
    this.#held.delete(offer);
    await (
      await held
    )?.();
  }
}

/** The keys of all handles of an offer. */
function handlesOf(offer: string): IDBKeyRange {
  return IDBKeyRange.bound([offer], [offer, []]);
}

/** Without a handle the person chooses the file again: no reason to forget the offer. */
function putHandle(handles: IDBObjectStore, handle: LastingHandle, key: [string, string]): void {
  try {
    handles.put(handle, key);
  } catch (error) {
    console.info('The browser does not keep what a file can be opened with again.', error);
  }
}
