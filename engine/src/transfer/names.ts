import { visibleText } from '../platform/visible-text.ts';

// A name from the other side is untrusted: it is cleaned before it is shown or written.

const MAX_COMPONENT_BYTES = 255; // what ext4, APFS and NTFS take
const MAX_DEPTH = 64;
const FORBIDDEN = /[<>:"|?*]/g; // on Windows
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i; // on Windows, with any ending

/** Makes a relative path from the other side harmless: only plain names joined by `/`, never empty, never upwards. */
export function cleanPath(path: string): string {
  const parts = path
    .split(/[/\\]/)
    .map(cleanComponent)
    .filter((part) => part !== '');
  return parts.slice(-MAX_DEPTH).join('/') || 'file';
}

/** Gives every path of one receiver a name of its own, also where only letters' case differs. */
export class UniquePaths {
  readonly #taken = new Set<string>();
  /** The last number tried, for all names that numbers would make alike: a crowd of equal names must not cost its square. */
  readonly #numbers = new Map<string, number>();

  /** Takes `path`, or the path with the first free number before its ending: `a.txt`, `a (2).txt`. */
  take(path: string): string {
    const slash = path.lastIndexOf('/') + 1;
    const [stem, ending] = splitEnding(path.slice(slash));
    const anyNumber = ` (0000000)${ending}`;
    const family = path.slice(0, slash) + shorten(stem, anyNumber).slice(0, -anyNumber.length);
    const key = fold(family + ending);
    let number = this.#numbers.get(key) ?? 1;
    let free = path;
    while (this.#taken.has(fold(free))) free = `${family} (${++number})${ending}`;
    this.#numbers.set(key, number);
    this.#taken.add(fold(free));
    return free;
  }
}

/** The last part of a path: the name under which the file is saved. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function cleanComponent(component: string): string {
  const visible = visibleText(component).replace(FORBIDDEN, '_');
  // Windows drops dots and spaces at the end; dots alone are "here" and "up".
  const trimmed = visible.trim().replace(/[. ]+$/, '');
  if (trimmed === '') return '';
  const [stem, ending] = splitEnding(RESERVED.test(trimmed) ? `_${trimmed}` : trimmed);
  return shorten(stem, ending);
}

/** Cuts `stem` so that it and `ending` fit into a component, never through the middle of a character. */
function shorten(stem: string, ending: string): string {
  const room = MAX_COMPONENT_BYTES - [...ending].reduce((sum, char) => sum + utf8Bytes(char), 0);
  let kept = '';
  let used = 0;
  for (const char of stem) {
    used += utf8Bytes(char);
    if (used > room) break;
    kept += char;
  }
  return kept.replace(/[. ]+$/, '') + ending;
}

function utf8Bytes(char: string): number {
  const point = char.codePointAt(0) ?? 0;
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
}

/** `name.txt` gives `name` and `.txt`; an ending of over 32 characters is part of the name. */
function splitEnding(name: string): [string, string] {
  const dot = name.lastIndexOf('.');
  return dot > 0 && name.length - dot <= 32 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
}

const fold = (path: string) => path.normalize('NFC').toLowerCase();

export function uniquePaths(paths: readonly string[]): string[] {
  const unique = new UniquePaths();
  return paths.map((path) => unique.take(path));
}

export function downloadName(path: string): string {
  return baseName(path);
}
