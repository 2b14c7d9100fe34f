import type { FileEntry, SenderMessage } from '@tincan/shared/link-message';
import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';

type OfferPart = Extract<SenderMessage, { type: 'offer' }>;

/** Puts offers together from their parts, within a bound on what a peer can make this page hold. */
export class IncomingOffers {
  readonly #parts = new Map<string, FileEntry[]>();
  #held = 0;

  /** Takes one part; gives all entries once the offer is whole, or `refused` if it breaks a rule. */
  take(part: OfferPart): FileEntry[] | 'refused' | undefined {
    const entries = part.start === 0 ? [] : this.#parts.get(part.offer);
    if (part.start === 0) this.#forget(part.offer);
    const fits = entries?.length === part.start && part.start + part.entries.length <= part.files;
    if (!entries || !fits || this.#held + part.entries.length > MAX_FILES_PER_OFFER) return this.#refuse(part.offer);
    entries.push(...part.entries);
    this.#parts.set(part.offer, entries);
    this.#held += part.entries.length;
    if (entries.length < part.files) return undefined;
    this.#forget(part.offer);
    const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
    const distinct = new Set(entries.flatMap((entry) => [entry.handle, entry.id]));
    return bytes === part.bytes && distinct.size === 2 * entries.length ? entries : 'refused';
  }

  #refuse(offer: string): 'refused' {
    this.#forget(offer);
    return 'refused';
  }

  #forget(offer: string): void {
    this.#held -= this.#parts.get(offer)?.length ?? 0;
    this.#parts.delete(offer);
  }
}
