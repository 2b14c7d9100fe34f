import { isFolderPath } from '@tincan/shared/folder-path';
import { TincanError } from '@tincan/engine/platform/errors';
import { addTo } from '@tincan/engine/platform/groups';
import type { SavedHow } from '@tincan/engine/transfer/file-state';
import { baseName, downloadName, uniquePaths } from '@tincan/engine/transfer/names';
import type { KeptFile } from '@tincan/engine/transfer/store';
import type { Downloads, HandOverOptions } from '../storage/downloads.ts';
import type { HandOver } from '../storage/streamed-download.ts';
import { writeFile, PickedFolder } from '../storage/picked-folder.ts';
import type { WishedPlace } from '../storage/places.ts';
import type { ZipEntry } from '../storage/zip.ts';
import type { SaveFailure, SaveProgress, SavingView } from './views.ts';

/** What was written is noted, and so freed where that is wished, at least every so many bytes, and so many milliseconds. */
const NOTE_BYTES = 64 * 1_048_576;
const NOTE_MS = 3_000;
/** Whoever watches is told at most this often, in milliseconds. */
const TELL_MS = 100;

/** Whoever has received files: a receiver of this visit, or what an earlier one has left. */
export interface Keeper {
  /** A file's bytes; `undefined` if it is not kept any more. */
  open(id: string): Promise<Blob | undefined>;
  /** Remembers where these are now. */
  noteSaved(ids: readonly string[], how: SavedHow): Promise<void>;
}

/** A whole, verified file and who has it. */
export interface Received {
  readonly keeper: Keeper;
  readonly file: KeptFile;
  /** It was handed to the downloads before. */
  readonly wasHanded: boolean;
}

/** Where received files go. */
export type Place =
  | { readonly kind: 'folder'; readonly folder: PickedFolder }
  | { readonly kind: 'file'; readonly handle: FileSystemFileHandle }
  | { readonly kind: 'downloads' };

/** The same, as it is written to; `since`, in milliseconds since 1970, where an earlier visit has begun to. */
export function placeOf(wished: WishedPlace, since?: number): Place {
  return wished.kind === 'folder' ? { kind: 'folder', folder: new PickedFolder(wished.handle, since) } : wished;
}

/** Files that are put somewhere together. Nothing rejects: what could not be saved is in `unsaved`. */
export class Saving {
  readonly unsaved: SavingView['unsaved'][number][] = [];
  readonly renamed: SavingView['renamed'][number][] = [];
  readonly #received: readonly Received[];
  /** In bytes. */
  readonly #size: number;
  /** In the order of `#received`: those of several offers may be alike. */
  readonly #paths: readonly string[];
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: SaveProgress) => void;
  #toldAt = -Infinity;

  constructor(received: readonly Received[], signal: AbortSignal, onProgress: (progress: SaveProgress) => void) {
    this.#received = received;
    this.#size = sizeOf(received);
    this.#paths = uniquePaths(received.map(({ file }) => file.path));
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** Hands one over as it is, several as one archive; `clicked`, if their person has just asked for it. */
  async toDownloads(downloads: Downloads, clicked: boolean): Promise<void> {
    const [only, ...others] = this.#received;
    const options: HandOverOptions = {
      clicked,
      again: this.#received.some(({ wasHanded }) => wasHanded),
      signal: this.#signal,
      onProgress: (bytes) => this.#tell(bytes),
    };
    try {
      this.#signal.throwIfAborted();
      const isOne = only && others.length === 0 && !isFolderPath(only.file.path);
      await (isOne ? this.#downloadOne(only, downloads, options) : this.#downloadZip(downloads, options));
    } catch (error) {
      return this.#fail(this.#received, error);
    }
    await note(this.#received, 'handed');
  }

  /** Writes one after the other; one that cannot be written keeps no other from it, unless nothing can be. */
  async toPlace(place: Exclude<Place, { kind: 'downloads' }>, how: 'saved' | 'moved'): Promise<void> {
    const written: Received[] = [];
    let [bytes, unnoted, notedAt] = [0, 0, performance.now()];
    for (const [index, each] of this.#received.entries()) {
      this.#tell(bytes);
      if (written[0] && written[0].keeper !== each.keeper) await note(written.splice(0), how); // it is let go of
      try {
        await this.#write(each, this.#paths[index]!, place);
        written.push(each);
        unnoted += each.file.size;
      } catch (error) {
        const isHopeless = HOPELESS.has(failureOf(error));
        this.#fail(isHopeless ? this.#received.slice(index) : [each], error);
        if (isHopeless) break;
      }
      bytes += each.file.size;
      if (unnoted < NOTE_BYTES && performance.now() - notedAt < NOTE_MS) continue;
      await note(written.splice(0), how);
      [unnoted, notedAt] = [0, performance.now()];
    }
    await note(written, how);
  }

  async #write(each: Received, path: string, place: Exclude<Place, { kind: 'downloads' }>): Promise<void> {
    this.#signal.throwIfAborted();
    const blob = isFolderPath(each.file.path) ? new Blob() : await open(each);
    if (place.kind === 'file') return writeFile(place.handle, blob, this.#signal);
    const name = await place.folder.write(path, blob, this.#signal);
    if (name !== each.file.path) this.renamed.push({ path: each.file.path, name });
  }

  async #downloadOne(only: Received, downloads: Downloads, options: HandOverOptions): Promise<void> {
    const name = downloadName(only.file.path);
    checkTaken(await downloads.file(await open(only), name, options));
    if (name !== baseName(only.file.path)) this.renamed.push({ path: only.file.path, name });
  }

  async #downloadZip(downloads: Downloads, options: HandOverOptions): Promise<void> {
    const entries = this.#received.map((each, index): ZipEntry => {
      const { size, modified } = each.file;
      return { path: this.#paths[index]!, size, modified, open: () => open(each) };
    });
    checkTaken(await downloads.zip(zipName(this.#paths), entries, options));
    this.#sayNumbered();
  }

  /** Files of several offers that had one name. */
  #sayNumbered(): void {
    for (const [index, { file }] of this.#received.entries()) {
      const name = this.#paths[index]!;
      if (name !== file.path) this.renamed.push({ path: file.path, name });
    }
  }

  #tell(bytes: number): void {
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    this.#onProgress({ files: this.#received.length, bytes: Math.min(bytes, this.#size), size: this.#size });
  }

  #fail(received: readonly Received[], error: unknown): void {
    console.warn('Not everything could be saved.', error);
    const why = failureOf(error);
    this.unsaved.push(...received.map(({ file }) => ({ path: file.path, why })));
  }
}

