import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { zipLength, zipStream, type ZipEntry } from './zip.ts';

const run = promisify(execFile);
const MODIFIED = new Date(2026, 2, 14, 15, 9, 26).getTime();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tincan-zip-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function entryOf(path: string, text = ''): ZipEntry {
  const blob = new Blob([text]);
  return { path, size: blob.size, modified: MODIFIED, open: async () => blob };
}

/** Writes the archive, and sees that it is as long as was said. */
async function write(entries: readonly ZipEntry[]): Promise<string> {
  const path = join(folder, 'all.zip');
  const pieces: Uint8Array[] = [];
  for await (const piece of zipStream(entries)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  expect(bytes.length).toBe(zipLength(entries));
  await writeFile(path, bytes);
  return path;
}

/** What Python's `zipfile` finds in it: names, sizes, dates; it has checked every checksum. */
async function seeByPython(zip: string): Promise<[string, number, number[]][]> {
  const script = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    print(json.dumps([[i.filename, i.file_size, list(i.date_time)] for i in z.infolist()]))`;
  const { stdout } = await run('python3', ['-c', script, zip], { maxBuffer: 64 * 1_048_576 });
  return JSON.parse(stdout) as [string, number, number[]][];
}

test('a tree with odd names, empty folders and dates opens in unzip and in Python as it was', async () => {
  const texts: Record<string, string> = {
    'tree/.gitignore': 'dist',
    'tree/가나다/👨‍👩‍👧.txt': 'family',
    'tree/🏴󠁧󠁢󠁥󠁮󠁧󠁿': 'England',
    'tree/نمی‌خواهم.txt': 'ZWNJ',
    'tree/a/1.txt': 'one',
    'tree/A/1.txt': 'another',
    'tree/nothing.bin': '',
    [`tree/${'가'.repeat(85)}`]: '255 bytes',
  };
  const entries = [...Object.entries(texts).map(([path, text]) => entryOf(path, text)), entryOf('tree/empty/')];
  const zip = await write(entries);
  const seen = await seeByPython(zip);
  expect(seen.map(([name]) => name)).toEqual(entries.map(({ path }) => path));
  for (const [, , date] of seen) expect(date).toEqual([2026, 3, 14, 15, 9, 26]);

  const into = join(folder, 'out');
  await run('unzip', ['-q', zip, '-d', into], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  for (const [path, text] of Object.entries(texts)) expect(await readFile(join(into, path), 'utf8')).toBe(text);
  expect((await stat(join(into, 'tree/empty'))).isDirectory()).toBe(true);
  expect((await stat(join(into, 'tree/a/1.txt'))).mtimeMs).toBe(MODIFIED);
});

test('each of many files, small and large, has its own bytes', async () => {
  const texts = [...Array(70).keys()].map((i) => String(i).repeat(i % 10 === 0 ? 70_000 : i % 7));
  const zip = await write(texts.map((text, i) => entryOf(`${i}.txt`, text)));
  await run('unzip', ['-q', zip, '-d', join(folder, 'out')]);
  for (const [i, text] of texts.entries()) expect(await readFile(join(folder, 'out', `${i}.txt`), 'utf8')).toBe(text);
});

test('one is opened after the other, and a large one not before all that is in front of it was taken', async () => {
  const events: string[] = [];
  let opening = 0;
  const entries = [10, 10, 100_000, 100_000, 10, 100_000].map((size, i): ZipEntry => {
    const entry = entryOf(`${i}.txt`, String(i).repeat(size));
    const open = async () => {
      expect(++opening).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      opening -= 1;
      events.push(`open ${i}`);
      return entry.open();
    };
    return { ...entry, open };
  });
  for await (const piece of zipStream(entries)) {
    const text = new TextDecoder().decode(piece);
    if (/^(\d)\1+$/.test(text) && events.at(-1) !== `take ${text[0]}`) events.push(`take ${text[0]}`);
  }
  for (const [i, { size }] of entries.entries()) {
    if (size < 100_000) continue;
    expect(events.indexOf(`open ${i}`)).toBeGreaterThan(events.lastIndexOf(`take ${i - 1}`));
    expect(events.indexOf(`open ${i}`)).toBeLessThan(events.indexOf(`take ${i}`));
  }
  expect(events.filter((event) => event.startsWith('open'))).toHaveLength(entries.length);
});

test.each([65_600])(
  '%d entries, about as many as a plain archive holds, open in unzip and in Python',
  async (count) => {
    const entries = [...Array(count - 1).keys()].map((i) => entryOf(`${i}/`));
    const zip = await write([...entries, entryOf('last.txt', 'last')]);
    expect(await seeByPython(zip)).toHaveLength(count);
    await run('unzip', ['-tqq', zip], { maxBuffer: 64 * 1_048_576 });
  },
);

test('what is not as long as was said, or cannot be opened, fails the whole archive', async () => {
  const longer = { ...entryOf('b.txt', 'b'), size: 2 };
  await expect(new Response(zipStream([entryOf('a.txt', 'a'), longer])).blob()).rejects.toThrow('b.txt');
  const broken = { ...entryOf('b.txt', 'b'), open: () => Promise.reject(new Error('broken')) };
  await expect(new Response(zipStream([entryOf('a.txt', 'a'), broken])).blob()).rejects.toThrow('broken');
});
