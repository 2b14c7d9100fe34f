import type { SenderMessage } from '@tincan/shared/link-message';
import type { ReceivingFile } from './incoming-file.ts';
import type { IncomingOffers, ReceivingOffer } from './incoming-offers.ts';

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
      const whole = verified.get(offer);
      if (whole) whole.push(file);
      else verified.set(offer, [file]);
    }
    for (const [offer, whole] of verified) void this.tellDone(offer, whole);
  }

  /** The person has it: a later visit does not offer it for long. */
  async markSaved(found: { file: ReceivingFile; offer: ReceivingOffer } | undefined): Promise<void> {
    const { file, offer } = found ?? {};
    if (file?.state !== 'done' || !file.hash) return;
    file.saved = true;
    const end = { end: 'saved', hash: file.hash, at: this.#options.now() } as const;
    await offer?.kept?.folder.note([{ file: file.place, end }]);
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
