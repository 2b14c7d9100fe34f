import { SerialQueue } from '@tincan/engine/platform/serial-queue';
import type { Exchanges } from '@tincan/engine/room/exchanges';
import { isLive } from '@tincan/engine/transfer/file-state';
import { baseName } from '@tincan/engine/transfer/names';
import type { Downloads } from '../storage/downloads.ts';
import { canPickFolder, pickFile, pickFolder, PickedFolder } from '../storage/picked-folder.ts';
import { failureOf, note, Saving, type Place, type Received } from './saving.ts';
import type { TransferViews } from './transfer-views.ts';
import type { OfferView, SavingView, TransferView } from './views.ts';

const NOTHING: SavingView = { progress: undefined, unsaved: [], renamed: [] };

/** Puts received files where the person wants them, one after the other, and remembers which are there for certain. */
export class Saver {
  /** Whether this browser lets a page write into a folder that its person picks. */
  readonly canSaveToFolder = canPickFolder();
  readonly #exchanges: Exchanges;
  readonly #views: TransferViews;
  readonly #downloads: Downloads;
  readonly #onChanged: () => void;
  #view = NOTHING;
  /** Where the files of offers go that were accepted so; by the offers' ids. */
  readonly #wishes = new Map<string, { readonly place: Place; readonly tried: Set<string> }>();
  readonly #queue = new SerialQueue(Infinity); // what is in it, a person has asked for
  /** Ids of files that wait or are being written: asking twice must not save twice. */
  readonly #underWay = new Set<string>();
  #stop = new AbortController();

  /** `onChanged` is called when what the page shows has to be looked at again. */
  constructor(exchanges: Exchanges, views: TransferViews, downloads: Downloads, onChanged: () => void) {
    this.#exchanges = exchanges;
    this.#views = views;
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

  /** Hands received files to the browser's downloads: one as it is, several as one archive. */
  async download(transfers: readonly TransferView[]): Promise<void> {
    await this.#save(this.#receivedOf(transfers), { kind: 'downloads' }, 'saved');
  }

  /** Asks for a folder, within a click, and writes received files into it, sub-folders kept. */
  async writeIntoFolder(transfers: readonly TransferView[]): Promise<void> {
    const handle = await this.#ask(transfers, pickFolder);
    const received = this.#receivedOf(transfers);
    if (handle) await this.#save(received, { kind: 'folder', folder: new PickedFolder(handle) }, 'saved');
  }

  /** Stops what is being saved, and what waits for that; what is not there yet can be saved again. */
  stop(): void {
    this.#wishes.clear();
    this.#stop.abort(new DOMException('stopped by its person', 'AbortError'));
    this.#stop = new AbortController();
  }

  /** The person has these elsewhere: this browser does not keep them any more. */
  async free(transfers: readonly TransferView[]): Promise<void> {
    await note(this.#receivedOf(transfers), 'freed');
    this.#onChanged();
  }

  /**
   * Asks where an offer's files are to go once they are verified, within a click; a browser without such a question puts them into the downloads. False if
   * the person closes the question.
   */
  async choosePlace(offer: OfferView): Promise<boolean> {
    const place = await this.#askFor(offer);
    if (place) this.#wishes.set(offer.id, { place, tried: new Set() });
    return place !== undefined;
  }

  /** The offer could not be accepted. */
  forgetPlace(offer: OfferView): void {
    this.#wishes.delete(offer.id);
  }

  /** Saves what has been verified of offers whose files have a place to go to. */
  look(): void {
    if (this.#wishes.size === 0) return;
    for (const { receiver } of this.#exchanges.all)
      for (const { id, state, files } of receiver.offers) {
        const { place, tried } = this.#wishes.get(id) ?? {};
        if (!place || !tried || state !== 'accepted') continue;
        const hasEnded = !files.some(isLive);
        // What has failed may be tried again, and goes there then.
        if (hasEnded && !files.some((file) => file.state === 'failed')) this.#wishes.delete(id);
        // One archive has all of them; into a folder each goes as soon as it can, so that one at a time is there twice.
        if (place.kind === 'downloads' && !hasEnded) continue;
        const fresh = files.filter((file) => file.state === 'done' && file.saved === 'no' && !tried.has(file.id));
        if (fresh.length === 0) continue;
        for (const file of fresh) tried.add(file.id); // what cannot be written is the person's to try again
        void this.#save(
          fresh.map((file) => ({ receiver, file })),
          place,
          'moved',
        );
      }
  }

  async #askFor({ files, folders, preview }: OfferView): Promise<Place | undefined> {
    if (!this.canSaveToFolder) return { kind: 'downloads' };
    const [only] = preview;
    if (files === 1 && folders === 0 && only) {
      const handle = await this.#ask(preview, () => pickFile(baseName(only.path)));
      return handle && { kind: 'file', handle };
    }
    const handle = await this.#ask(preview, pickFolder);
    return handle && { kind: 'folder', folder: new PickedFolder(handle) };
  }

  /** The browser may refuse what its person has picked. */
  async #ask<T>(files: readonly { path: string }[], pick: () => Promise<T>): Promise<T | undefined> {
    try {
      return await pick();
    } catch (error) {
      console.warn('The browser does not give the place that was picked.', error);
      this.#show({ unsaved: files.map(({ path }) => ({ path, why: failureOf(error) })) });
      return undefined;
    }
  }

  #receivedOf(transfers: readonly TransferView[]): Received[] {
    return transfers.flatMap(({ key }) => {
      const { exchange, view } = this.#views.find(key) ?? {};
      const file = exchange?.receiver.fileOf(view!.id);
      return exchange && file ? [{ receiver: exchange.receiver, file }] : [];
    });
  }

  /** What goes wrong is in the view. */
  async #save(received: readonly Received[], place: Place, how: 'saved' | 'moved'): Promise<void> {
    const fresh = received.filter(({ file }) => file.state === 'done' && !file.freed && !this.#underWay.has(file.id));
    if (fresh.length === 0) return;
    for (const { file } of fresh) this.#underWay.add(file.id);
    const { signal } = this.#stop;
    await this.#queue.push(async () => {
      const saving = new Saving(fresh, signal, (progress) => this.#show({ progress }));
      try {
        await (place.kind === 'downloads' ? saving.toDownloads(this.#downloads) : saving.toPlace(place, how));
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

  #show(changes: Partial<SavingView>): void {
    this.#view = { ...this.#view, ...changes };
    this.#onChanged();
  }
}
