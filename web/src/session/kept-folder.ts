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

/** An offer of an earlier visit, of which this page takes hold for as long as something of it is being saved. */
class KeptFolder implements Keeper {
  readonly #store: OfferStore;
  readonly #name: string;
  #taken: Promise<OfferFolder> | undefined;

  constructor(store: OfferStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** Rejects with `busy` if another page has it. */
  async open(id: string): Promise<Blob> {
    return (await this.#take()).open(parseKeptId(id).file);
  }

  async noteSaved(ids: readonly string[], how: SavedHow): Promise<void> {
    const folder = await this.#take();
    const kept = how === 'saved' && !this.#store.outlivesPage ? 'moved' : how;
    const notes = ids.flatMap((id): FileNote[] => {
      const { file } = parseKeptId(id);
      const before = folder.ends.get(file);
      if (!before || before.end === 'removed') return [];
      const end = endOfSaved(kept, { hash: before.hash, saved: savedOf(before) }, Date.now());
      return end ? [{ file, end }] : [];
    });
    if (notes.length > 0) await folder.note(notes);
  }

  /** Lets go of it; what is saved of it later takes hold anew. */
  async close(): Promise<void> {
    const taken = this.#taken;
    this.#taken = undefined;
    await (await taken?.catch(() => undefined))?.close(); // what was never held is not let go of
  }

  #take(): Promise<OfferFolder> {
    return (this.#taken ??= this.#store.take(this.#name));
  }
}

/** The files with these ids that are whole and kept, and the folders that have them: to be closed when all is done. */
export function wholeFiles(
  ids: readonly string[],
  store: OfferStore,
  offers: readonly KeptOffer[],
): { received: Received[]; folders: KeptFolder[] } {
  const asked = new Set(ids);
  const folders: KeptFolder[] = [];
  const received: Received[] = [];
  for (const { folder: name, manifest, ends } of offers) {
    const folder = new KeptFolder(store, name);
    folders.push(folder);
    for (const [place, file] of manifest.files.entries()) {
      const id = keptId(name, place);
      const end = ends.get(place);
      if (asked.has(id) && end && !isFreed(end)) received.push({ keeper: folder, file: { ...file, id } });
    }
  }
  return { received, folders };
}
