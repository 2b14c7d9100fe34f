// Where received files are kept, and what is remembered of them: the port, with one implementation on a browser's disk and one in memory.
// testing/store-contract.ts says in runnable form what every implementation must keep.
//
// A folder holds one accepted offer: its manifest, its files' bytes, and for each file a sidecar of 32-byte block hashes. A block is durable
// exactly when its hash stands in the sidecar, which is written after its bytes: data, flush, sidecar, flush.
import type { BlockSet } from './blocks.ts';
import type { Saved, SavedHow } from './file-state.ts';

/** What is written down of an offer when it is accepted, and never changed. */
export interface Manifest {
  /** The offer's id, as its sender gave it. */
  readonly offer: string;
  /** The offer's resume key, 128 bits as base64url: whoever proves to have it is the other end of this offer. */
  readonly key: string;
  /** What the sender called itself. */
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  /** In the offer's order; `path` is cleaned and unlike every other of the folder. Those that were not wanted are left out. */
  readonly files: readonly KeptFile[];
}

export interface KeptFile {
  /** The transfer's id. */
  readonly id: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** When the sender's file was changed last, in milliseconds since 1970; manifests of before say nothing of it. */
  readonly modified?: number | undefined;
}

/** How a file of a folder ended; one that has no end is unfinished. */
export type FileEnd =
  /** Whole, and both sides' hashes are equal. */
  | { readonly end: 'done'; readonly hash: string }
  /** Done, and handed to the browser's downloads; whether it has got there, no page hears. */
  | { readonly end: 'handed'; readonly hash: string }
  /** Done, and written to where its person wanted it, by this time in milliseconds since 1970. */
  | { readonly end: 'written'; readonly hash: string; readonly at: number }
  /** Done, and since this time not kept here any more: it was written elsewhere, or its person has it from the downloads. Its bytes are freed. */
  | { readonly end: 'freed'; readonly hash: string; readonly at: number; readonly saved: 'handed' | 'saved' }
  /** Given up; its bytes are freed. */
  | { readonly end: 'removed' };

/** Whether what has ended so has no bytes any more. */
export function isFreed(end: FileEnd | undefined): boolean {
  return end?.end === 'removed' || end?.end === 'freed';
}

/** Where a file that has ended so is, beside this store. */
export function savedOf(end: FileEnd | undefined): Saved {
  switch (end?.end) {
    case 'handed':
      return 'handed';
    case 'written':
      return 'saved';
    case 'freed':
      return end.saved;
    default:
      return 'no';
  }
}

/**
 * How a verified file ends that is saved so at this time, in milliseconds since 1970; `undefined` where nothing is to be noted: what was saved is not less
 * for being handed over too.
 */
export function endOfSaved(
  how: SavedHow,
  { hash, saved }: { readonly hash: string; readonly saved: Saved },
  at: number,
): FileEnd | undefined {
  if (how === 'handed') return saved === 'saved' ? undefined : { end: 'handed', hash };
  if (how === 'saved') return { end: 'written', hash, at };
  return { end: 'freed', hash, at, saved: how === 'freed' && saved === 'handed' ? 'handed' : 'saved' };
}

/** Something to be noted of a file: by its place in the manifest. */
export interface FileNote {
  readonly file: number;
  readonly end: FileEnd;
}

/**
 * One accepted offer on the disk. `file` is always a file's place in the manifest. Calls may overlap; each promise settles once, and rejects with
 * a TincanError `no-space` (nothing is lost: what was written stays, and the call may be repeated) or `store-failed`.
 */
export interface OfferFolder {
  /** Names the folder within the store. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** The link of the room where its sender is found, as it was noted last. */
  readonly link: string;
  /** How each file that has ended did, as it was noted. */
  readonly ends: ReadonlyMap<number, FileEnd>;
  /** The blocks that were durable when the folder was opened: what an earlier visit left is to be checked by `recheck` before it counts as whole. */
  durableAtOpening(file: number): BlockSet;
  /**
   * Writes a whole block if it has this SHA-256; rejects with `corrupt`, and writes nothing, if it has not. Takes the bytes over: the caller must not touch them again,
   * also where there was no room. Resolves with their memory if it may be used for others, with whatever is in it.
   */
  write(
    file: number,
    block: number,
    bytes: Uint8Array<ArrayBuffer>,
    hash: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Every block whose `write` had resolved before the call is durable once this resolves. */
  flush(): Promise<void>;
  /** The bytes of a block that was written, durable or not, of a file that has not ended; they are the caller's. Which was, the caller knows. */
  read(file: number, block: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads a durable block back and compares it with its hash; one that differs is not durable any more, and the answer is `false`. */
  recheck(file: number, block: number): Promise<boolean>;
  /** A file's sidecar: 32 bytes a block, zeros where a block is not durable. The SHA-256 of a whole one is the file's hash. */
  hashes(file: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The bytes of a file whose blocks are all durable; not in memory where the store is a disk, but for a file of one block, which is copied: browsers
   * cannot read a part of what is still being written to. To be asked for when it is needed, not to be kept.
   */
  open(file: number): Promise<Blob>;
  /** Remembers ends, durably. A file that is `removed` or `freed` frees its space, at once where it has a place of its own. */
  note(notes: readonly FileNote[]): Promise<void>;
  /** The room has moved: its sender is found by this link from now on. */
  moveTo(link: string): Promise<void>;
  /** Flushes, lets go of it and keeps it for a later visit. */
  close(): Promise<void>;
  /** Deletes it for good. Harmless when repeated. */
  discard(): Promise<void>;
}

/** A folder of an earlier visit, or of another page, before anyone has taken hold of it. */
export interface KeptOffer {
  /** Names the folder within the store. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly link: string;
  readonly ends: ReadonlyMap<number, FileEnd>;
  /** Of each file, in bytes, as far as the sidecars say. */
  readonly durableBytes: readonly number[];
  /** Another page holds it at this moment. */
  readonly busy: boolean;
}

export interface OfferStore {
  /** What is kept survives this page. */
  readonly outlivesPage: boolean;
  /** Makes a folder for an offer that was accepted, and holds it. */
  create(manifest: Manifest, link: string): Promise<OfferFolder>;
  /** Everything that is kept, from this visit and earlier ones; what has expired (expiry.ts) and nobody holds is deleted instead. */
  list(): Promise<KeptOffer[]>;
  /** Takes hold of a kept folder. Rejects with `busy` if another page holds it and does not let go within 3 s, `gone` if it has been deleted. */
  take(folder: string): Promise<OfferFolder>;
  /** Deletes a folder that nobody holds, or these files of it. Rejects with `busy` as `take` does. */
  remove(folder: string, files?: readonly number[]): Promise<void>;
  /** Bytes that can still be written, as far as this is known. */
  available(): Promise<number>;
  /** Closes every folder that is held; all are kept. */
  close(): Promise<void>;
}

/** For so long a second page waits for a folder that another one holds, in milliseconds: a page that is being reloaded lets go by then. */
export const TAKE_TIMEOUT_MS = 3_000;
