import { SvelteMap } from 'svelte/reactivity';
import { TincanError } from '@tincan/engine/platform/errors';
import type { Saved } from '@tincan/engine/transfer/file-state';
import { isFreed, savedOf, type KeptOffer } from '@tincan/engine/transfer/store';
import type { Downloads } from '../storage/downloads.ts';
import { findLeftovers, type Leftover } from '../storage/leftovers.ts';
import type { Storage } from '../storage/open-storage.ts';
import { discardKept, keptId, parseKeptId } from './discard-kept.ts';
import { wholeFiles, type Hold } from './kept-folder.ts';
import { SaveQueue } from './save-queue.ts';
import type { Keeper, Received } from './saving.ts';
import type { PartialView, SavingView } from './views.ts';
import { Wishes, type Wish } from './wishes.ts';

/** What earlier visits have left on the disk: unfinished files, and received ones that were not saved. */
export class KeptFiles {
  readonly #storage: Promise<Storage>;
  readonly #queue: SaveQueue;
  #offers = $state.raw<readonly KeptOffer[]>([]);
  /** Whole files that a page of before the present store has left. */
  #leftovers = $state.raw<readonly Leftover[]>([]);
  /** Of those, by their ids, what this visit has done with them. */
  readonly #leftoversSaved = new SvelteMap<string, Saved>();
  #saving = $state.raw<SavingView>();
  readonly #wishes: Promise<Wishes>;
  #look = 0;
  #hasLooked = false;
  /** How often its person has stopped what is being saved. */
  #stops = 0;

  constructor(storage: Promise<Storage>, downloads: Downloads) {
    this.#storage = storage;
    this.#queue = new SaveQueue(downloads, () => (this.#saving = this.#queue.view));
    this.#wishes = storage.then(({ places }) => new Wishes(places));
    this.#wishes.catch(() => undefined); // whoever opens the storage hears
  }

  /** Whether this browser lets a page write into a folder that its person picks. */
  get canSaveToFolder(): boolean {
    return this.#queue.canSaveToFolder;
  }
  /** What is being saved of these, and what has to be said of what was. */
  get saving(): SavingView | undefined {
    return this.#saving;
  }

