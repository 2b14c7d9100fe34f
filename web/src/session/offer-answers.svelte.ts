import { TincanError } from '@tincan/engine/platform/errors';
import type { Exchanges } from '@tincan/engine/room/exchanges';
import type { Saver } from './saver.ts';
import type { Viewer } from './viewer.svelte.ts';
import type { OfferView } from './views.ts';

/** What a person answers to the offers of a room. */
export class OfferAnswers {
  readonly #exchanges: Exchanges;
  readonly #saver: Saver;
  readonly #viewer: Viewer;
  #problem = $state.raw<{ offer: string; availableBytes: number }>();

  constructor(exchanges: Exchanges, saver: Saver, viewer: Viewer) {
    this.#exchanges = exchanges;
    this.#saver = saver;
    this.#viewer = viewer;
  }

  /** The offer that was last accepted in vain, as it does not fit: its key, and the bytes that are free. */
  get problem() {
    return this.#problem;
  }

  /** False where nothing comes of it: there is no room for it, which `problem` says then, or it was taken back meanwhile. */
  async accept({ id, key, peer }: OfferView): Promise<boolean> {
    this.#problem = undefined;
    const receiver = this.#exchanges.with(peer)?.receiver;
    if (!receiver) return false;
    try {
      await receiver.accept(id);
    } catch (error) {
      if (!(error instanceof TincanError)) throw error; // a fault of ours: shown in the console
      this.#problem = { offer: key, availableBytes: Math.max(0, await receiver.freeBytes()) };
      return false;
    }
    const isTaken = (state: string) => state === 'accepted' || state === 'accepting'; // by an earlier click
    return [...receiver.offers].some((offer) => offer.id === id && isTaken(offer.state));
  }

  /** Accepts, and puts the files where the person says, or into the downloads, once they are verified. Takes a click. */
  async acceptAndSave(offer: OfferView): Promise<void> {
    if (!(await this.#saver.choosePlace(offer))) return;
    let isAccepted = false;
    try {
      isAccepted = await this.accept(offer);
    } finally {
      if (!isAccepted) this.#saver.forgetPlace(offer);
    }
  }

  /** Accepts, and shows the first file that can be seen or heard, while it arrives. */
  async acceptAndWatch(offer: OfferView): Promise<void> {
    const { media, peer } = offer;
    if (media && (await this.accept(offer))) await this.#viewer.open({ peer, id: media.id });
  }

  decline({ id, peer }: OfferView): void {
    this.#exchanges.with(peer)?.receiver.decline(id);
  }
}
