import { TincanError } from '@tincan/engine/platform/errors';
import { KEEP_UNFINISHED_MS } from '@tincan/engine/transfer/expiry';
import type { Ledger, OfferedFile, OfferRecord, SourceHandle } from '@tincan/engine/transfer/ledger';
import { TAKE_TIMEOUT_MS } from '@tincan/engine/transfer/store';
import { answerTo, completed, openDatabase } from './indexed-db.ts';
import { PickedFile, type LastingHandle } from './picked-file.ts';
import { asStoreError } from './store-errors.ts';
import { nameOf } from './store-protocol.ts';
import { WebLocks, type Release } from './web-locks.ts';

/** Offers by their ids, and what of them has ended by the offers' and the first of the ended files' ids. */
const OFFERS = 'offers';
/** By the offers' and the files' ids. */
const HANDLES = 'handles';

/**
 * Files of an offer that have ended: written beside the offer, for there may be 50,000, and to write these anew with every few that end would take longer
 * than to send them. Pages of before take it for an offer without files, and leave it alone.
 */
interface EndedFiles extends OfferRecord {
  readonly ended: readonly string[];
}

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
  /** Of offers that were used here, the ids of the files that have not ended. */
  readonly #left = new Map<string, Set<string>>();

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
      offers.delete(partsOf(record.offer));
      kept.delete(partsOf(record.offer));
      for (const [id, handle] of handles)
        if (handle instanceof PickedFile) putHandle(kept, handle.handle, [record.offer, id]);
    });
    this.#left.set(record.offer, idsOf(record.files));
  }

  async end(offer: string, files: readonly string[]): Promise<void> {
    const isForgotten = await this.#change(async (offers, handles) => {
      const left = this.#left.get(offer) ?? idsOf((await read(offers, offer))?.files ?? []);
      if (left.size === 0) return true;
      this.#left.set(offer, left);
      const ended = files.filter((id) => left.delete(id));
      for (const id of ended) handles.delete([offer, id]);
      if (left.size === 0) forget(offer, offers, handles);
      else if (ended.length > 0) offers.put(endedRecord(offer, ended, this.#now()), [offer, ended[0]!]);
      return left.size === 0;
    });
    if (isForgotten) await this.#release(offer);
  }

  async moveTo(offer: string, link: string): Promise<void> {
    await this.#change(async (offers) => {
      const record = await read(offers, offer);
      if (record) offers.put({ ...record, link, usedAt: this.#now() }, offer);
    });
  }

  async list(): Promise<OfferRecord[]> {
    const held = await this.#locks.held();
    return this.#change(async (offers, handles) => {
      const kept = await answerTo(offers.getAll() as IDBRequest<(OfferRecord | EndedFiles)[]>);
      const all = merged(kept);
      const known = new Set(all.map(({ offer }) => offer));
      for (const { offer } of kept) if (!known.has(offer)) forget(offer, offers, handles); // what is left of one that could not be kept
      const isExpired = ({ offer, usedAt }: OfferRecord) =>
        this.#now() - usedAt > KEEP_UNFINISHED_MS && !held.has(this.#lockPrefix + offer);
      for (const { offer } of all.filter(isExpired)) forget(offer, offers, handles);
      return all.filter((record) => !isExpired(record));
    });
  }

  async take(offer: string): Promise<ReadonlyMap<string, SourceHandle>> {
    await this.#hold(offer);
    const found = await this.#change(async (offers, handles) => {
      const record = await read(offers, offer);
      if (!record) return undefined;
      this.#left.set(offer, idsOf(record.files));
      offers.delete(partsOf(offer));
      offers.put({ ...record, usedAt: this.#now() }, offer);
      const [keys, files] = await Promise.all([
        answerTo(handles.getAllKeys(partsOf(offer))),
        answerTo(handles.getAll(partsOf(offer)) as IDBRequest<LastingHandle[]>),
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
    this.#left.delete(offer);
    await (
      await held
    )?.();
  }
}

/** The keys of all that is kept of an offer beside itself. */
function partsOf(offer: string): IDBKeyRange {
  return IDBKeyRange.bound([offer], [offer, []]);
}

function forget(offer: string, offers: IDBObjectStore, handles: IDBObjectStore): void {
  offers.delete(offer);
  for (const store of [offers, handles]) store.delete(partsOf(offer));
}

/** An offer without those of its files that have ended. */
async function read(offers: IDBObjectStore, offer: string): Promise<OfferRecord | undefined> {
  const [record, ended] = await Promise.all([
    answerTo(offers.get(offer) as IDBRequest<OfferRecord | undefined>),
    answerTo(offers.getAll(partsOf(offer)) as IDBRequest<EndedFiles[]>),
  ]);
  return record && merged([record, ...ended])[0];
}

/** The offers, each without those of its files that have ended. */
function merged(all: readonly (OfferRecord | EndedFiles)[]): OfferRecord[] {
  const ended = new Map<string, { ids: Set<string>; at: number }>();
  for (const each of all) {
    if (!('ended' in each)) continue;
    const { ids, at } = ended.get(each.offer) ?? { ids: new Set(), at: 0 };
    for (const id of each.ended) ids.add(id);
    ended.set(each.offer, { ids, at: Math.max(at, each.usedAt) });
  }
  return all.flatMap((each) => {
    if ('ended' in each) return [];
    const { ids, at } = ended.get(each.offer) ?? {};
    if (!ids || !at) return [each];
    return [{ ...each, files: each.files.filter(({ id }) => !ids.has(id)), usedAt: Math.max(each.usedAt, at) }];
  });
}

function endedRecord(offer: string, ended: readonly string[], usedAt: number): EndedFiles {
  return { offer, key: '', to: '', link: '', usedAt, files: [], ended };
}

function idsOf(files: readonly OfferedFile[]): Set<string> {
  return new Set(files.map(({ id }) => id));
}

/** Without a handle the person chooses the file again: no reason to forget the offer. */
function putHandle(handles: IDBObjectStore, handle: LastingHandle, key: [string, string]): void {
  try {
    handles.put(handle, key);
  } catch (error) {
    console.info('The browser does not keep what a file can be opened with again.', error);
  }
}