/**
 * Remembers where these are now, those of one keeper at once. Never rejects: what cannot be written down (a disk may have no room even for that) is where
 * it is all the same, and a later visit asks once more.
 */
export async function note(received: readonly Received[], how: SavedHow): Promise<void> {
  const ids = new Map<Keeper, string[]>();
  for (const { keeper, file } of received) addTo(ids, keeper, file.id);
  for (const [keeper, files] of ids)
    await keeper
      .noteSaved(files, how)
      .catch((error: unknown) => console.warn('Where files were saved could not be noted.', error));
}

function checkTaken(handed: HandOver): void {
  if (handed !== 'handed') throw new TincanError(handed === 'cut' ? 'cut' : 'stopped', 'the browser did not take it');
}

async function open({ keeper, file }: Received): Promise<Blob> {
  const blob = await keeper.open(file.id);
  if (!blob) throw new TincanError('gone', `${file.path} is not kept here any more`);
  return blob;
}

/** Whoever fails so for one file does so for all. */
const HOPELESS: ReadonlySet<SaveFailure> = new Set(['stopped', 'not-allowed', 'no-space']);

/** What kept something from being saved, as its person is told. */
export function failureOf(error: unknown): SaveFailure {
  if (error instanceof TincanError) return CODES[error.code as string] ?? 'failed';
  return error instanceof Error ? (NAMES[error.name] ?? 'failed') : 'failed';
}

const CODES: Record<string, SaveFailure> = { 'no-space': 'no-space', cut: 'cut', stopped: 'stopped' };
/** As browsers name them. */
const NAMES: Record<string, SaveFailure> = {
  AbortError: 'stopped',
  NotAllowedError: 'not-allowed',
  QuotaExceededError: 'no-space',
  TypeError: 'name',
};

/** After the folder that all of them are in, if there is one. */
function zipName(paths: readonly string[]): string {
  const [first = ''] = paths;
  const root = first.slice(0, first.indexOf('/') + 1);
  const isOneFolder = root !== '' && paths.every((path) => path.startsWith(root));
  return downloadName(`${isOneFolder ? root.slice(0, -1) : 'Tincan'}.zip`);
}

function sizeOf(received: readonly Received[]): number {
  return received.reduce((sum, { file }) => sum + file.size, 0);
}
