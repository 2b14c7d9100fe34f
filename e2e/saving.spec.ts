import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, type Files } from './support/files.ts';
import { expect, test } from './support/test.ts';
import type { TincanPage } from './support/tincan-page.ts';

const TREE = { 'album/1.txt': 1_000, 'album/a/1.txt': 2_000_000, 'album/b/1.txt': 0 };

async function sendTree(files: Files, [alice, bob]: [TincanPage, TincanPage], url: string): Promise<void> {
  for (const [path, size] of Object.entries(TREE)) await files.random(path, size);
  await bob.join(await alice.startRoom(url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  await alice.chooseFolder(join(files.path, 'album'));
  await bob.accept();
  await bob.waitForTransfers({ direction: 'receive' }, 'done', 3);
}

/** Opens the archive with Debian's `unzip`, and compares what is in it with what was sent. */
async function expectTree(zip: string, files: Files): Promise<void> {
  const into = join(files.path, 'unzipped');
  await mkdir(into);
  execFileSync('unzip', ['-q', zip, '-d', into]);
  for (const path of Object.keys(TREE))
    expect(await sha256(join(into, path))).toBe(await sha256(join(files.path, path)));
}

test('several files are one archive in the downloads, with their folders (Chromium)', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await sendTree(files, [alice, bob], server.url);
  const zip = await bob.saveAll();
  expect(zip.name).toBe('album.zip');
  await expectTree(zip.path, files);
});

test('several files are one archive in the downloads, with their folders (Firefox)', async ({
  server,
  openPerson,
  openFirefox,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openFirefox()];
  await sendTree(files, [alice, bob], server.url);
  const zip = await bob.saveAll();
  expect(zip.name).toBe('album.zip');
  await expectTree(zip.path, files);
});
