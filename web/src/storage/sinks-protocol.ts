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
