import { isFolderPath } from '@tincan/shared/folder-path';
import type { FileEntry, SenderMessage } from '@tincan/shared/link-message';
import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { isLive, type TransferFile } from './file-state.ts';
import { ReceivingFile } from './incoming-file.ts';
import { Intake } from './intake.ts';
import { cleanPath, uniquePaths } from './names.ts';
import type { FileNote, KeptOffer, Manifest, OfferFolder, OfferStore } from './store.ts';

/** Files of one peer that have not ended, and the characters of their paths; and all files of it in this visit. */
const MAX_FILES_LIVE = 4 * MAX_FILES_PER_OFFER;
const MAX_PATH_CHARS_LIVE = 32 * 1_048_576;
const MAX_FILES_REMEMBERED = 20 * MAX_FILES_PER_OFFER;

/** Files that a peer offers together. Read it, do not change it. */
export interface IncomingOffer {
  readonly id: string;
  /** What its sender called itself, where it was accepted on an earlier visit. */
  readonly from: string | undefined;
  readonly state: 'open' | 'accepting' | 'accepted' | 'declined';
  readonly files: readonly TransferFile[];
}

/** An offer, from its first word to its last, over links and visits. */
export class ReceivingOffer implements IncomingOffer {
  readonly id: string;
  readonly key: string;
  readonly files: readonly ReceivingFile[];
  from: string | undefined;
  /** The sender remembers it when its page is closed. */
  senderKeeps: boolean;
  state: IncomingOffer['state'] = 'open';
  /** Its bytes are spoken for in the store. */
  isPromised = false;
  /** Where its files go, and how, once it is accepted. */
  kept: { readonly folder: OfferFolder; readonly intake: Intake } | undefined;
  readonly #toFree: number[] = [];
  readonly #toNote: FileNote[] = [];
  #nextNote: Promise<void> | undefined;
  #noting: Promise<void> = Promise.resolve();

  constructor(offer: { id: string; key: string; keeps: boolean; files: readonly ReceivingFile[] }) {
    this.id = offer.id;
    this.key = offer.key;
    this.senderKeeps = offer.keeps;
    this.files = offer.files;
  }

  /** An offer that an earlier visit has accepted, as it stands in its folder. */
  static restore(folder: OfferFolder): ReceivingOffer {
    const { offer, key, from } = folder.manifest;
    const files = folder.manifest.files.map((kept, place) => {
      const file = new ReceivingFile(kept);
      file.place = place;
      const end = folder.ends.get(place);
      file.state = 'active';
      if (end) file.restoreEnd(end);
      else file.restore(folder.durableAtOpening(place));
      return file;
    });
    const restored = new ReceivingOffer({ id: offer, key, keeps: true, files });
    restored.from = from;
    restored.state = 'accepted';
    restored.isPromised = true;
    restored.#keepIn(folder);
    return restored;
  }

  /** An offer of which nothing is left to be received, before anyone has taken hold of its folder: its sender may not have heard that yet. */
  static restoreEnded({ manifest, ends }: KeptOffer): ReceivingOffer {
    const files = manifest.files.map((kept, place) => {
      const file = new ReceivingFile(kept);
      file.place = place;
      file.restoreEnd(ends.get(place) ?? { end: 'removed' });
      return file;
    });
    const restored = new ReceivingOffer({ id: manifest.offer, key: manifest.key, keeps: true, files });
    restored.from = manifest.from;
    restored.state = 'accepted';
    return restored;
  }

  /** Its folder, for one that was restored without. */
  hold(folder: OfferFolder): void {
    this.#keepIn(folder);
  }

  /** Makes a folder for those files that are still offered. Rejects as the store does. */
  async keep(store: OfferStore, sender: { name: string; link: string; now: number }): Promise<void> {
    const files = this.files.filter(({ state }) => state === 'offered');
    const manifest: Manifest = {
      offer: this.id,
      key: this.key,
      from: sender.name,
      acceptedAt: sender.now,
      files: files.map(({ id, path, size, modified }) => ({ id, path, size, modified })),
    };
    const folder = await store.create(manifest, sender.link);
    files.forEach((file, place) => (file.place = place));
    this.#keepIn(folder);
    // What was taken back while the folder was made.
    for (const file of files) if (file.state !== 'offered') this.free(file, () => {});
  }

