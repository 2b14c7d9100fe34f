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
  /** Folded path → the number to try next. */
  readonly #taken = new Map<string, number>();

  /** Takes `path`, or the path with the first free number before its ending: `a.txt`, `a (2).txt`. */
  take(path: string): string {
    let candidate = path;
    const slash = path.lastIndexOf('/') + 1;
    const [stem, ending] = splitEnding(path.slice(slash));
    // The next number is remembered, so that many files of one name do not cost their square.
    for (let n = this.#taken.get(fold(path)) ?? 1; this.#taken.has(fold(candidate));) {
      candidate = path.slice(0, slash) + shorten(stem, ` (${++n})${ending}`);
      this.#taken.set(fold(path), n);
    }
    this.#taken.set(fold(candidate), 1);
    return candidate;
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
  const encoder = new TextEncoder();
  const room = MAX_COMPONENT_BYTES - encoder.encode(ending).length;
  let kept = '';
  let used = 0;
  for (const char of stem) {
    used += encoder.encode(char).length;
    if (used > room) break;
    kept += char;
  }
  return kept.replace(/[. ]+$/, '') + ending;
}

/** `name.txt` gives `name` and `.txt`; an ending of over 32 characters is part of the name. */
function splitEnding(name: string): [string, string] {
  const dot = name.lastIndexOf('.');
  return dot > 0 && name.length - dot <= 32 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
}

const fold = (path: string) => path.normalize('NFC').toLowerCase();
