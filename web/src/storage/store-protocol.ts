// What the page and the worker of its store say to each other: one call, one answer with the same number.
import type { FileEnd, FileNote, KeptOffer, Manifest } from '@tincan/engine/transfer/store';

/** A folder that the worker holds, as the page is told of it. */
export interface HeldFolder {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly link: string;
  readonly ends: ReadonlyMap<number, FileEnd>;
  /** The blocks of each file that were durable when it was opened. */
  readonly durable: readonly (readonly number[])[];
}

interface OfFile {
  readonly folder: string;
  readonly file: number;
}

/** A whole block. */
export interface BlockToWrite {
  readonly file: number;
  readonly block: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: Uint8Array;
}

export interface StoreFailure {
  readonly code: string;
  readonly message: string;
}

/** What became of a block: it was written, and this is its memory, which comes back; or why it was not. */
export type WrittenBlock = Uint8Array<ArrayBuffer> | StoreFailure;

/** What can be asked of the worker, and what it answers; `undefined` says that it is done. */
export interface StoreCalls {
  /** First of all: which application this is, by the path that it is served at. */
  start: { asks: { path: string }; answers: undefined };
  create: { asks: { manifest: Manifest; link: string }; answers: HeldFolder };
  list: { asks: { now: number }; answers: KeptOffer[] };
  take: { asks: { folder: string }; answers: HeldFolder };
  remove: { asks: { folder: string; files: readonly number[] | undefined }; answers: undefined };
  available: { asks: object; answers: number };
  closeAll: { asks: object; answers: undefined };

  write: { asks: { folder: string; blocks: readonly BlockToWrite[] }; answers: WrittenBlock[] };
  flush: { asks: { folder: string }; answers: undefined };
  read: { asks: OfFile & { block: number }; answers: Uint8Array<ArrayBuffer> };
  recheck: { asks: OfFile & { block: number }; answers: boolean };
  hashes: { asks: OfFile; answers: Uint8Array<ArrayBuffer> };
  open: { asks: OfFile; answers: Blob };
  note: { asks: { folder: string; notes: readonly FileNote[] }; answers: undefined };
  moveTo: { asks: { folder: string; link: string }; answers: undefined };
  close: { asks: { folder: string }; answers: undefined };
  discard: { asks: { folder: string }; answers: undefined };
}

export type StoreCallName = keyof StoreCalls;

export interface StoreRequest<Name extends StoreCallName = StoreCallName> {
  readonly number: number;
  readonly name: Name;
  readonly asks: StoreCalls[Name]['asks'];
}

export type StoreAnswer = { readonly number: number } & (
  { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & StoreFailure)
);

/** The folder in OPFS under which every application of this origin has one of its own. */
export const DISK_FOLDER = 'tincan-2';

/** What the locks and databases of the application at this path are called: it is unlike that of another path. */
export function nameOf(path: string): string {
  return `${DISK_FOLDER} ${path} `;
}
