import { removeIfEmpty } from '../storage/picked-folder.ts';
import { permissionFor, type Places, type WishedPlace } from '../storage/places.ts';
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
    const names = [...this.#wishes.values()].flatMap(({ allowed, wished }) =>
      allowed || wished.kind === 'downloads' ? [] : [wished.handle.name],
    );
    return [...new Set(names)];
  }

  /** The offers' ids. */
  get offers(): readonly string[] {
    return [...this.#wishes.keys()];
  }

  get(offer: string): Wish | undefined {
    return this.#wishes.get(offer);
  }

  async add(offer: string, wished: WishedPlace): Promise<void> {
    this.#wishes.set(offer, { wished, place: placeOf(wished), tried: new Set(), allowed: true, ending: false });
    await this.#places.keep(offer, wished);
  }

  /** What was wished on earlier visits for these offers. */
  async restore(offers: readonly string[]): Promise<void> {
    for (const [offer, { place: wished, keptAt }] of await this.#places.find(offers)) {
      const allowed = (await permissionFor(wished)) === 'granted';
      if (this.#wishes.has(offer)) continue;
      this.#wishes.set(offer, { wished, place: placeOf(wished, keptAt), tried: new Set(), allowed, ending: false });
    }
  }

  /** Asks the person again for the places of an earlier visit, within a click. What is refused is forgotten: its files are saved by hand. */
  async allow(): Promise<void> {
    for (const [offer, wish] of this.#wishes) {
      if (wish.allowed) continue;
      const permission = await permissionFor(wish.wished, 'ask');
      wish.allowed = permission === 'granted';
      if (permission === 'denied') await this.end(offer, false);
    }
  }

  /** There is nothing more to put there. A file that was picked and got nothing is deleted: the browser has made it when it was picked. */
  async end(offer: string, isSaved: boolean): Promise<void> {
    const wish = this.#wishes.get(offer);
    if (!wish) return; // the page leaves
    this.#wishes.delete(offer);
    await this.#places.forget(offer);
    if (wish.wished.kind === 'file' && wish.allowed && !isSaved) await removeIfEmpty(wish.wished.handle);
  }

  /** The page leaves: what was wished stays so. */
  close(): void {
    this.#wishes.clear();
  }
}
