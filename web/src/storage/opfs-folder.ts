// One offer's folder on the disk, within the worker that holds it. A block becomes durable in this order and no other:
//
//   data.write ─▶ data.flush ─▶ sidecar.write ─▶ sidecar.flush
//
// Wherever a crash falls, what stands in a sidecar was on the disk before.
import { SerialQueue } from '@tincan/engine/platform/serial-queue';
import { TincanError } from '@tincan/engine/platform/errors';
import { BlockSet, blockBytes, blockCount } from '@tincan/engine/transfer/blocks';
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { HASH_BYTES, hashBlock, sameHash } from '@tincan/engine/transfer/hash';
import { checkBlock, checkHash, fileAt } from '@tincan/engine/transfer/store-checks';
import { isFreed, type FileEnd, type FileNote, type Manifest, type OfferFolder } from '@tincan/engine/transfer/store';
import { FolderFiles } from './folder-files.ts';
import {
  MANIFEST,
  NOTES,
  PACK_DATA,
  PACK_HASHES,
  durableBlocks,
  isPacked,
  placesOf,
  sidecarRuns,
  type Place,
} from './folder-layout.ts';
import { encodeManifest, encodeMove, encodeNotes, parseManifest, parseNotes, type Beginning } from './folder-notes.ts';
import { readFile, type Directory } from './handles.ts';
import { asStoreError } from './store-errors.ts';

/** What the folder needs of the store that holds it. */
export interface Holding {
  readonly directory: Directory;
  /** Lets another page have it. */
  release(): Promise<void>;
  /** Deletes it. */
  delete(): Promise<void>;
}

/** Written and not durable: the hashes of blocks, by the numbers of their entries in a sidecar. */
interface Pending {
  readonly data: string;
  readonly entries: Map<number, Uint8Array>;
}

const NEWLINE = 10;

/** An offer's files and what is known of them; its methods answer in turn, whoever asks. */
export class OpfsFolder implements OfferFolder {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly ends: Map<number, FileEnd>;
  readonly #holding: Holding;
  readonly #files: FolderFiles;
  readonly #places: readonly Place[];
  readonly #durable: readonly (readonly number[])[];
  /** By the sidecars' names. */
  readonly #pending = new Map<string, Pending>();
  readonly #queue = new SerialQueue(Infinity); // what is asked for is bounded by those who ask
  #link: string;
  #notesEnd: number;
  /** A crash has torn the last note: the next begins a line of its own. */
  #isTorn: boolean;
  #closed: Promise<void> | undefined;

  /** Writes down what was accepted. */
  static async create(holding: Holding, beginning: Beginning): Promise<OpfsFolder> {
    const files = new FolderFiles(holding.directory);
    try {
      await files.write(MANIFEST, 0, await encodeManifest(beginning));
      await files.close(MANIFEST);
    } catch (error) {
      files.abandon();
      throw error;
    }
    return new OpfsFolder(holding, beginning, new Uint8Array(), []);
  }

  /** Opens what an earlier visit has left, and ends what it had begun to remove. */
  static async open(holding: Holding): Promise<OpfsFolder> {
    const { directory } = holding;
    const beginning = await parseManifest(await readFile(directory, MANIFEST));
    if (!beginning) throw new TincanError('store-failed', `the manifest of ${directory.name} cannot be read`);
    const durable: number[][] = [];
    const pack = await readFile(directory, PACK_HASHES);
    for (const place of placesOf(beginning.manifest.files))
      durable.push(durableBlocks(place, isPacked(place.size) ? pack : await readFile(directory, place.sidecar)));
    const folder = new OpfsFolder(holding, beginning, await readFile(directory, NOTES), durable);
    await folder.#free([...folder.ends.keys()].filter((file) => folder.#isFreed(file)));
    return folder;
  }

  private constructor(
    holding: Holding,
    { manifest, link }: Beginning,
    notes: Uint8Array,
    durable: readonly (readonly number[])[],
  ) {
    this.folder = holding.directory.name;
    this.manifest = manifest;
    this.#holding = holding;
    this.#files = new FolderFiles(holding.directory);
    this.#places = placesOf(manifest.files);
    this.#durable = durable;
    this.#notesEnd = notes.length;
    this.#isTorn = notes.length > 0 && notes.at(-1) !== NEWLINE;
    const since = parseNotes(notes, manifest.files.length);
    this.ends = since.ends;
    this.#link = since.link ?? link;
  }

  get link(): string {
    return this.#link;
  }

  durableAtOpening(file: number): BlockSet {
    const set = new BlockSet(fileAt(this.manifest, file).size);
    for (const block of this.foundDurable(file)) set.add(block);
    return set;
  }

  /** The numbers in `durableAtOpening`. */
  foundDurable(file: number): readonly number[] {
    return this.#isFreed(file) ? [] : (this.#durable[file] ?? []);
  }

