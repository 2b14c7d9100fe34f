import { KEEP_UNFINISHED_MS } from '@tincan/engine/transfer/expiry';
import { answerTo, completed, openDatabase } from './indexed-db.ts';
import { nameOf } from './store-protocol.ts';

/** Where a person wants the files of an offer, in a form that a browser can keep. */
export type WishedPlace =
  | { readonly kind: 'folder'; readonly handle: LastingPlace<FileSystemDirectoryHandle> }
  | { readonly kind: 'file'; readonly handle: LastingPlace<FileSystemFileHandle> }
  | { readonly kind: 'downloads' };

type Mode = { mode: 'readwrite' };
/** TypeScript does not know the permissions, which are Chromium's. */
type LastingPlace<Handle extends FileSystemHandle> = Handle & {
  queryPermission?(mode: Mode): Promise<PermissionState>;
  requestPermission?(mode: Mode): Promise<PermissionState>;
};

/** Whether a page may write there; with `ask`, within a click, the browser asks its person. Where there are no permissions, nothing has to be asked. */
export async function isAllowed(handle: LastingPlace<FileSystemHandle>, ask?: 'ask'): Promise<boolean> {
  const mode: Mode = { mode: 'readwrite' };
  const state = await (ask ? handle.requestPermission?.(mode) : handle.queryPermission?.(mode));
  return (state ?? 'granted') === 'granted';
}

/** Remembers, by the offers' ids, where files go that are still to come. Never rejects: what cannot be kept is known until the page is closed. */
export interface Places {
  keep(offer: string, place: WishedPlace): Promise<void>;
  forget(offer: string): Promise<void>;
  /** What is known of these offers. */
  find(offers: readonly string[]): Promise<Map<string, WishedPlace>>;
}

/** Opens what this browser has for it: its database, or else memory until the page is closed. */
export async function openPlaces(path = new URL('.', document.baseURI).pathname): Promise<Places> {
  try {
    return new BrowserPlaces(
      await openDatabase(`${nameOf(path)}places`, (made) => void made.createObjectStore(PLACES)),
    );
  } catch (error) {
    console.info('No database in this browser; where files are to go is known until the page is closed.', error);
    return new MemoryPlaces();
  }
}

export class MemoryPlaces implements Places {
  readonly #places = new Map<string, WishedPlace>();

  async keep(offer: string, place: WishedPlace): Promise<void> {
    this.#places.set(offer, place);
  }

  async forget(offer: string): Promise<void> {
    this.#places.delete(offer);
  }

  async find(offers: readonly string[]): Promise<Map<string, WishedPlace>> {
    return new Map([...this.#places].filter(([offer]) => offers.includes(offer)));
  }
}

const PLACES = 'places';

interface Kept {
  readonly place: WishedPlace;
  /** Milliseconds since 1970. */
  readonly keptAt: number;
}

/** What nobody has come back to for as long as an offer is kept is forgotten. */
class BrowserPlaces implements Places {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async keep(offer: string, place: WishedPlace): Promise<void> {
    await this.#change((places) => void places.put({ place, keptAt: Date.now() } satisfies Kept, offer));
  }

  async forget(offer: string): Promise<void> {
    await this.#change((places) => void places.delete(offer));
  }

  async find(offers: readonly string[]): Promise<Map<string, WishedPlace>> {
    const found = await this.#change(async (places) => {
      const [keys, all] = await Promise.all([
        answerTo(places.getAllKeys() as IDBRequest<string[]>),
        answerTo(places.getAll() as IDBRequest<Kept[]>),
      ]);
      return keys.flatMap((offer, index) => {
        const { place, keptAt } = all[index]!;
        if (offers.includes(offer)) return [[offer, place] as const];
        if (Date.now() - keptAt > KEEP_UNFINISHED_MS) places.delete(offer);
        return [];
      });
    });
    return new Map(found);
  }

  async #change<T>(work: (places: IDBObjectStore) => Promise<T> | T): Promise<T | undefined> {
    try {
      const transaction = this.#database.transaction(PLACES, 'readwrite', { durability: 'strict' });
      const [result] = await Promise.all([work(transaction.objectStore(PLACES)), completed(transaction)]);
      return result;
    } catch (error) {
      console.warn('Where files are to go could not be kept for a later visit.', error);
      return undefined;
    }
  }
}
