import { TincanError } from '@tincan/engine/platform/errors';
import type { SavedHow } from '@tincan/engine/transfer/file-state';
import {
  endOfSaved,
  isFreed,
  savedOf,
  type FileNote,
  type KeptOffer,
  type OfferFolder,
  type OfferStore,
} from '@tincan/engine/transfer/store';
import { keptId, parseKeptId } from './discard-kept.ts';
import type { Keeper, Received } from './saving.ts';

/** Of several folders, the one that this page has taken hold of: one at a time, so that an unfinished one can go on as soon as it is not read any more. */
export class Hold {
  #folder: { readonly name: string; readonly taken: Promise<OfferFolder> } | undefined;
  #closed = false;
  readonly #store: OfferStore;

  constructor(store: OfferStore) {
    this.#store = store;
  }

  get outlivesPage(): boolean {
    return this.#store.outlivesPage;
  }

  /** Not to be called while it is under way. Rejects with `busy` if another page, or this one's room, has it, `gone` if it has been deleted, and `store-failed` once closed. */
  async take(name: string): Promise<OfferFolder> {
    if (this.#folder?.name !== name) {
      await this.#letGo();
      if (this.#closed) throw new TincanError('store-failed', `${name} was let go of`);
      this.#folder = { name, taken: this.#store.take(name) };
    }
    return this.#folder.taken;
  }

  /** For good: whatever is still being opened does not take a folder again. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const taken = this.#folder?.taken;
    this.#folder = undefined;
    await (await taken?.catch(() => undefined))?.close(); // what was never held is not let go of
  }
}

/** An offer of an earlier visit, as something to save from. */
class KeptFolder implements Keeper {
  readonly #hold: Hold;
  readonly #name: string;

  constructor(hold: Hold, name: string) {
    this.#hold = hold;
    this.#name = name;
  }

  async open(id: string): Promise<Blob | undefined> {
    const folder = await this.#hold.take(this.#name);
    const { file } = parseKeptId(id);
    return isFreed(folder.ends.get(file)) ? undefined : folder.open(file);
  }

  async noteSaved(ids: readonly string[], how: SavedHow): Promise<void> {
    const folder = await this.#hold.take(this.#name);
    const kept = how === 'saved' && !this.#hold.outlivesPage ? 'moved' : how;
    const notes = ids.flatMap((id): FileNote[] => {
      const { file } = parseKeptId(id);
      const before = folder.ends.get(file);
      if (!before || before.end === 'removed' || before.end === 'freed') return [];
      const end = endOfSaved(kept, { hash: before.hash, saved: savedOf(before) }, Date.now());
      return end ? [{ file, end }] : [];
    });
    if (notes.length > 0) await folder.note(notes);
  }
}

/** The files with these ids that are whole and kept, and what holds them: to be closed when all is done. */
export function wholeFiles(
  ids: readonly string[],
  store: OfferStore,
  offers: readonly KeptOffer[],
): { received: Received[]; hold: Hold } {
  const asked = new Set(ids);
  const hold = new Hold(store);
  const received: Received[] = [];
  for (const { folder: name, manifest, ends } of offers) {
    const folder = new KeptFolder(hold, name);
    for (const [place, file] of manifest.files.entries()) {
      const id = keptId(name, place);
      const end = ends.get(place);
      if (asked.has(id) && end && !isFreed(end))
        received.push({ keeper: folder, file: { ...file, id }, wasHanded: end.end === 'handed' });
    }
  }
  return { received, hold };
}
