import { isFolderPath } from '@tincan/shared/folder-path';
import { cutBefore } from '../platform/graphemes.ts';
import { visibleText } from '../platform/visible-text.ts';

// A name from the other side is untrusted: it is cleaned before it is shown or written.

const MAX_COMPONENT_BYTES = 255; // what ext4, APFS and NTFS take
const MAX_DEPTH = 64;
const FORBIDDEN = /[<>:"|?*]/g; // on Windows
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i; // on Windows, with any ending

/** Longer ones Chromium loses without a word from 245 on, also those that it gives a number; an underscore at either end and `.download` may follow. */
const MAX_DOWNLOAD_BYTES = 224;
const WIDE_SPACE = '\u3000'; // of Japanese and Chinese; the only one besides the common space that Firefox leaves alone
const SHORTCUT = /\.(lnk|local|url|scf|desktop|\{[^}]*\})$/i; // which lead elsewhere than their names say
const RESERVED_FOR_FOLDERS = /^(desktop\.ini|thumbs\.db)$/i; // on Windows

/**
 * Makes a relative path from the other side harmless: only plain names joined by `/`, never empty, never upwards. That of an empty folder ends with `/`,
 * and no other. Everything else in a name stays as it is.
 */
export function cleanPath(path: string): string {
  const parts = path
    .split(/[/\\]/)
    .map(cleanComponent)
    .filter((part) => part !== '');
  const clean = parts.slice(-MAX_DEPTH).join('/');
  return isFolderPath(path) ? `${clean || 'folder'}/` : clean || 'file';
}

/**
 * Gives every path of a list a name of its own, so that all of them have a place on any disk: also where only letters' case or the form of their accents
 * differs, and where a file is called like the folder of another. Folders keep their names, and so does the first of each name; the others get the first
 * free number before their ending: `a.txt`, `a (2).txt`.
 */
export function uniquePaths(paths: readonly string[]): string[] {
  const root = new Folder();
  const places = paths.map((path) => placeIn(root, path)); // with which every folder is there
  const isFree = places.map(({ folder, name }) => folder.take(name));
  return places.map(({ parent, folder, name }, index) => parent + (isFree[index] ? name : folder.takeNumbered(name)));
}

/** The last part of a path; that of an empty folder with its slash. */
export function baseName(path: string): string {
  return path.slice(baseAt(path));
}

/**
 * The name under which a file of this cleaned path is downloaded: the nearest to its own that neither Chromium nor Firefox changes, where the download is of
 * the type `application/octet-stream` (with any other they add endings). Both would put an underscore for what they do not take, each for something else.
 */
export function downloadName(path: string): string {
  const plain = baseName(path)
    .replace(/\p{Cf}/gu, (mark) => (/\p{Default_Ignorable_Code_Point}/u.test(mark) ? '' : '_'))
    .replace(/[%\p{Noncharacter_Code_Point}]/gu, '_')
    .replace(/\p{Zs}+/gu, (spaces) => (spaces.startsWith(WIDE_SPACE) ? WIDE_SPACE : ' '))
    .trim();
  const fitting = cutName(plain, MAX_DOWNLOAD_BYTES).replace(/[.\s]+$/, '');
  const [stem, ending] = splitAt(fitting.lastIndexOf('.'), fitting);
  const name = (stem + ending.replaceAll(' ', '_')).replace(/^(?=[.~])/, '_').replace(/~$/, '~_');
  const safe = RESERVED.test(name) || RESERVED_FOR_FOLDERS.test(name) ? `_${name}` : name;
  return SHORTCUT.test(safe) ? `${safe}.download` : safe;
}

function baseAt(path: string): number {
  return path.lastIndexOf('/', path.length - 2) + 1;
}