  /** Writes down that these files are verified, where that does not stand there yet. Never rejects: whether it stands there now. */
  async noteDone(files: readonly ReceivingFile[]): Promise<boolean> {
    if (!this.kept) return true; // restored from what stands there
    const { folder } = this.kept;
    const notes = files
      .filter(({ place, saved }) => saved === 'no' && !folder.ends.has(place))
      .map(({ place, hash }) => ({ file: place, end: { end: 'done' as const, hash: hash! } }));
    try {
      if (notes.length > 0) await this.note(notes);
      return true;
    } catch (error) {
      console.warn('That a file is whole could not be noted yet; its sender goes on remembering it.', error);
      return false;
    }
  }

  /**
   * Writes down how files have ended, in the order in which that is said. What is to be noted while something is being noted shares the next note, and
   * so its way to the disk. Rejects as the store does.
   */
  async note(notes: readonly FileNote[]): Promise<void> {
    this.#toNote.push(...notes);
    this.#nextNote ??= this.#noting.then(() => {
      this.#nextNote = undefined;
      const noting = this.kept!.folder.note(this.#toNote.splice(0));
      this.#noting = noting.catch(() => undefined); // whoever has asked for it hears
      return noting;
    });
    await this.#nextNote;
  }

  /** Frees what has arrived of a file that nobody wants any more; of several in the same turn together. */
  free(file: ReceivingFile, onFreed: () => void): void {
    const { kept } = this;
    if (!kept || file.place < 0) return;
    this.#toFree.push(file.place);
    if (this.#toFree.length > 1) return;
    queueMicrotask(() => {
      const notes = this.#toFree.splice(0).map((place) => ({ file: place, end: { end: 'removed' as const } }));
      const nothingIsLeft = this.files.every(({ place, state }) => place < 0 || state === 'cancelled');
      (nothingIsLeft ? kept.folder.discard() : this.note(notes)).then(onFreed, (error: unknown) =>
        console.warn('What is not wanted any more could not be deleted; a later visit will.', error),
      );
    });
  }

  #keepIn(folder: OfferFolder): void {
    this.kept = { folder, intake: new Intake(folder) };
  }
}

/** What a part of an offer amounts to. */
type Taken =
  | { kind: 'incomplete' }
  | { kind: 'refused' }
  | { kind: 'new'; offer: ReceivingOffer }
  | { kind: 'repeated'; offer: ReceivingOffer };

type OfferMessage = Extract<SenderMessage, { type: 'offer' }>;

/** One peer's offers and the files in them, put together from parts, within a bound on what the peer can make us hold. */
export class IncomingOffers {
  readonly #offers = new Map<string, ReceivingOffer>();
  /** On the present link. */
  readonly #byHandle = new Map<number, ReceivingFile>();
  readonly #byId = new Map<string, { file: ReceivingFile; offer: ReceivingOffer }>();
  /** Entries of offers that are not whole yet. */
  readonly #parts = new Map<string, FileEntry[]>();
  #entriesInParts = 0;
  #charsInParts = 0;

