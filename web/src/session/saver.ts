import type { Exchanges } from '@tincan/engine/room/exchanges';
import { isLive } from '@tincan/engine/transfer/file-state';
import type { IncomingOffer } from '@tincan/engine/transfer/incoming-offers';
import { baseName } from '@tincan/engine/transfer/names';
import type { Receiver } from '@tincan/engine/transfer/receiver';
import type { Downloads } from '../storage/downloads.ts';
import { pickFile, pickFolder } from '../storage/picked-folder.ts';
import type { Places, WishedPlace } from '../storage/places.ts';
import { SaveQueue } from './save-queue.ts';
import { note, type Received } from './saving.ts';
import type { TransferViews } from './transfer-views.ts';
import type { OfferView, SavingView, TransferView } from './views.ts';
import { Wishes } from './wishes.ts';

/** Puts the received files of a room where its person wants them, and remembers which are there for certain. */
export class Saver {
  readonly #exchanges: Exchanges;
  readonly #views: TransferViews;
  readonly #queue: SaveQueue;
  readonly #wishes: Wishes;
  readonly #onChanged: () => void;

  /** `onChanged` is called when what the page shows has to be looked at again. */
  constructor(
    exchanges: Exchanges,
    views: TransferViews,
    { downloads, places }: { downloads: Downloads; places: Places },
    onChanged: () => void,
  ) {
    this.#exchanges = exchanges;
    this.#views = views;
    this.#queue = new SaveQueue(downloads, onChanged);
    this.#wishes = new Wishes(places);
    this.#onChanged = onChanged;
  }

  /** Whether this browser lets a page write into a folder that its person picks. */
  get canSaveToFolder(): boolean {
    return this.#queue.canSaveToFolder;
  }

  /** What is being saved at this moment, and what has to be said of what was. */
  get view(): SavingView {
    return this.#queue.view;
  }

  /** The person has read what was said. */
  dismiss(): void {
    this.#queue.dismiss();
  }

  /** Hands received files to the browser's downloads: one as it is, several as one archive. */
  async download(transfers: readonly TransferView[]): Promise<void> {
    await this.#queue.put(this.#receivedOf(transfers), { kind: 'downloads' }, 'saved');
  }

  /** Asks for a folder, within a click, and writes received files into it, sub-folders kept. */
  async writeIntoFolder(transfers: readonly TransferView[]): Promise<void> {
    await this.#queue.writeIntoFolder(this.#receivedOf(transfers));
  }

  /** Stops what is being saved, and what waits for that; what is not there yet can be saved again. */
  stop(): void {
    this.#queue.stop();
    for (const { receiver } of this.#exchanges.all) for (const offer of receiver.offers) void this.#end(offer);
  }

  /** The page leaves: what is being saved ends, and what was wished stays so. */
  close(): void {
    this.#wishes.close();
    this.#queue.stop();
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
    const wished = await this.#askFor(offer);
    if (wished) await this.#wishes.add(offer.id, wished);
    return wished !== undefined;
  }

  /** The offer could not be accepted. */
  forgetPlace(offer: OfferView): void {
    void this.#wishes.end(offer.id, false);
  }

  /** Goes on with what earlier visits were to do for the offers that are here again. */
  async restore(): Promise<void> {
    await this.#wishes.restore(
      [...this.#exchanges.all].flatMap(({ receiver }) => receiver.keptOffers.map(({ id }) => id)),
    );
    this.#queue.showToAllow(this.#wishes.toAllow);
  }

  /** Asks the person again for the places of an earlier visit, within a click. Where that is refused, files are saved by hand. */
  async allow(): Promise<void> {
    await this.#wishes.allow();
    this.#queue.showToAllow(this.#wishes.toAllow);
  }

  /** Saves what has been verified of offers whose files have a place to go to. */
  look(): void {
    if (this.#wishes.size === 0) return;
    for (const { receiver } of this.#exchanges.all) for (const offer of receiver.offers) this.#lookAt(receiver, offer);
  }

  #lookAt(receiver: Receiver, offer: IncomingOffer): void {
    const wish = this.#wishes.get(offer.id);
    if (!wish || wish.ending || offer.state !== 'accepted') return;
    const { place, tried, allowed } = wish;
    const hasEnded = !offer.files.some(isLive);
    const fresh = offer.files.filter(({ id, state, saved }) => state === 'done' && saved === 'no' && !tried.has(id));
    if (fresh.length > 0) {
      // One archive has all of them; into a folder each goes as soon as it can, so that one at a time is there twice.
      if (!allowed || (place.kind === 'downloads' && !hasEnded)) return;
      for (const { id } of fresh) tried.add(id);
      const received = fresh.map((file) => ({ keeper: receiver, file, wasHanded: false }));
      void this.#queue.put(received, place, 'moved');
    }
    // What has failed may be tried again, and goes there then.
    if (hasEnded && !offer.files.some(({ state }) => state === 'failed')) void this.#end(offer);
  }

  /** Nothing more of it goes there, once what waits is there. */
  async #end({ id, files }: IncomingOffer): Promise<void> {
    const wish = this.#wishes.get(id);
    if (!wish || wish.ending) return;
    wish.ending = true;
    await this.#queue.settled();
    await this.#wishes.end(
      id,
      files.some(({ saved }) => saved === 'saved'),
    );
    this.#queue.showToAllow(this.#wishes.toAllow);
  }

  async #askFor({ files, folders, preview }: OfferView): Promise<WishedPlace | undefined> {
    if (!this.canSaveToFolder) return { kind: 'downloads' };
    const [only] = preview;
    if (files === 1 && folders === 0 && only) {
      const handle = await this.#queue.ask(preview, () => pickFile(baseName(only.path)));
      return handle && { kind: 'file', handle };
    }
    const handle = await this.#queue.ask(preview, pickFolder);
    return handle && { kind: 'folder', handle };
  }

  /** Those that are here whole. */
  #receivedOf(transfers: readonly TransferView[]): Received[] {
    return transfers.flatMap(({ key }) => {
      const { exchange, view } = this.#views.find(key) ?? {};
      const file = exchange?.receiver.fileOf(view!.id);
      if (!exchange || file?.state !== 'done' || file.freed) return [];
      return [{ keeper: exchange.receiver, file, wasHanded: file.saved === 'handed' }];
    });
  }
}