/** The names in one folder, as a disk has them that tells neither case nor forms of accents apart. */
class Folder {
  readonly #folders = new Map<string, Folder>();
  /** Of files, and of folders that are said to be empty, these with a slash. */
  readonly #taken = new Set<string>();
  /** The last number tried, for all names that numbers would make alike: a crowd of equal names must not cost its square. */
  readonly #numbers = new Map<string, number>();

  /** The folder of this name, which is there from now on. */
  enter(name: string): Folder {
    const key = fold(name);
    let folder = this.#folders.get(key);
    if (!folder) this.#folders.set(key, (folder = new Folder()));
    return folder;
  }

  /** Takes a name, unless it is taken already. */
  take(name: string): boolean {
    if (this.#isTaken(name)) return false;
    this.#taken.add(fold(name));
    return true;
  }

  /** Takes the name with the first number that is free. */
  takeNumbered(name: string): string {
    const [stem, ending] = isFolderPath(name) ? [name.slice(0, -1), '/'] : splitEnding(name);
    const family = cutTo(MAX_COMPONENT_BYTES - ' (0000000)'.length - utf8Bytes(ending), stem);
    const key = fold(family + ending);
    let number = this.#numbers.get(key) ?? 1;
    let free: string;
    let bare: string;
    do {
      bare = `${family} (${++number})`;
      free = bare + ending;
    } while (this.#isTaken(free) || (isFolderPath(free) && this.#isTaken(bare)));
    this.#numbers.set(key, number);
    this.#taken.add(fold(free));
    if (isFolderPath(free)) this.enter(bare);
    return free;
  }

  #isTaken(name: string): boolean {
    const key = fold(name);
    return this.#taken.has(key) || this.#folders.has(key);
  }
}

function placeIn(root: Folder, path: string): { parent: string; folder: Folder; name: string } {
  const at = baseAt(path);
  const [parent, name] = [path.slice(0, at), path.slice(at)];
  let folder = root;
  for (const part of parent.split('/')) if (part !== '') folder = folder.enter(part);
  if (isFolderPath(name)) folder.enter(name.slice(0, -1));
  return { parent, folder, name };
}

function cleanComponent(component: string): string {
  const kept = visibleText(component).replace(FORBIDDEN, '_');
  // Windows drops dots and spaces at the end; dots alone are "here" and "up".
  const fitting = cutName(kept.replace(/[. ]+$/, ''), MAX_COMPONENT_BYTES);
  const free = RESERVED.test(fitting) ? cutName(`_${fitting}`, MAX_COMPONENT_BYTES) : fitting;
  return visibleText(free.replaceAll('.', '')) === '' ? '' : free;
}

/** The name cut to so many bytes; its ending stays. */
function cutName(name: string, bytes: number): string {
  const [stem, ending] = splitEnding(name);
  return cutTo(bytes - utf8Bytes(ending), stem) + ending;
}

/** Cuts a text to as many bytes: not through a letter with its accents, nor through a family, unless that alone is too long. */
function cutTo(bytes: number, text: string): string {
  const fitting = fittingLength(bytes, text);
  if (fitting === text.length) return text;
  return text.slice(0, cutBefore(text, fitting) || fitting).replace(/[. ]+$/, '');
}

/** How much of a text, in UTF-16 units, has at most so many bytes. */
function fittingLength(bytes: number, text: string): number {
  let length = 0;
  let used = 0;
  for (const char of text) {
    used += utf8Bytes(char);
    if (used > bytes) break;
    length += char.length;
  }
  return length;
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/** `name.txt` gives `name` and `.txt`; an ending of over 32 characters is part of the name. */
function splitEnding(name: string): [string, string] {
  const dot = name.lastIndexOf('.');
  return splitAt(dot > 0 && name.length - dot <= 32 ? dot : -1, name);
}

function splitAt(index: number, name: string): [string, string] {
  return index < 0 ? [name, ''] : [name.slice(0, index), name.slice(index)];
}

/** What is the same name on disks that tell neither case nor forms of accents apart. */
const fold = (name: string) => name.toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
