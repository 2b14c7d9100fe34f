import { SerialQueue } from '@tincan/engine/platform/serial-queue';
import type { Downloads } from '../storage/downloads.ts';
import { canPickFolder, pickFolder, PickedFolder } from '../storage/picked-folder.ts';
import { failureOf, Saving, type Place, type Received } from './saving.ts';
import type { SavingView } from './views.ts';

const NOTHING: SavingView = { progress: undefined, unsaved: [], renamed: [], toAllow: [] };

/** Puts received files where the person wants them, one wish after the other, and remembers what is to be said of it. Nothing rejects. */
export class SaveQueue {
  /** Whether this browser lets a page write into a folder that its person picks. */
  readonly canSaveToFolder = canPickFolder();
  readonly #downloads: Downloads;
  readonly #onChanged: () => void;
  #view = NOTHING;
  readonly #queue = new SerialQueue(Infinity); // what is in it, a person has asked for
  /** Ids of files that wait or are being written: asking twice must not save twice. */
  readonly #underWay = new Set<string>();
  #stop = new AbortController();

  /** `onChanged` is called when `view` is another one. */
  constructor(downloads: Downloads, onChanged: () => void) {
    this.#downloads = downloads;
    this.#onChanged = onChanged;
  }

  /** What is being saved at this moment, and what has to be said of what was. */
  get view(): SavingView {
    return this.#view;
  }

  /** The person has read what was said. */
  dismiss(): void {
    this.#show({ unsaved: [], renamed: [] });
  }

  /** Stops what is being saved, and what waits for that; what is not there yet can be saved again. */
  stop(): void {
    this.#stop.abort(new DOMException('stopped by its person', 'AbortError'));
    this.#stop = new AbortController();
  }

  /** Asks for a folder, within a click, and writes these into it, sub-folders kept. */
  async writeIntoFolder(received: readonly Received[]): Promise<void> {
    const handle = await this.ask(
      received.map(({ file }) => file),
      pickFolder,
    );
    if (handle) await this.put(received, { kind: 'folder', folder: new PickedFolder(handle) }, 'saved');
  }

  /** Asks for a place; the browser may refuse what its person has picked, which is said of these files. */
  async ask<T>(files: readonly { readonly path: string }[], pick: () => Promise<T>): Promise<T | undefined> {
    try {
      return await pick();
    } catch (error) {
      console.warn('The browser does not give the place that was picked.', error);
      this.#show({ unsaved: files.map(({ path }) => ({ path, why: failureOf(error) })) });
      return undefined;
    }
  }

  /** Resolves once these are there, or it is in the view that they are not. Several go into the downloads as one archive. */
  async put(received: readonly Received[], place: Place, how: 'saved' | 'moved'): Promise<void> {
    const fresh = received.filter(({ file }) => !this.#underWay.has(file.id));
    if (fresh.length === 0) return;
    for (const { file } of fresh) this.#underWay.add(file.id);
    const { signal } = this.#stop;
    await this.#queue.push(async () => {
      const saving = new Saving(fresh, signal, (progress) => this.#show({ progress }));
      try {
        await (place.kind === 'downloads'
          ? saving.toDownloads(this.#downloads, how === 'saved')
          : saving.toPlace(place, how));
      } finally {
        for (const { file } of fresh) this.#underWay.delete(file.id);
        const { unsaved, renamed } = this.#view;
        this.#show({
          progress: undefined,
          unsaved: [...unsaved, ...saving.unsaved],
          renamed: [...renamed, ...saving.renamed],
        });
      }
    });
  }

  /** What the browser has to ask its person for. */
  showToAllow(toAllow: readonly string[]): void {
    this.#show({ toAllow });
  }

  /** Resolves once all that was asked for so far has ended. */
  async settled(): Promise<void> {
    await this.#queue.push(async () => {});
  }

  #show(changes: Partial<SavingView>): void {
    this.#view = { ...this.#view, ...changes };
    this.#onChanged();
  }
}
