// What the page and its OPFS worker say to each other: one request, one answer with the same number.

export type OpfsRequest =
  | { op: 'start'; directory: string }
  | { op: 'open'; file: string }
  | { op: 'write'; file: string; offset: number; bytes: Uint8Array<ArrayBuffer> }
  | { op: 'flush'; file: string }
  | { op: 'finish'; file: string; path: string; hash: string }
  | { op: 'saved'; file: string }
  | { op: 'discard'; file: string };

export type OpfsAnswer = { ok: true; file?: File } | { ok: false; code: 'no-space' | 'sink-failed'; message: string };

/** The folder in OPFS under which every page has one of its own. */
export const OPFS_ROOT = 'received';
/** In each page's folder: a line of JSON for each finished file, and one more once it is saved. */
export const OPFS_INDEX = 'index.jsonl';
export interface IndexLine {
  file: string;
  path?: string;
  hash?: string;
  /** When it was handed to the downloads, in milliseconds since 1970. */
  saved?: number;
}

/** A page holds this lock for as long as it may write to its folder. */
export function lockOf(directory: string): string {
  return `tincan-received-${directory}`;
}
