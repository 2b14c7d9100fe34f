// What is written about an offer besides its bytes.
//
// The manifest is written once, and whole or not at all: its first line is the SHA-256 of the rest, so that one that a crash has torn is
// known. Notes are appended, one line of JSON each; a torn line is lost alone.
import { toBase64Url } from '@tincan/shared/base64url';
import { hashBlock } from '@tincan/engine/transfer/hash';
import type { FileEnd, FileNote, Manifest } from '@tincan/engine/transfer/store';

const VERSION = 1;

/** What is known of an offer once its folder was made. */
export interface Beginning {
  readonly manifest: Manifest;
  readonly link: string;
}

/** What the notes come to. */
export interface Since {
  readonly ends: Map<number, FileEnd>;
  /** Where it was noted. */
  readonly link: string | undefined;
}

export async function encodeManifest({ manifest, link }: Beginning): Promise<Uint8Array<ArrayBuffer>> {
  const body = new TextEncoder().encode(`${JSON.stringify({ version: VERSION, link, manifest })}\n`);
  const head = new TextEncoder().encode(`${toBase64Url(await hashBlock(body))}\n`);
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  return all;
}

/** Gives `undefined` for what is not what `encodeManifest` has written. */
export async function parseManifest(bytes: Uint8Array<ArrayBuffer>): Promise<Beginning | undefined> {
  const end = bytes.indexOf(10) + 1;
  const body = bytes.slice(end);
  if (new TextDecoder().decode(bytes.subarray(0, end)) !== `${toBase64Url(await hashBlock(body))}\n`) return undefined;
  const parsed = JSON.parse(new TextDecoder().decode(body)) as Beginning & { version: number };
  return parsed.version === VERSION ? parsed : undefined;
}

export function encodeNotes(notes: readonly FileNote[]): Uint8Array<ArrayBuffer> {
  return encodeLines(notes);
}

export function encodeMove(link: string): Uint8Array<ArrayBuffer> {
  return encodeLines([{ link }]);
}

/** Reads what was noted, line by line; the last word on anything counts. */
export function parseNotes(bytes: Uint8Array, files: number): Since {
  const ends = new Map<number, FileEnd>();
  let link: string | undefined;
  for (const text of new TextDecoder().decode(bytes).split('\n')) {
    const line = parseLine(text);
    if (typeof line?.link === 'string') ({ link } = line);
    const { file, end } = line ?? {};
    const known = isSavedOnce(end) ? { end: 'handed', hash: end.hash } : end;
    if (typeof file === 'number' && Number.isInteger(file) && file >= 0 && file < files && isEnd(known))
      ends.set(file, known);
  }
  return { ends, link };
}

function encodeLines(lines: readonly object[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function parseLine(text: string): { file?: unknown; end?: unknown; link?: unknown } | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? line : undefined;
  } catch {
    return undefined; // a visit that ended in the middle of it: as if it had not been noted
  }
}

/** What earlier builds have noted at the click of a download, of which nobody knows what has become. */
function isSavedOnce(value: unknown): value is { end: 'saved'; hash: unknown; at: number } {
  if (typeof value !== 'object' || value === null || !('end' in value) || value.end !== 'saved') return false;
  return 'hash' in value && 'at' in value && typeof value.at === 'number';
}

function isEnd(value: unknown): value is FileEnd {
  if (typeof value !== 'object' || value === null || !('end' in value)) return false;
  if (value.end === 'removed') return true;
  const hasHash = 'hash' in value && typeof value.hash === 'string';
  if (!hasHash) return false;
  if (value.end === 'done' || value.end === 'handed') return true;
  if (!('at' in value && typeof value.at === 'number')) return false;
  return value.end === 'written' || (value.end === 'freed' && 'saved' in value);
}
