import type { SenderMessage } from '@tincan/shared/link-message';
import { addTo } from '../platform/groups.ts';
import type { SavedHow } from './file-state.ts';
import type { ReceivingFile } from './incoming-file.ts';
import type { IncomingOffers, ReceivingOffer } from './incoming-offers.ts';
import { endOfSaved, isFreed, savedOf, type FileNote } from './store.ts';

export interface VerificationOptions {
  offers: IncomingOffers;
  /** Both sides' hashes are equal, and that stands on the disk. */
  onDone: (file: ReceivingFile) => void;
  onMismatch: (file: ReceivingFile) => void;
  onChanged: () => void;
  now: () => number;
}

/** The last comparison, and what is noted of files that have come through it. */
export class Verification {
  readonly #options: VerificationOptions;

  constructor(options: VerificationOptions) {
    this.#options = options;
  }

  /** The sender's own hashes of whole files. */
  handle(files: Extract<SenderMessage, { type: 'verified' }>['files']): void {
    const { offers, onMismatch } = this.#options;
    const verified = new Map<ReceivingOffer, ReceivingFile[]>();
    for (const { handle, hash } of files) {
      const file = offers.byHandle(handle);
      const offer = file && offers.offerOf(file);
      if (!offer || file.state !== 'verifying' || !file.hash) continue;
      if (file.hash !== hash) {
        onMismatch(file);
        continue;
      }
      addTo(verified, offer, file);
    }
    for (const [offer, whole] of verified) void this.tellDone(offer, whole);
  }

  /** Writes down where these files are now; those of one offer at once. What was saved is not less for being handed over too. */
  async noteSaved(ids: readonly string[], how: SavedHow): Promise<void> {
    const { offers, now, onChanged } = this.#options;
    const notes = new Map<ReceivingOffer, { file: ReceivingFile; note: FileNote }[]>();
    for (const id of ids) {
      const { file, offer } = offers.byId(id) ?? {};
      const { hash } = file ?? {};
      if (!file || !offer || hash === undefined || file.state !== 'done' || file.freed) continue;
      const end = endOfSaved(how, { hash, saved: file.saved }, now());
      if (!end) continue;
      file.saved = savedOf(end);
      addTo(notes, offer, { file, note: { file: file.place, end } });
    }
    for (const [offer, ended] of notes) {
      await offer.note(ended.map(({ note }) => note));
      for (const { file, note } of ended) if (isFreed(note.end)) file.freed = true; // not before: a full disk may not take the note
    }
    onChanged();
  }

  /** Both sides agree on these. The sender may forget a file only once that stands on the disk. */
  async tellDone(offer: ReceivingOffer, files: readonly ReceivingFile[]): Promise<void> {
    const { onDone, onChanged } = this.#options;
    const isNoted = await offer.noteDone(files);
    for (const file of files) {
      if (file.state === 'verifying') file.state = 'done';
      if (isNoted && file.state === 'done') onDone(file);
    }
    onChanged();
  }
}
