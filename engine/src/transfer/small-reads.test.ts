import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { openAsBlob } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readSmall } from './small-reads.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'small-reads-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const CONTENTS = ['first', '', 'the third', '4'];

/** Real files, which Node does not read any more once they have changed. */
async function writeFiles(): Promise<{ paths: string[]; files: Blob[] }> {
  const paths = CONTENTS.map((_, index) => join(folder, String(index)));
  await Promise.all(paths.map((path, index) => writeFile(path, CONTENTS[index]!)));
  return { paths, files: await Promise.all(paths.map((path) => openAsBlob(path))) };
}

/** What each reading gave, or the name of its error. */
async function readAll(files: readonly Blob[]): Promise<string[]> {
  const readings = await Promise.allSettled(files.map((file, index) => readSmall(file, CONTENTS[index]!.length)));
  return readings.map((reading) =>
    reading.status === 'fulfilled' ? Buffer.from(reading.value).toString() : (reading.reason as Error).name,
  );
}

it('files that are asked for in the same turn are read with one call', async () => {
  const { files } = await writeFiles();
  const read = vi.spyOn(Blob.prototype, 'arrayBuffer');
  expect(await readAll(files)).toEqual(CONTENTS);
  expect(read).toHaveBeenCalledTimes(1);
});

it('one that cannot be read any more keeps none of the others from being read', async () => {
  const { paths, files } = await writeFiles();
  await appendFile(paths[2]!, '!');
  expect(await readAll(files)).toEqual(['first', '', 'NotReadableError', '4']);
});

it('where what is there is read, whatever has become of it, no file gets bytes of another', async () => {
  const { paths } = await writeFiles();
  await truncate(paths[0]!, 4);
  await appendFile(paths[2]!, '!'); // all in all they are as long as before
  const files = await Promise.all(paths.map((path) => openAsBlob(path)));
  expect(await readAll(files)).toEqual(['firs', '', 'the third!', '4']);
});
