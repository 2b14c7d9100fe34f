import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baseName, cleanPath, UniquePaths } from './names.ts';

describe('cleanPath', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['a/b/c.txt', 'a/b/c.txt'],
    ['../../evil\u202Etxt.exe', 'eviltxt.exe'],
    ['..\\..\\windows\\system32', 'windows/system32'],
    ['/etc/passwd', 'etc/passwd'],
    ['C:\\boot.ini', 'C_/boot.ini'],
    ['a/./b/../c', 'a/b/c'],
    ['tab\there\u0000.txt', 'tabhere.txt'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['com1/lpt9.log', '_com1/_lpt9.log'],
    ['trailing. . .', 'trailing'],
    ['what?<is>"this"|*', 'what__is__this___'],
    ['...', 'file'],
    ['', 'file'],
    ['\u200b\u2066', 'file'],
    ['한글 이름.txt'.normalize('NFD'), '한글 이름.txt'],
    ['\ud800broken.txt', 'broken.txt'],
  ])('%j becomes %j', (given, expected) => {
    expect(cleanPath(given)).toBe(expected);
  });

  it('cuts a long name to 255 bytes, keeps its ending and no half character', () => {
    const name = cleanPath(`${'가'.repeat(200)}.jpeg`);
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^가+\.jpeg$/);
  });

  it('is harmless for every string, and stays as it is when cleaned again', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('.', '/', '\\', ' ', 'a', '\u202e', '\u0000', ':', '가', 'nul', '😀'),
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nasty), (path) => {
        const clean = cleanPath(path);
        expect(clean).not.toBe('');
        for (const part of clean.split('/')) {
          expect(part).not.toMatch(/^\.*$|[\u0000-\u001f\\<>:"|?*\u202a-\u202e]|[. ]$/);
          expect(new TextEncoder().encode(part).length).toBeLessThanOrEqual(255);
        }
        expect(cleanPath(clean)).toBe(clean);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('UniquePaths', () => {
  it('numbers a name that is taken, also in other letters', () => {
    const paths = new UniquePaths();
    const given = ['d/a.txt', 'd/A.TXT', 'd/a.txt', 'a.txt', 'd/a (2).txt'];
    expect(given.map((path) => paths.take(path))).toEqual([
      'd/a.txt',
      'd/A (2).TXT',
      'd/a (3).txt',
      'a.txt',
      'd/a (2) (2).txt',
    ]);
  });

  it('is quick for very many files of one name', () => {
    const paths = new UniquePaths();
    const taken = new Set(Array.from({ length: 50_000 }, () => paths.take('same.txt')));
    expect(taken.size).toBe(50_000);
  });

  it('is quick for long names that only their numbers can tell apart', () => {
    const paths = new UniquePaths();
    const given = Array.from({ length: 2_000 }, (_, i) => 'x'.repeat(251) + (i % 1_000).toString().padStart(4, '0'));
    const taken = new Set(given.map((path) => paths.take(path)));
    expect(taken.size).toBe(2_000);
    for (const path of taken) expect(path.length).toBeLessThanOrEqual(255);
  });
});

it('baseName is the part after the last slash', () => {
  expect(baseName('a/b.txt')).toBe('b.txt');
  expect(baseName('b.txt')).toBe('b.txt');
});