  async write(
    file: number,
    block: number,
    bytes: Uint8Array<ArrayBuffer>,
    hash: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer>> {
    try {
      checkBlock(this, file, block, bytes, hash);
      await checkHash(bytes, hash);
      await this.#next(async () => {
        checkBlock(this, file, block, bytes, hash);
        const { data, sidecar, at, entry } = this.#places[file]!;
        await this.#files.write(data, at + block * BLOCK_BYTES, bytes);
        const pending = this.#pending.get(sidecar) ?? { data, entries: new Map<number, Uint8Array>() };
        pending.entries.set(entry + block, hash);
        this.#pending.set(sidecar, pending);
      });
      return bytes;
    } catch (error) {
      throw asStoreError(error);
    }
  }

  flush(): Promise<void> {
    return this.#next(() => this.#flush());
  }

  async read(file: number, block: number): Promise<Uint8Array<ArrayBuffer>> {
    const { data, at, size } = this.#placeOf(file, block);
    const length = blockBytes(size, block);
    const bytes = await this.#next(() => this.#files.read(data, at + block * BLOCK_BYTES, length));
    if (bytes.length !== length) throw new TincanError('store-failed', `block ${block} of file ${file} is not here`);
    return bytes;
  }

  async recheck(file: number, block: number): Promise<boolean> {
    const { data, sidecar, at, entry, size } = this.#placeOf(file, block);
    if (this.#isFreed(file)) return false;
    const hashAt = (entry + block) * HASH_BYTES;
    return this.#next(async () => {
      const hash = await this.#files.read(sidecar, hashAt, HASH_BYTES);
      if (!hash.some((byte) => byte !== 0)) return false;
      const bytes = await this.#files.read(data, at + block * BLOCK_BYTES, blockBytes(size, block));
      if (sameHash(await hashBlock(bytes), hash)) return true;
      await this.#files.write(sidecar, hashAt, new Uint8Array(hash.length));
      await this.#files.flush(sidecar);
      return false;
    });
  }

  async hashes(file: number): Promise<Uint8Array<ArrayBuffer>> {
    const { sidecar, entry, size } = this.#placeOf(file);
    const list = new Uint8Array(blockCount(size) * HASH_BYTES);
    if (!this.#isFreed(file))
      list.set(await this.#next(() => this.#files.read(sidecar, entry * HASH_BYTES, list.length)));
    return list;
  }

  async open(file: number): Promise<Blob> {
    const { data, at, size } = this.#placeOf(file);
    const blob = await this.#next(async () => {
      if (size === 0) return new Blob();
      if (this.#isFreed(file)) throw new TincanError('store-failed', `file ${file} was removed`);
      if (isPacked(size)) return new Blob([await this.#files.read(data, at, size)]);
      await this.#files.close(data); // it is whole: others need the handle more
      return (await (await this.#holding.directory.getFileHandle(data)).getFile()).slice(0, size);
    });
    if (blob.size !== size) throw new TincanError('store-failed', `file ${file} is not whole`);
    return blob;
  }

  note(notes: readonly FileNote[]): Promise<void> {
    return this.#next(async () => {
      for (const { file } of notes) fileAt(this.manifest, file);
      await this.#append(encodeNotes(notes));
      for (const { file, end } of notes) this.ends.set(file, end);
      await this.#free(notes.flatMap(({ file, end }) => (isFreed(end) ? [file] : [])));
    });
  }

  moveTo(link: string): Promise<void> {
    return this.#next(async () => {
      await this.#append(encodeMove(link));
      this.#link = link;
    });
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#last(async () => {
      try {
        await this.#flush();
      } finally {
        this.#files.abandon();
        await this.#holding.release();
      }
    }));
  }

  discard(): Promise<void> {
    return (this.#closed ??= this.#last(async () => {
      this.#files.abandon();
      try {
        await this.#holding.delete();
      } finally {
        await this.#holding.release();
      }
    }));
  }

  /** In turn, with every failure as the port has it. */
  async #next<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new TincanError('store-failed', `${this.folder} was let go of`);
    return this.#last(work);
  }

  async #last<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#queue.push(work)!;
    } catch (error) {
      throw asStoreError(error);
    }
  }

  #placeOf(file: number, block?: number): Place {
    const { size } = fileAt(this.manifest, file);
    const isBlock = block === undefined || (Number.isInteger(block) && block >= 0 && block < blockCount(size));
    if (!isBlock) throw new TincanError('store-failed', `file ${file} has no block ${block}`);
    return this.#places[file]!;
  }

  async #flush(): Promise<void> {
    for (const { data } of this.#pending.values()) await this.#files.flush(data);
    for (const [sidecar, { entries }] of this.#pending) {
      for (const { at, bytes } of sidecarRuns(entries)) await this.#files.write(sidecar, at, bytes);
      await this.#files.flush(sidecar);
      this.#pending.delete(sidecar);
    }
  }

  /** Appends to the notes, durably and whole or not at all. */
  async #append(lines: Uint8Array): Promise<void> {
    const start = this.#isTorn ? 1 : 0;
    const bytes = new Uint8Array(start + lines.length).fill(NEWLINE);
    bytes.set(lines, start);
    await this.#files.write(NOTES, this.#notesEnd, bytes);
    await this.#files.flush(NOTES);
    this.#notesEnd += bytes.length;
    this.#isTorn = false;
  }

  #isFreed(file: number): boolean {
    return isFreed(this.ends.get(file));
  }

  /** Gives the space of removed files back: of those in the pack, with the last of them. */
  async #free(removed: readonly number[]): Promise<void> {
    for (const { data, sidecar, size } of removed.map((file) => this.#places[file]!)) {
      if (isPacked(size)) continue;
      this.#pending.delete(sidecar);
      await this.#files.remove(data);
      await this.#files.remove(sidecar);
    }
    const isKept = (file: number) => isPacked(this.#places[file]!.size) && !this.#isFreed(file);
    if (removed.length === 0 || [...this.#places.keys()].some(isKept)) return;
    this.#pending.delete(PACK_HASHES);
    await this.#files.remove(PACK_DATA);
    await this.#files.remove(PACK_HASHES);
  }
}