  get all(): Iterable<ReceivingOffer> {
    return this.#offers.values();
  }
  *files(): Generator<ReceivingFile> {
    for (const { file } of this.#byId.values()) yield file;
  }
  get(offer: string): ReceivingOffer | undefined {
    return this.#offers.get(offer);
  }
  byHandle(handle: number): ReceivingFile | undefined {
    return this.#byHandle.get(handle);
  }
  byId(id: string): { file: ReceivingFile; offer: ReceivingOffer } | undefined {
    return this.#byId.get(id);
  }
  offerOf(file: ReceivingFile): ReceivingOffer | undefined {
    return this.#byId.get(file.id)?.offer;
  }

  /** Bytes of accepted files that are still to come. */
  get promisedBytes(): number {
    let bytes = 0;
    for (const offer of this.#offers.values()) {
      if (!offer.isPromised) continue;
      for (const { state, size, durable } of offer.files)
        if (state === 'active' || state === 'offered') bytes += size - durable;
    }
    return bytes;
  }

  /** An offer that this peer has proved to be the other end of. */
  adopt(offer: ReceivingOffer): void {
    this.#offers.set(offer.id, offer);
    for (const file of offer.files) this.#byId.set(file.id, { file, offer });
  }

  /** It goes on with another peer, or is forgotten. */
  release(offer: ReceivingOffer): void {
    if (this.#offers.get(offer.id) !== offer) return;
    this.#offers.delete(offer.id);
    for (const file of offer.files) {
      this.#byId.delete(file.id);
      this.#unname(file);
    }
  }

  /** The link is down: what the sender calls its files on the next one is its to say. */
  handleLinkDown(): void {
    for (const { file } of this.#byId.values()) this.#unname(file);
    this.#byHandle.clear();
    this.#parts.clear();
    [this.#entriesInParts, this.#charsInParts] = [0, 0];
  }

  /** Takes one part of an offer; the last one makes it whole. Refuses what breaks a rule or a bound. */
  take(part: OfferMessage): Taken {
    if (part.start === 0) this.#forgetParts(part.offer);
    const entries = part.start === 0 ? [] : this.#parts.get(part.offer);
    const fits =
      entries?.length === part.start &&
      part.start + part.entries.length <= part.files &&
      this.#entriesInParts + part.entries.length <= MAX_FILES_PER_OFFER &&
      this.#charsInParts + charsIn(part.entries) <= MAX_PATH_CHARS_LIVE;
    if (!entries || !fits) {
      this.#forgetParts(part.offer);
      return { kind: 'refused' };
    }
    entries.push(...part.entries);
    this.#parts.set(part.offer, entries);
    this.#entriesInParts += part.entries.length;
    this.#charsInParts += charsIn(part.entries);
    if (entries.length < part.files) return { kind: 'incomplete' };
    this.#forgetParts(part.offer);
    const known = this.#offers.get(part.offer);
    if (!this.#isSound(entries, part.bytes)) return { kind: 'refused' };
    if (known) return this.#repeat(known, part, entries);
    if (!this.#isBearable(entries)) return { kind: 'refused' };
    const offer = this.#add(part, entries);
    return { kind: 'new', offer };
  }

  /** Handles are new, ids are different, folders have no bytes, and the sizes are what they are said to be. */
  #isSound(entries: readonly FileEntry[], bytes: number): boolean {
    const distinct = new Set(entries.flatMap(({ handle, id }) => [handle, id]));
    return (
      entries.reduce((sum, { size }) => sum + size, 0) === bytes &&
      distinct.size === 2 * entries.length &&
      entries.every(({ path, size }) => size === 0 || !isFolderPath(path)) &&
      entries.every(({ handle }) => !this.#byHandle.has(handle))
    );
  }

  #isBearable(entries: readonly FileEntry[]): boolean {
    const live = [...this.files()].filter(isLive);
    return (
      entries.every(({ id }) => !this.#byId.has(id)) &&
      this.#byId.size + entries.length <= MAX_FILES_REMEMBERED &&
      live.length + entries.length <= MAX_FILES_LIVE &&
      charsIn(live) + charsIn(entries) <= MAX_PATH_CHARS_LIVE
    );
  }

  /** The same offer on another link: the same files, or fewer, under other handles. */
  #repeat(offer: ReceivingOffer, { key, keeps }: OfferMessage, entries: readonly FileEntry[]): Taken {
    const files = entries.map(({ id, size }) => {
      const known = this.#byId.get(id);
      return known?.offer === offer && known.file.size === size ? known.file : undefined;
    });
    const isSame = files.every((file) => file !== undefined);
    // Whoever accepted a part of an offer has forgotten the rest of it when its page was loaded anew.
    const isPart = offer.from !== undefined && files.some((file) => file !== undefined);
    if (offer.key !== key || !(isSame || isPart)) return { kind: 'refused' };
    offer.senderKeeps = keeps;
    for (const file of offer.files) this.#unname(file);
    files.forEach((file, index) => {
      if (!file) return;
      file.handle = entries[index]!.handle;
      this.#byHandle.set(file.handle, file);
    });
    return { kind: 'repeated', offer };
  }

  #add({ offer: id, key, keeps }: OfferMessage, entries: readonly FileEntry[]): ReceivingOffer {
    const paths = uniquePaths(entries.map(({ path }) => cleanPath(path)));
    const files = entries.map((entry, place) => {
      const file = new ReceivingFile({ ...entry, path: paths[place]! });
      file.handle = entry.handle;
      this.#byHandle.set(entry.handle, file);
      return file;
    });
    const offer = new ReceivingOffer({ id, key, keeps, files });
    this.adopt(offer);
    return offer;
  }

  #unname(file: ReceivingFile): void {
    if (file.handle !== undefined) this.#byHandle.delete(file.handle);
    file.handle = undefined;
  }

  #forgetParts(offer: string): void {
    const parts = this.#parts.get(offer) ?? [];
    this.#entriesInParts -= parts.length;
    this.#charsInParts -= charsIn(parts);
    this.#parts.delete(offer);
  }
}

function charsIn(entries: readonly { path: string }[]): number {
  return entries.reduce((sum, { path }) => sum + path.length, 0);
}
