// Numbers as people read them. Steps are coarse and digits few, so that ticking numbers stay calm.
import { isFolderPath } from '@tincan/shared/folder-path';
import { words } from './words.ts';

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

const plain = new Intl.NumberFormat(words.locale);
const decimal = new Intl.NumberFormat(words.locale, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** A whole number with its separators. */
export function formatCount(n: number): string {
  return plain.format(n);
}

/** How many files, and how many empty folders beside them. */
export function formatFiles(files: number, folders: number): string {
  const ofFiles = words.files.count(files, formatCount(files));
  if (folders === 0) return ofFiles;
  const ofFolders = words.files.emptyFolders(folders, formatCount(folders));
  return files === 0 ? ofFolders : words.files.and(ofFiles, ofFolders);
}

/** How large the file of a path is, in words; an empty folder is said to be that. */
export function formatSize({ path, size }: { path: string; size: number }): string {
  return isFolderPath(path) ? words.files.emptyFolder : formatBytes(size);
}

/** A size in decimal units: whole below a megabyte, one decimal below a hundred of any larger unit. */
export function formatBytes(bytes: number): string {
  if (!(bytes >= 1000)) return `${Math.max(0, Math.floor(bytes) || 0)} B`;
  let value = bytes / 1000;
  let unit = 0;
  while (Number(rounded(value, unit)) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${rounded(value, unit)} ${UNITS[unit]}`;
}

function rounded(value: number, unit: number): string {
  return value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1);
}

export function formatSpeed(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** What a call moves, in bits per second as lines are sold. */
export function formatBitrate(bitsPerSecond: number): string {
  const kilobits = Math.max(0, Math.round(bitsPerSecond / 1000));
  if (kilobits < 1000) return `${kilobits} kbit/s`;
  return `${decimal.format(kilobits / 1000)} Mbit/s`;
}

/** A share of 0 to 1, with one digit where that is needed to tell it from nothing. */
export function formatShare(share: number): string {
  return `${decimal.format(share * 100)} %`;
}

/** How long it will still take; empty where nobody can tell. */
export function formatTimeLeft(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return '';
  if (seconds < 8) return words.time.fewSeconds;
  if (seconds < 58) return words.time.seconds(Math.max(10, Math.round(seconds / 5) * 5));
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return words.time.minutes(Math.max(1, minutes));
  const steps = Math.round(minutes / 10) * 10;
  if (steps < 48 * 60) return words.time.hours(Math.floor(steps / 60), steps % 60);
  return words.time.days(Math.round(steps / (24 * 60)));
}

/** How far it got, 0 to 100 and whole; 100 only when everything is there. An empty file is at 0 until it is `done`. */
export function percent(bytes: number, size: number, done: boolean): number {
  if (done) return 100;
  if (size <= 0) return 0;
  return Math.max(0, Math.min(100, Math.floor((bytes / size) * 100)));
}

export function formatClock(at: number): string {
  return clock.format(at);
}

/** Marks of direction, which a name keeps (XFER-3): shown with them, one that ends with `.exe` could seem to end with `.txt`. */
const DIRECTION_MARKS = /[\u061c\u200e\u200f]/g;

/** A name as it is shown: in its own order. */
export function shownName(name: string): string {
  return name.replace(DIRECTION_MARKS, '');
}

/** A name as it is shown, a long one shortened in its middle: the ending tells what kind of file it is and must stay in sight. */
export function shortenMiddle(name: string, maxChars: number): string {
  const shown = shownName(name);
  const chars = [...shown];
  if (chars.length <= maxChars) return shown;
  const tail = Math.floor((maxChars - 1) * 0.4);
  return `${chars.slice(0, maxChars - 1 - tail).join('')}…${chars.slice(-tail).join('')}`;
}

/** A relative path as folder (without its last `/`, may be empty) and the name in it; that of an empty folder keeps its `/`. */
export function splitPath(path: string): { folder: string; name: string } {
  const slash = path.lastIndexOf('/', path.length - 2);
  return { folder: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) };
}

/** A name as part of a sentence: its writing direction must not turn the words around it (Unicode isolates). */
export function isolate(name: string): string {
  return `\u2068${shownName(name)}\u2069`;
}
