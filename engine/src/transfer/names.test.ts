import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baseName, cleanPath, downloadName, uniquePaths } from './names.ts';

const FAMILY = '👨‍👩‍👧‍👦';
const ENGLAND = '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';

const bytesIn = (text: string) => new TextEncoder().encode(text).length;
/** As a disk compares that tells neither case nor the form of accents apart. */
const folded = (path: string) => path.toLowerCase().normalize('NFC');

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
    ['nul .txt', '_nul .txt'],
    ['com1/lpt9.log', '_com1/_lpt9.log'],
    ['trailing. . .', 'trailing'],
    ['what?<is>"this"|*', 'what__is__this___'],
    ['...', 'file'],
    ['', 'file'],
    ['\ud800broken.txt', 'broken.txt'],
    [`nul${' '.repeat(300)}x`, '_nul'],
  ])('[XFER-3] %j becomes %j', (given, expected) => {
    expect(cleanPath(given)).toBe(expected);
  });

  it.each([
    `${FAMILY}.jpg`,
    'می\u200cخواهم.txt',
    `${ENGLAND}.png`,
    '\u200fשלום\u200e.txt',
    'soft\u00adhyphen.txt',
    '한글 이름.txt'.normalize('NFD'),
    'e\u0301.txt',
    '\u00e9.txt',
    ' led by a space.txt',
    'a  b .txt',
    'a..b',
    '.gitignore',
    '~$letter.docx',
    '100 %.txt',
  ])('[XFER-3] %j stays as it is', (name) => {
    expect(cleanPath(name)).toBe(name);
    expect(cleanPath(`${name}/${name}`)).toBe(`${name}/${name}`);
  });

  it.each(['\u200b\u2066', '\u00ad', ' \u3000', '\u3164', '.\u200d.', '\u{e0041}\ufe0f', `${'\u200b'.repeat(100)}a`])(
    '[XFER-3] %j, of which nothing would be seen, is no name',
    (name) => {
      expect(cleanPath(name)).toBe('file');
      expect(cleanPath(`a/${name}/b`)).toBe('a/b');
    },
  );

  it.each([
    ['empty/', 'empty/'],
    ['a/../empty /', 'a/empty/'],
    ['/', 'folder/'],
    ['../', 'folder/'],
    ['con/', '_con/'],
    ['a\\', 'a'],
  ])('[XFER-14] %j becomes %j: only an empty folder ends with a slash', (given, expected) => {
    expect(cleanPath(given)).toBe(expected);
  });

  it('[XFER-3] cuts a long name to 255 bytes, keeps its ending and no half character', () => {
    const name = cleanPath(`${'가'.repeat(200)}.jpeg`);
    expect(bytesIn(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^가+\.jpeg$/);
  });

  it('[XFER-3] cuts neither through a family nor through a letter with its accents, but through one that has no end', () => {
    expect(cleanPath(`${FAMILY.repeat(20)}.jpg`)).toBe(`${FAMILY.repeat(10)}.jpg`);
    expect(cleanPath('e\u0301'.repeat(100))).toBe('e\u0301'.repeat(85));
    expect(cleanPath(`e${'\u0301'.repeat(200)}`)).toBe(`e${'\u0301'.repeat(127)}`);
  });

  it('[XFER-3] is harmless for every string, and stays as it is when cleaned again', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('.', '/', '\\', ' ', 'a', '\u202e', '\u0000', ':', '가', 'nul', '😀', '\u200d', FAMILY),
      maxLength: 80,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nasty), (path) => {
        const clean = cleanPath(path);
        expect(clean.endsWith('/')).toBe(path.endsWith('/'));
        for (const part of clean.replace(/\/$/, '').split('/')) {
          expect(part).not.toMatch(/^\.*$|[\u0000-\u001f\\<>:"|?*\u202a-\u202e\u2066-\u2069]|[. ]$/);
          expect(bytesIn(part)).toBeLessThanOrEqual(255);
        }
        expect(cleanPath(clean)).toBe(clean);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

describe('uniquePaths', () => {
  it('[XFER-3] numbers a name that is taken, also in other letters, and leaves the name to the first that has it', () => {
    expect(uniquePaths(['a.txt', 'a.txt'])).toEqual(['a.txt', 'a (2).txt']);
    expect(uniquePaths(['d/a.txt', 'd/A.TXT', 'd/a.txt', 'a.txt', 'd/a (2).txt'])).toEqual([
      'd/a.txt',
      'd/A (3).TXT',
      'd/a (4).txt',
      'a.txt',
      'd/a (2).txt',
    ]);
  });

  it('[XFER-3] takes two forms of one letter for one name, and keeps each as it is', () => {
    expect(uniquePaths(['\u00e9.txt', 'e\u0301.txt', 'E\u0301.md'])).toEqual([
      '\u00e9.txt',
      'e\u0301 (2).txt',
      'E\u0301.md',
    ]);
  });

  it('[XFER-3] a folder keeps its name, and a file beside it that has the same one gets a number', () => {
    expect(uniquePaths(['photos', 'photos/a.jpg'])).toEqual(['photos (2)', 'photos/a.jpg']);
    expect(uniquePaths(['Photos.d', 'photos.d/a', 'photos (2).d/b'])).toEqual([
      'Photos (3).d',
      'photos.d/a',
      'photos (2).d/b',
    ]);
    expect(uniquePaths(['a/b/c', 'A/B', 'a'])).toEqual(['a/b/c', 'A/B (2)', 'a (2)']);
    expect(uniquePaths(['Photos/a.jpg', 'photos/A.jpg'])).toEqual(['Photos/a.jpg', 'photos/A (2).jpg']);
  });

  it('[XFER-14] an empty folder is a folder, and two of one name are told apart', () => {
    expect(uniquePaths(['empty', 'empty/'])).toEqual(['empty (2)', 'empty/']);
    expect(uniquePaths(['v1.0/', 'V1.0/', 'v1.0 (2)', 'v1.0/a'])).toEqual(['v1.0/', 'V1.0 (3)/', 'v1.0 (2)', 'v1.0/a']);
  });

  it('[XFER-3] leaves no two files in one place, and nothing to do a second time', () => {
    const part = fc.constantFrom('a', 'A', 'a (2)', 'é', 'e\u0301', 'b.txt', 'B.TXT', 'b (2).txt', 'x'.repeat(255));
    const path = fc
      .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([parts, isFolder]) => parts.join('/') + (isFolder ? '/' : ''));
    fc.assert(
      fc.property(fc.array(path, { maxLength: 12 }), (paths) => {
        const unique = uniquePaths(paths);
        expect(new Set(unique.map(folded)).size).toBe(paths.length);
        const folders = new Set(
          unique.flatMap((each) => [...folded(each).matchAll(/\//g)].map(({ index }) => folded(each).slice(0, index))),
        );
        for (const each of unique) {
          expect(folders).not.toContain(folded(each));
          for (const component of each.split('/')) expect(bytesIn(component)).toBeLessThanOrEqual(255);
        }
        expect(unique.map((each) => each.split('/').slice(0, -1).length)).toEqual(
          paths.map((each) => each.split('/').slice(0, -1).length),
        );
        expect(uniquePaths(unique)).toEqual(unique);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  it('[XFER-3] is quick for very many files of one name, also with their numbers in the list', () => {
    const same = Array.from({ length: 25_000 }, () => 'same.txt');
    const numbered = same.map((_, index) => `same (${index}).txt`);
    expect(new Set(uniquePaths([...same, ...numbered])).size).toBe(50_000);
  });

  it('[XFER-3] is quick for long names that only their numbers can tell apart', () => {
    const given = Array.from({ length: 2_000 }, (_, i) => 'x'.repeat(251) + (i % 1_000).toString().padStart(4, '0'));
    const unique = uniquePaths(given);
    expect(new Set(unique).size).toBe(2_000);
    for (const path of unique) expect(path.length).toBeLessThanOrEqual(255);
  });

  it('[XFER-3] is quick for as deep folders and as many files as an offer may have', () => {
    const deep = Array.from({ length: 8_000 }, (_, i) => `${'d'.repeat(63)}/`.repeat(63) + String(i));
    expect(uniquePaths(deep)).toEqual(deep);
  });
});

it('baseName is the last part, that of a folder with its slash', () => {
  expect(baseName('a/b.txt')).toBe('b.txt');
  expect(baseName('b.txt')).toBe('b.txt');
  expect(baseName('a/b/')).toBe('b/');
  expect(baseName('b/')).toBe('b/');
});

/** e2e/download-names.spec.ts sees what real browsers make of them. */
describe('downloadName', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['folder/a (2).tar.gz', 'a (2).tar.gz'],
    ['.gitignore', '_.gitignore'],
    ['..a', '_..a'],
    ['~a', '_~a'],
    ['letter.txt~', 'letter.txt~_'],
    ['a~b.txt', 'a~b.txt'],
    ['100 %.txt', '100 _.txt'],
    ['a%20b.txt', 'a_20b.txt'],
    [`${FAMILY}.txt`, '👨👩👧👦.txt'],
    ['می\u200cخواهم.txt', 'میخواهم.txt'],
    [`${ENGLAND}.png`, '🏴.png'],
    ['soft\u00adhyphen\u200f.txt', 'softhyphen.txt'],
    ['year \u0601.txt', 'year _.txt'],
    [' a.txt', 'a.txt'],
    ['a  b\u00a0\u2003c.txt', 'a b c.txt'],
    ['全角\u3000空白\u3000\u3000.txt\u3000', '全角\u3000空白\u3000.txt'],
    ['Mr. Smith, a letter', 'Mr._Smith,_a_letter'],
    ['a. b.txt', 'a. b.txt'],
    ['e\u0301.txt', 'e\u0301.txt'],
    ['a.lnk', 'a.lnk.download'],
    ['a.URL', 'a.URL.download'],
    ['a.local', 'a.local.download'],
    ['a.scf', 'a.scf.download'],
    ['a.desktop', 'a.desktop.download'],
    ['a.{20D04FE0-3AEA-1069-A2D8-08002B30309D}', 'a.{20D04FE0-3AEA-1069-A2D8-08002B30309D}.download'],
    ['desktop.ini', '_desktop.ini'],
    ['c\u200don.txt', '_con.txt'],
    [`${'x'.repeat(251)}.txt`, `${'x'.repeat(220)}.txt`],
    ['가'.repeat(85), '가'.repeat(74)],
  ])('of %j is %j', (path, name) => {
    expect(cleanPath(path)).toBe(path); // else nobody receives it
    expect(downloadName(path)).toBe(name);
  });

  it('is one that the rules of both browsers leave alone, whatever the path', () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        '.',
        '~',
        ' ',
        '%',
        'a',
        '\u3000',
        '\u00a0',
        '\u200d',
        '\u0600',
        '\uffff',
        'lnk',
        'nul',
        FAMILY,
      ),
      maxLength: 100,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nasty), (path) => {
        const name = downloadName(cleanPath(path));
        expect(bytesIn(name)).toBeLessThanOrEqual(238);
        expect(name).not.toMatch(/^$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}"*/:<>?\\|%]/u);
        expect(name).not.toMatch(/^[\s.~]|[\s.~]$|(?![ \u3000])\s|\s\s|[.][^.]* [^.]*$/);
        expect(name).not.toMatch(/[.](lnk|local|url|scf|desktop|\{.*\})$/i);
        expect(cleanPath(name)).toBe(name);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});
