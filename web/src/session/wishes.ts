import { removeIfEmpty } from '../storage/picked-folder.ts';
import { isAllowed, type Places, type WishedPlace } from '../storage/places.ts';
import { placeOf, type Place } from './saving.ts';

/** Where the files of one offer go once they are verified. */
export interface Wish {
  readonly wished: WishedPlace;
  /** The same, as it is written to. */
  readonly place: Place;
  /** Ids of files that were tried: what cannot be written is the person's to try again. */
  readonly tried: Set<string>;
  /** After a reload the browser asks its person again before a page may write there; until then nothing is tried. */
  allowed: boolean;
  /** Nothing more goes there than what is going there now. */
  ending: boolean;
}

/** Offers that were accepted with a place for their files: remembered over visits, for as long as there is something to put there. */
export class Wishes {
  readonly #places: Places;
  /** By the offers' ids. */
  readonly #wishes = new Map<string, Wish>();

  constructor(places: Places) {
    this.#places = places;
  }

  get size(): number {
    return this.#wishes.size;
  }

  /** The names of places that the browser has to be allowed again, see `allow`. */
  get toAllow(): string[] {
    return [...this.#wishes.values()].flatMap(({ allowed, wished }) =>
      allowed || wished.kind === 'downloads' ? [] : [wished.handle.name],
    );
  }

  get(offer: string): Wish | undefined {
    return this.#wishes.get(offer);
  }

  /** Never rejects: a browser that keeps nothing forgets it with the page. */
  async add(offer: string, wished: WishedPlace): Promise<void> {
    this.#wishes.set(offer, { ...begin(wished, false), allowed: true });
    await this.#places.keep(offer, wished);
  }

  /** What was wished on earlier visits for these offers. */
  async restore(offers: readonly string[]): Promise<void> {
    for (const [offer, wished] of await this.#places.find(offers)) {
      if (this.#wishes.has(offer)) continue;
      const allowed = wished.kind === 'downloads' || (await isAllowed(wished.handle));
      this.#wishes.set(offer, { ...begin(wished, true), allowed });
    }
  }

  /** Asks the person again for the places of an earlier visit, within a click. What is refused is forgotten: its files are saved by hand. */
  async allow(): Promise<void> {
    for (const [offer, wish] of this.#wishes) {
      if (wish.allowed || wish.wished.kind === 'downloads') continue;
      wish.allowed = await isAllowed(wish.wished.handle, 'ask');
      if (!wish.allowed) await this.end(offer, false);
    }
  }

  /** There is nothing more to put there. A file that was picked and got nothing is deleted: the browser has made it when it was picked. */
  async end(offer: string, isSaved: boolean): Promise<void> {
    const wish = this.#wishes.get(offer);
    this.#wishes.delete(offer);
    await this.#places.forget(offer);
    if (wish?.wished.kind === 'file' && wish.allowed && !isSaved) await removeIfEmpty(wish.wished.handle);
  }

  /** The page leaves: what was wished stays so. */
  close(): void {
    this.#wishes.clear();
  }
}

function begin(wished: WishedPlace, goesOn: boolean): Omit<Wish, 'allowed'> {
  return { wished, place: placeOf(wished, goesOn), tried: new Set(), ending: false };
}
