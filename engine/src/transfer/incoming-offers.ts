import type { FileEntry, SenderMessage } from '@tincan/shared/link-message';
import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { isLive } from './file-state.ts';
import { ReceivingFile, type IncomingFile } from './incoming-file.ts';
import { cleanPath, UniquePaths } from './names.ts';

/** Files of one peer that have not ended, and the characters of their paths; and all files of it in this visit. */
const MAX_FILES_LIVE = 4 * MAX_FILES_PER_OFFER;
const MAX_PATH_CHARS_LIVE = 32 * 1_048_576;
const MAX_FILES_REMEMBERED = 20 * MAX_FILES_PER_OFFER;

/** Files that a peer offers together. */
export interface IncomingOffer {
  readonly id: string;
  readonly state: 'open' | 'accepted' | 'declined';
  readonly files: readonly IncomingFile[];
}

export interface Offer extends IncomingOffer {
  state: IncomingOffer['state'];
  readonly files: readonly ReceivingFile[];
}

/** What a part of an offer amounts to. */
type Taken =
  | { kind: 'incomplete' }
  | { kind: 'refused' }
  | { kind: 'new' }
  | { kind: 'repeated'; offer: Offer; handles: readonly number[] };

/** One peer's offers and the files in them, put together from parts, within a bound on what the peer can make us hold. */
export class IncomingOffers {
  readonly #offers = new Map<string, Offer>();
  readonly #byHandle = new Map<number, ReceivingFile>();
  readonly #byId = new Map<string, ReceivingFile>();
  readonly #paths = new UniquePaths();
  /** Entries of offers that are not whole yet. */
  readonly #parts = new Map<string, FileEntry[]>();
  #entriesInParts = 0;

  get all(): Iterable<Offer> {
    return this.#offers.values();
  }
  get files(): Iterable<ReceivingFile> {
    return this.#byHandle.values();
  }
  get(offer: string): Offer | undefined {
    return this.#offers.get(offer);
  }
  byHandle(handle: number): ReceivingFile | undefined {
    return this.#byHandle.get(handle);
  }
  byId(id: string): ReceivingFile | undefined {
    return this.#byId.get(id);
  }

  /** Takes one part of an offer; the last one makes it whole. Refuses what breaks a rule or a bound. */
  take(part: Extract<SenderMessage, { type: 'offer' }>): Taken {
    if (part.start === 0) this.#forget(part.offer);
    const entries = part.start === 0 ? [] : this.#parts.get(part.offer);
    const fits = entries?.length === part.start && part.start + part.entries.length <= part.files;
    if (!entries || !fits || this.#entriesInParts + part.entries.length > MAX_FILES_PER_OFFER) {
      this.#forget(part.offer);
      return { kind: 'refused' };
    }
    entries.push(...part.entries);
    this.#parts.set(part.offer, entries);
    this.#entriesInParts += part.entries.length;
    if (entries.length < part.files) return { kind: 'incomplete' };
    this.#forget(part.offer);
    const known = this.#offers.get(part.offer);
    if (known) return { kind: 'repeated', offer: known, handles: entries.map(({ handle }) => handle) };
    if (!this.#isSound(entries, part.bytes)) return { kind: 'refused' };
    this.#add(part.offer, entries);
    return { kind: 'new' };
  }

  #isSound(entries: readonly FileEntry[], bytes: number): boolean {
    const chars = (sum: number, { path }: { path: string }) => sum + path.length;
    const live = [...this.#byHandle.values()].filter(isLive);
    const distinct = new Set(entries.flatMap(({ handle, id }) => [handle, id]));
    return (
      entries.reduce((sum, { size }) => sum + size, 0) === bytes &&
      distinct.size === 2 * entries.length &&
      entries.every(({ handle, id }) => !this.#byHandle.has(handle) && !this.#byId.has(id)) &&
      this.#byHandle.size + entries.length <= MAX_FILES_REMEMBERED &&
      live.length + entries.length <= MAX_FILES_LIVE &&
      live.reduce(chars, 0) + entries.reduce(chars, 0) <= MAX_PATH_CHARS_LIVE
    );
  }

  #add(id: string, entries: readonly FileEntry[]): void {
    const files = entries.map((entry) => {
      const file = new ReceivingFile({ ...entry, path: this.#paths.take(cleanPath(entry.path)) });
      this.#byHandle.set(file.handle, file);
      this.#byId.set(file.id, file);
      return file;
    });
    this.#offers.set(id, { id, state: 'open', files });
  }

  #forget(offer: string): void {
    this.#entriesInParts -= this.#parts.get(offer)?.length ?? 0;
    this.#parts.delete(offer);
  }
}