  /** One row a file; those of offers that are `shown` elsewhere on the page are left out. */
  list(shown: readonly string[]): PartialView[] {
    const views: PartialView[] = [];
    for (const { folder, manifest, link, ends, busy, durableBytes } of this.#offers) {
      if (shown.includes(manifest.offer)) continue;
      manifest.files.forEach(({ path, size }, file) => {
        const end = ends.get(file);
        if (isFreed(end)) return;
        const id = keptId(folder, file);
        const state = end ? 'done' : 'unfinished';
        const bytes = end ? size : (durableBytes[file] ?? 0);
        const saved = savedOf(end);
        views.push({ id, path, size, bytes, state, saved, busy, link: end ? undefined : link, from: manifest.from });
      });
    }
    for (const leftover of this.#leftovers) {
      const { id, path, file } = leftover;
      const whole = { size: file.size, bytes: file.size, state: 'done' as const, busy: false, link: undefined };
      views.push({ id, path, ...whole, saved: this.#savedOf(leftover), from: '' });
    }
    return views;
  }

  /** Looks at the disk. */
  async refresh(): Promise<void> {
    const look = ++this.#look;
    try {
      const { store } = await this.#storage;
      const [offers, leftovers] = await Promise.all([store.list(), findLeftovers()]);
      if (look !== this.#look) return; // a later one knows better
      this.#hasLooked = true;
      this.#offers = offers;
      this.#leftovers = leftovers;
    } catch (error) {
      console.warn('Could not look for files of earlier visits.', error);
    }
  }

  /** Looks at the disk once a room has let go of it, or could not: what had been written stands there all the same. */
  async refreshAfter(letGo: Promise<void>): Promise<void> {
    try {
      await letGo;
    } catch (error) {
      console.error('Not everything that the room had received could be kept.', error);
    }
    await this.refresh();
  }

  /** Hands whole files to the downloads: one as it is, several as one archive. */
  async download(ids: readonly string[]): Promise<void> {
    await this.#save(ids, (received) => this.#queue.put(received, { kind: 'downloads' }, 'saved'));
  }

  /** Asks for a folder, within a click, and writes whole files into it, sub-folders kept. */
  async writeIntoFolder(ids: readonly string[]): Promise<void> {
    await this.#save(ids, (received) => this.#queue.writeIntoFolder(received));
  }

  /** Goes on with what was whole at the end of an earlier visit, and was then to be put where its person had said. Never rejects. */
  async goOnSaving(): Promise<void> {
    if (!this.#hasLooked) return; // nothing is known of what is kept
    try {
      const { places } = await this.#storage;
      await places.sweep(this.#offers.map(({ manifest }) => manifest.offer));
      await (await this.#wishes).restore(this.#offers.filter(isWhole).map(({ manifest }) => manifest.offer));
      await this.#endWishes();
      await this.#putWished();
    } catch (error) {
      console.error('What was to be saved could not be looked at.', error);
    }
  }

  async #putWished(): Promise<void> {
    const wishes = await this.#wishes;
    const stops = this.#stops;
    for (const { folder, manifest, ends } of this.#offers.filter(isWhole)) {
      const wish = wishes.get(manifest.offer);
      if (!wish?.allowed || wish.ending) continue;
      if (this.#stops !== stops) {
        await wishes.end(manifest.offer, false);
        continue;
      }
      wish.ending = true;
      const files = [...manifest.files.keys()].filter((file) => ends.get(file)?.end === 'done');
      const ids = files.map((file) => keptId(folder, file));
      const isHere = await this.#save(ids, (received, hold) => this.#putWhole(received, { hold, folder, wish }));
      const now = this.#offers.find((offer) => offer.folder === folder);
      // Another page may be saving it: then it is that one's.
      if (isHere)
        await wishes.end(
          manifest.offer,
          [...(now?.ends ?? []).values()].some((end) => savedOf(end) === 'saved'),
        );
      else wish.ending = false;
    }
  }

  /** What nobody has saved since the last look. False, and nothing is put, where another page has the folder. */
  async #putWhole(
    received: readonly Received[],
    { hold, folder, wish: { place } }: { hold: Hold; folder: string; wish: Wish },
  ): Promise<boolean> {
    try {
      const { ends } = await hold.take(folder);
      const isUnsaved = ({ file }: Received) => ends.get(parseKeptId(file.id).file)?.end === 'done';
      await this.#queue.put(received.filter(isUnsaved), place, 'moved');
    } catch (error) {
      if (isElsewhere(error)) return false;
      await this.#queue.put(received, place, 'moved'); // which says of each why it cannot be read
    }
    return true;
  }

  /** Asks the person again for the places of an earlier visit, within a click. */
  async allow(): Promise<void> {
    await (await this.#wishes).allow();
    await this.refresh();
    await this.goOnSaving();
  }

  /** Stops what is being saved, and what waits for that. */
  stop(): void {
    this.#stops += 1;
    this.#queue.stop();
  }

  /** The person has read what was said. */
  dismiss(): void {
    this.#queue.dismiss();
  }

  /** Deletes files from this browser for good. Rejects at the end where some are left, as another page has them. */
  async discard(ids: readonly string[]): Promise<void> {
    const { store } = await this.#storage;
    try {
      await discardKept(ids, { store, offers: this.#offers, leftovers: this.#leftovers });
    } finally {
      await this.refresh();
      await this.#endWishes();
    }
  }

  /** What is taken hold of is let go of once `put` is through. */
  async #save<T>(ids: readonly string[], put: (received: Received[], hold: Hold) => Promise<T>): Promise<T> {
    const { store } = await this.#storage;
    const { received, hold } = wholeFiles(ids, store, this.#offers);
    for (const leftover of this.#leftovers) {
      const { id, path, file } = leftover;
      if (!ids.includes(id)) continue;
      const wasHanded = this.#savedOf(leftover) === 'handed';
      received.push({ keeper: this.#keeperOf(file), file: { id, path, size: file.size }, wasHanded });
    }
    try {
      return await put(received, hold);
    } finally {
      await hold.close().catch((error: unknown) => console.warn('A folder could not be let go of.', error));
      await this.refresh();
      await this.#endWishes();
    }
  }

  /** Nothing is left to be put where it was to go: it was saved by hand, or deleted. */
  async #endWishes(): Promise<void> {
    const wishes = await this.#wishes;
    for (const offer of wishes.offers) {
      const kept = this.#offers.find(({ manifest }) => manifest.offer === offer);
      const isOver = !kept || (isWhole(kept) && ![...kept.ends.values()].some(({ end }) => end === 'done'));
      if (isOver && !wishes.get(offer)?.ending) await wishes.end(offer, false);
    }
    this.#queue.showToAllow(wishes.toAllow);
  }

  #savedOf({ id, saved }: Leftover): Saved {
    return this.#leftoversSaved.get(id) ?? (saved ? 'handed' : 'no');
  }

  #keeperOf(file: File): Keeper {
    return {
      open: async () => file,
      noteSaved: async (ids, how) => {
        for (const id of ids) this.#leftoversSaved.set(id, how === 'handed' ? 'handed' : 'saved');
      },
    };
  }
}

/** No page has it that receives it. */
function isWhole({ manifest, ends, busy }: KeptOffer): boolean {
  return ends.size === manifest.files.length && !busy;
}

function isElsewhere(error: unknown): boolean {
  return error instanceof TincanError && (error.code === 'busy' || error.code === 'gone');
}
