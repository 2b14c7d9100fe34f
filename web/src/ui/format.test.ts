import { describe, expect, it } from 'vitest';
import {
  formatBitrate,
  formatBytes,
  formatCount,
  formatFiles,
  formatShare,
  formatSize,
  formatSpeed,
  formatTimeLeft,
  isolate,
  percent,
  shortenMiddle,
  shownName,
  splitPath,
} from './format.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1_000, '1 kB'],
    [64_499, '64 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1_048_576, '1.0 MB'],
    [12_345_678, '12.3 MB'],
    [99_949_999, '99.9 MB'],
    [99_950_000, '100 MB'],
    [999_600_000, '1.0 GB'],
    [40_000_000_000, '40.0 GB'],
    [Number.MAX_SAFE_INTEGER, '9.0 PB'],
  ])('writes %d as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([Number.NaN, -5])('writes the impossible %d as nothing', (bytes) => expect(formatBytes(bytes)).toBe('0 B'));
});

it('formatSpeed says per second', () => expect(formatSpeed(3_210_000)).toBe('3.2 MB/s'));

it('formatCount separates thousands', () => expect(formatCount(1_200)).toBe('1,200'));

describe('formatTimeLeft', () => {
  it.each([
    [0, 'a few seconds left'],
    [7.9, 'a few seconds left'],
    [9, 'about 10 s left'],
    [42, 'about 40 s left'],
    [57, 'about 55 s left'],
    [59, 'about 1 min left'],
    [185, 'about 3 min left'],
    [59 * 60, 'about 59 min left'],
    [59.6 * 60, 'about 1 h left'],
    [7_800, 'about 2 h 10 min left'],
    [7_200, 'about 2 h left'],
    [3 * 86_400, 'about 3 days left'],
  ])('writes %d s as %s', (seconds, text) => expect(formatTimeLeft(seconds)).toBe(text));

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, -1])('is silent about %s', (seconds) =>
    expect(formatTimeLeft(seconds)).toBe(''),
  );
});

describe('percent', () => {
  it('reaches 100 only when done', () => {
    expect(percent(999, 1_000, false)).toBe(99);
    expect(percent(1_000, 1_000, true)).toBe(100);
  });
  it('knows the empty file', () => {
    expect(percent(0, 0, false)).toBe(0);
    expect(percent(0, 0, true)).toBe(100);
  });
  it('stays within 0 and 100', () => {
    expect(percent(-1, 10, false)).toBe(0);
    expect(percent(11, 10, false)).toBe(100);
  });
});

describe('shortenMiddle', () => {
  it('keeps a short name as it is', () => expect(shortenMiddle('a.txt', 5)).toBe('a.txt'));
  it('keeps the ending in sight', () => {
    const short = shortenMiddle(`${'holiday-'.repeat(20)}final.exe`, 40);
    expect([...short]).toHaveLength(40);
    expect(short).toMatch(/^holiday-.*….*final\.exe$/);
  });
  it('never cuts a character in two', () =>
    expect(shortenMiddle('😀'.repeat(50), 10)).toBe(`${'😀'.repeat(6)}…😀😀😀`));
});

it('shows a name in its own order, whatever marks of direction it has', () => {
  expect(shortenMiddle('\u200ftxt.\u200fexe', 20)).toBe('txt.exe');
  expect(shortenMiddle('\u061ctxt.\u200e\u200fexe', 7)).toBe('txt.exe');
  expect(shownName('\u200ftxt.\u200fexe')).toBe('txt.exe');
  expect(isolate('\u200ftxt.\u200fexe')).toBe('\u2068txt.exe\u2069');
  expect(shortenMiddle('می\u200cخواهم 👨‍👩‍👧‍👦.txt', 40)).toBe('می\u200cخواهم 👨‍👩‍👧‍👦.txt');
});

it('[XFER-14] files and empty folders are counted apart, and a folder has no size', () => {
  expect(formatFiles(1, 0)).toBe('1 file');
  expect(formatFiles(3, 1)).toBe('3 files and 1 empty folder');
  expect(formatFiles(0, 1_200)).toBe('1,200 empty folders');
  expect(formatFiles(0, 0)).toBe('0 files');
  expect(formatSize({ path: 'a/b/', size: 0 })).toBe('Empty folder');
  expect(formatSize({ path: 'a/b', size: 0 })).toBe('0 B');
});

it('splitPath takes the last part as the name, that of an empty folder with its slash', () => {
  expect(splitPath('a/b/')).toEqual({ folder: 'a', name: 'b/' });
  expect(splitPath('b/')).toEqual({ folder: '', name: 'b/' });
  expect(splitPath('a/b/c.txt')).toEqual({ folder: 'a/b', name: 'c.txt' });
  expect(splitPath('c.txt')).toEqual({ folder: '', name: 'c.txt' });
});

it('writes bit rates as lines are sold, and shares with one digit at most', () => {
  expect([-1, 0, 499, 64_000, 999_499, 999_500, 2_345_678, 16_000_000].map(formatBitrate)).toEqual([
    ...['0 kbit/s', '0 kbit/s', '0 kbit/s', '64 kbit/s', '999 kbit/s', '1 Mbit/s', '2.3 Mbit/s', '16 Mbit/s'],
  ]);
  expect([0, 0.0004, 0.0123, 1].map(formatShare)).toEqual(['0 %', '0 %', '1.2 %', '100 %']);
});
