import { SvelteSet } from 'svelte/reactivity';
import { downloadName } from '@tincan/engine/transfer/names';
import { isFreed, type FileEnd, type KeptOffer } from '@tincan/engine/transfer/store';
import { findLeftovers, type Leftover } from '../storage/leftovers.ts';
import type { Storage } from '../storage/open-storage.ts';
import { discardKept, keptId } from './discard-kept.ts';
import type { Downloads } from '../storage/downloads.ts';
import type { PartialView } from './views.ts';

/** What earlier visits have left on the disk: unfinished files, and received ones that were not saved. */
export class KeptFiles {
  readonly #storage: Promise<Storage>;
  readonly #downloads: Downloads;
  #offers = $state.raw<readonly KeptOffer[]>([]);
  /** Whole files that a page of before the present store has left. */
  #leftovers = $state.raw<readonly Leftover[]>([]);
  readonly #handed = new SvelteSet<string>();
  #look = 0;

  constructor(storage: Promise<Storage>, downloads: Downloads) {
    this.#storage = storage;
    this.#downloads = downloads;
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
        const saved = end?.end === 'written' ? 'saved' : this.#isHanded(id, end) ? 'handed' : 'no';
        const bytes = end ? size : (durableBytes[file] ?? 0);
        views.push({ id, path, size, bytes, state, saved, busy, link: end ? undefined : link, from: manifest.from });
      });
    }
    for (const { id, path, file, saved } of this.#leftovers) {
      const whole = { size: file.size, bytes: file.size, state: 'done' as const, busy: false, link: undefined };
      views.push({ id, path, ...whole, saved: saved || this.#handed.has(id) ? 'handed' : 'no', from: '' });
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

  /** Hands a whole file to the downloads. */
  async save(id: string): Promise<void> {
    const leftover = this.#leftovers.find((each) => each.id === id);
    if (leftover) this.#downloads.file(leftover.file, downloadName(leftover.path));
    else await this.#saveKept(id);
    this.#handed.add(id);
  }

  /** Deletes files from this browser for good. Rejects at the end where some are left, as another page has them. */
  async discard(ids: readonly string[]): Promise<void> {
    const { store } = await this.#storage;
    try {
      await discardKept(ids, { store, offers: this.#offers, leftovers: this.#leftovers });
    } finally {
      await this.refresh();
    }
  }

  #isHanded(id: string, end: FileEnd | undefined): boolean {
    return end?.end === 'handed' || this.#handed.has(id);
  }

  async #saveKept(id: string): Promise<void> {
    const { folder: name, file } = splitId(id);
    const folder = await (await this.#storage).store.take(name);
    try {
      const { path } = folder.manifest.files[file]!;
      const end = folder.ends.get(file);
      this.#downloads.file(await folder.open(file), downloadName(path));
      if (end?.end === 'done') await folder.note([{ file, end: { end: 'handed', hash: end.hash } }]);
    } finally {
      await folder.close();
    }
  }
}

function splitId(id: string): { folder: string; file: number } {
  const slash = id.lastIndexOf('/');
  return { folder: id.slice(0, slash), file: Number(id.slice(slash + 1)) };
}
