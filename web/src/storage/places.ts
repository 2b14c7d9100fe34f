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

/**
 * Whether a page may write there: `prompt` while its person has not said so in this visit. With `ask`, within a click, the browser asks them. Where there
 * are no permissions, nothing has to be asked. Never rejects.
 */
export async function permissionFor(place: WishedPlace, ask?: 'ask'): Promise<PermissionState> {
  if (place.kind === 'downloads') return 'granted';
  const handle: LastingPlace<FileSystemHandle> = place.handle;
  const mode: Mode = { mode: 'readwrite' };
  try {
    return (await (ask ? handle.requestPermission?.(mode) : handle.queryPermission?.(mode))) ?? 'granted';
  } catch (error) {
    console.warn('The browser cannot be asked whether a place may be written to.', error); // as after too long a time since the click
    return 'prompt';
  }
}

/** Where the files of one offer go, since when. */
export interface KeptPlace {
  readonly place: WishedPlace;
  /** Milliseconds since 1970. */
  readonly keptAt: number;
}

/** Remembers, by the offers' ids, where files go that are still to come. Never rejects: what cannot be kept is known until the page is closed. */
export interface Places {
  keep(offer: string, place: WishedPlace): Promise<void>;
  forget(offer: string): Promise<void>;
  /** What is known of these offers. */
  find(offers: readonly string[]): Promise<Map<string, KeptPlace>>;
  /** Forgets what belongs to none of these offers, and has been here for as long as an offer is kept: others may be on their way. */
  sweep(offers: readonly string[]): Promise<void>;
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
  readonly #places = new Map<string, KeptPlace>();

  async keep(offer: string, place: WishedPlace): Promise<void> {
    this.#places.set(offer, { place, keptAt: Date.now() });
  }

  async forget(offer: string): Promise<void> {
    this.#places.delete(offer);
  }

  async find(offers: readonly string[]): Promise<Map<string, KeptPlace>> {
    return new Map([...this.#places].filter(([offer]) => offers.includes(offer)));
  }

  async sweep(): Promise<void> {
    // It does not live for so long.
  }
}

const PLACES = 'places';

class BrowserPlaces implements Places {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async keep(offer: string, place: WishedPlace): Promise<void> {
    await this.#change((places) => void places.put({ place, keptAt: Date.now() } satisfies KeptPlace, offer));
  }

  async forget(offer: string): Promise<void> {
    await this.#change((places) => void places.delete(offer));
  }

  async find(offers: readonly string[]): Promise<Map<string, KeptPlace>> {
    const found = await this.#change(async (places) =>
      (await entriesOf(places)).filter(([offer]) => offers.includes(offer)),
    );
    return new Map(found);
  }

  async sweep(offers: readonly string[]): Promise<void> {
    await this.#change(async (places) => {
      for (const [offer, { keptAt }] of await entriesOf(places))
        if (!offers.includes(offer) && Date.now() - keptAt > KEEP_UNFINISHED_MS) places.delete(offer);
    });
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

async function entriesOf(places: IDBObjectStore): Promise<(readonly [string, KeptPlace])[]> {
  const [keys, all] = await Promise.all([
    answerTo(places.getAllKeys() as IDBRequest<string[]>),
    answerTo(places.getAll() as IDBRequest<KeptPlace[]>),
  ]);
  return keys.map((offer, index) => [offer, all[index]!] as const);
}
