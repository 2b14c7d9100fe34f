import { execFileSync } from 'node:child_process';
import { mkdir, readdir, stat, utimes } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { sha256, type Files } from './support/files.ts';
import { expect, test, type Person } from './support/test.ts';
import { id, type TincanPage, meet } from './support/tincan-page.ts';
import { until } from './support/until.ts';

/** What is sent, in bytes, by the path that it has to have where it is saved. An empty folder's ends with `/`. */
const TREE: Record<string, number> = {
  'album/1.txt': 1_000,
  'album/a/1.txt': 2_000_000,
  'album/A/2.txt': 500,
  'album/b/1.txt': 0,
  'album/.gitignore': 20,
  'album/👨‍👩‍👧‍👦/نمی‌خواهم.txt': 30,
  'album/🏴󠁧󠁢󠁥󠁮󠁧󠁿.png': 40,
  'album/e\u0301.txt': 50,
  [`album/${'가'.repeat(85)}`]: 60, // 255 bytes
  'album/_con.txt': 70,
  'album/a_b.txt': 80,
  'album/nothing/': 0,
};
/** On the sender's disk, where that differs: what no Windows takes. */
const ORIGINALS: Record<string, string> = { 'album/_con.txt': 'album/con.txt', 'album/a_b.txt': 'album/a:b.txt' };
const MODIFIED = new Date(2020, 1, 29, 12, 34, 56);
const FILES = Object.keys(TREE).filter((path) => !path.endsWith('/'));

const originalOf = (path: string, files: Files) => join(files.path, ORIGINALS[path] ?? path);

/** Alice drops the tree, and Bob accepts it. */
async function sendTree(files: Files, [alice, bob]: [Person, TincanPage], url: string): Promise<void> {
  for (const [path, size] of Object.entries(TREE)) {
    if (path.endsWith('/')) await mkdir(join(files.path, path), { recursive: true });
    else await utimes(await files.random(ORIGINALS[path] ?? path, size), MODIFIED, MODIFIED);
  }
  await meet(alice, bob, url);
  await alice.tab.dropFiles([join(files.path, 'album')]);
  await bob.accept();
  await bob.waitForDone(Object.keys(TREE).length);
}

/** Opens the archive with Debian's `unzip`: the same tree, the same bytes, the same dates. */
async function expectTree(zip: string, files: Files): Promise<void> {
  const into = join(files.path, 'unzipped');
  await mkdir(into);
  execFileSync('unzip', ['-q', zip, '-d', into], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  const found = await readdir(into, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(into, join(parentPath, name)));
  expect(paths.sort()).toEqual([...FILES].sort());
  for (const path of FILES) {
    expect(await sha256(join(into, path))).toBe(await sha256(originalOf(path, files)));
    expect((await stat(join(into, path))).mtimeMs).toBe(MODIFIED.getTime());
  }
  expect(await readdir(join(into, 'album/nothing'))).toEqual([]);
}

for (const browser of ['Chromium', 'Firefox'] as const) {
  test(`a tree with odd names is one archive in the downloads of ${browser}, as it was`, async ({
    server,
    openPerson,
    openFirefox,
    files,
  }) => {
    const [alice, bob] = [await openPerson(), browser === 'Firefox' ? await openFirefox() : await openPerson()];
    await sendTree(files, [alice, bob], server.url);
    const zip = await bob.saveAll();
    expect(zip.name).toBe('album.zip');
    await expectTree(zip.path, files);
    await bob.waitFor('transfer', (rows) => rows.every(({ data }) => data['saved'] === 'handed'));
  });
}

test('without a service worker, as under a certificate that nobody has vouched for, the archive is made on the disk first', async ({
  startServer,
  openPerson,
  files,
}) => {
  const server = await startServer({ HTTPS_PORT: '0', TLS_DIR: test.info().outputPath('tls') });
  const port = /https:\/\/[^:\s]+:(\d+)/.exec(server.output)?.[1];
  const [alice, bob] = [
    await openPerson({ acceptsAnyCertificate: true }),
    await openPerson({ acceptsAnyCertificate: true }),
  ];
  await sendTree(files, [alice, bob], `https://localhost:${port}`);
  expect(await bob.tab.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  const zip = await bob.saveAll();
  expect(zip.name).toBe('album.zip');
  await expectTree(zip.path, files);
});

/** Instead of the browser's question, which no driver can answer: the person picks this folder of the page's private disk, which is as real. */
async function pickPrivateFolder({ tab }: Person): Promise<void> {
  await tab.runFirst(() => {
    const root = navigator.storage.getDirectory();
    const folder = root.then((all) => all.getDirectoryHandle('picked', { create: true }));
    const picked = () => folder;
    Object.assign(window, {
      showDirectoryPicker: picked,
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        (await picked()).getFileHandle(suggestedName, { create: true }),
    });
  });
}

/** The SHA-256 of each file in the folder that was picked, by its path. */
async function pickedHashes({ tab }: Person): Promise<Record<string, string>> {
  return tab.page.evaluate(async () => {
    const hashes: Record<string, string> = {};
    const look = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const entry of folder.values()) {
        if (entry instanceof FileSystemDirectoryHandle) await look(entry, `${path}${entry.name}/`);
        else {
          const bytes = await (await entry.getFile()).arrayBuffer();
          const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
          hashes[path + entry.name] = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
        }
      }
    };
    await look(await (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true }), '');
    return hashes;
  });
}

/** The bytes of each file there; one that is being written has none before all of it is. */
async function pickedSizes({ tab }: Person): Promise<Record<string, number>> {
  return tab.page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true });
    const sizes: Record<string, number> = {};
    for await (const entry of folder.values())
      if (entry instanceof FileSystemFileHandle) sizes[entry.name] = (await entry.getFile()).size;
    return sizes;
  });
}

test('from link to disk in five actions of both: drop, copy; open, accept and save, pick', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await pickPrivateFolder(bob);
  const original = await files.random('one.bin', 3_000_000);
  await alice.tab.open(server.url);
  await alice.tab.dropFiles([original]); // 1
  const link = await alice.shareLink(); // 2
  await bob.tab.open(link); // 3
  await bob.tab.click(`${id('incoming-offer')} ${id('accept-save')}`); // 4, and the browser's own question is 5
  await bob.waitForTransfer({ name: 'one.bin', direction: 'receive' }, 'done');
  await bob.waitFor('transfer', ([row]) => row?.data['saved'] === 'saved');
  expect(await pickedHashes(bob)).toEqual({ 'one.bin': await sha256(original) });
  // It is where it was wanted, and nowhere else.
  await bob.waitFor('save', (buttons) => buttons.length === 0);
});

test('accept and save goes on after a reload, in the middle of the transfer or of the saving, and without a click', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await pickPrivateFolder(bob);
  // The disk stands still at the larger file: it is whole, and is not yet where it was to go.
  await bob.tab.runFirst(() => {
    const { prototype } = FileSystemFileHandle;
    const own = Object.getOwnPropertyDescriptor(prototype, 'createWritable')!.value as () => Promise<unknown>;
    const value = function (this: FileSystemFileHandle, ...all: []): Promise<unknown> {
      return this.name === 'a.bin' && !sessionStorage.getItem('goes-on') ? new Promise(() => {}) : own.apply(this, all);
    };
    Object.defineProperty(prototype, 'createWritable', { value });
  });
  const originals = [await files.random('a.bin', 48_000_000), await files.random('b.bin', 1_000_000)];
  await meet(alice, bob, server.url);
  await alice.chooseFiles(...originals);
  await bob.tab.click(`${id('incoming-offer')} ${id('accept-save')}`);
  await bob.waitForBytes({ name: 'a.bin', direction: 'receive' }, 5_000_000);
  await bob.tab.reload();
  await bob.waitForTransfers({ direction: 'receive' }, 'done', 2);
  await bob.waitFor('saving', (seen) => seen.length === 1);
  await bob.tab.evaluate(() => sessionStorage.setItem('goes-on', 'yes'), undefined);
  await bob.tab.reload();
  const hashes = Object.fromEntries(
    await Promise.all(originals.map(async (path) => [basename(path), await sha256(path)] as const)),
  );
  await until(
    'both to be there',
    () => pickedSizes(bob),
    ({ 'a.bin': a, 'b.bin': b }) => a === 48_000_000 && b === 1_000_000,
  );
  expect(await pickedHashes(bob)).toEqual(hashes);
  await bob.waitFor('partial', (rows) => rows.length === 0);
});

test('accept and save, where the browser asks for no place: it goes to the downloads by itself (Firefox)', async ({
  server,
  openPerson,
  openFirefox,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openFirefox()];
  const original = await files.random('one.bin', 3_000_000);
  await meet(alice, bob, server.url);
  await alice.chooseFiles(original);
  const [saved] = await bob.tab.download(`${id('incoming-offer')} ${id('accept-save')}`, [3_000_000]);
  expect(await sha256(saved!.path)).toBe(await sha256(original));
  await bob.waitFor('transfer', ([row]) => row?.data['saved'] === 'handed');
});

test('a folder that is full, or not allowed any more: nothing counts as saved that is not, and another try saves it', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await pickPrivateFolder(bob);
  await sendTree(files, [alice, bob], server.url);
  const savedOf = async () => (await bob.tab.see(id('transfer'))).map(({ data }) => data['saved']);

  await bob.tab.setQuota(server.url, 3_000_000);
  await bob.tab.click(id('save-folder'));
  const [full] = await bob.waitFor('unsaved', (seen) => seen.length === 1);
  expect(full?.text).toContain('there is no room for it');
  expect(await savedOf()).toContain('no');
  await bob.tab.setQuota(server.url, 1_000_000_000);

  await bob.tab.click(`${id('unsaved')} button`);
  await bob.tab.evaluate(() => {
    // What a browser answers once its person has taken the permission back.
    const { prototype } = FileSystemFileHandle;
    const own = Object.getOwnPropertyDescriptor(prototype, 'createWritable')!;
    const refuse = () => {
      Object.defineProperty(prototype, 'createWritable', own);
      return Promise.reject(new DOMException('', 'NotAllowedError'));
    };
    Object.defineProperty(prototype, 'createWritable', { ...own, value: refuse });
  }, undefined);
  await bob.tab.click(id('save-folder'));
  const [refused] = await bob.waitFor('unsaved', (seen) => seen.length === 1);
  expect(refused?.text).toContain('does not allow it any more');

  await bob.tab.click(id('save-folder'));
  await until('all are saved', savedOf, (seen) => seen.every((saved) => saved === 'saved'));
  const expected = FILES.map(async (path) => [path, await sha256(originalOf(path, files))] as const);
  expect(await pickedHashes(bob)).toEqual(Object.fromEntries(await Promise.all(expected)));
});

test('the question about several downloads, refused: nothing counts as saved that is not, and the next click saves it', async ({
  server,
  openPerson,
  files,
}) => {
  const downloads = join(files.path, 'downloads');
  const [alice, bob] = [await openPerson(), await openPerson({ refusesSeveralInto: downloads })];
  // As in a browser without places to pick: what is wanted on the disk is handed over as it arrives, without a click.
  await bob.tab.runFirst(() => {
    for (const name of ['showSaveFilePicker', 'showDirectoryPicker']) Reflect.deleteProperty(window, name);
  });
  const sizes = { 'first.bin': 100_000, 'album/1.bin': 8_000_000, 'album/2.bin': 8_000_000, 'last.bin': 2_000_000 };
  const hashes: Record<string, string> = {};
  for (const [path, size] of Object.entries(sizes)) hashes[path] = await sha256(await files.random(path, size));
  await meet(alice, bob, server.url);
  for (const name of ['first.bin', 'album']) await alice.tab.dropFiles([join(files.path, name)]);
  await bob.waitFor('incoming-offer', (offers) => offers.length === 2);
  const goOn = await alice.tab.stopPages(); // both are wanted before anything arrives
  for (const left of [1, 0]) {
    await bob.tab.click(`${id('incoming-offer')} ${id('accept-save')}`);
    await bob.waitFor('incoming-offer', (offers) => offers.length === left);
  }
  goOn();
  const albums = ['album/1.bin', 'album/2.bin'];
  await bob.waitFor('unsaved', ([seen]) => albums.every((path) => seen?.text.includes(path)));
  const rows = await bob.tab.see(id('transfer'));
  const savedOf = (path: string) => rows.find(({ data }) => data['name'] === path)?.data['saved'];
  expect(albums.map(savedOf)).toEqual(['no', 'no']);
  expect(await bob.tab.see(id('save'))).toHaveLength(3);
  const saved = async () => (await readdir(downloads)).sort();
  await until('the first file', saved, (names) => names.join() === 'first.bin');

  await bob.tab.click(id('save-all'));
  await until('the archive', saved, (names) => names.join() === 'album.zip,first.bin');
  await alice.tab.dropFiles([join(files.path, 'last.bin')]);
  await bob.accept();
  await bob.waitForTransfer({ name: 'last.bin', direction: 'receive' }, 'done');
  await bob.tab.click(`${id('transfer')}[data-name="last.bin"] ${id('save')}`);
  await until('the last file', saved, (names) => names.join() === 'album.zip,first.bin,last.bin');
  await expect.poll(() => bob.tab.page.context().pages().length).toBe(1); // no tab stays
  execFileSync('unzip', ['-q', 'album.zip'], { cwd: downloads });
  for (const [path, hash] of Object.entries(hashes)) expect(await sha256(join(downloads, path))).toBe(hash);
});

test('downloads that are refused: an archive is not saved, a single file is kept here, and the next try works', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await sendTree(files, [alice, bob], server.url);
  await bob.tab.downloadInto();
  await bob.tab.click(`[data-name="album/1.txt"] ${id('save')}`);
  await bob.waitFor('transfer', (rows) => rows.some(({ data }) => data['saved'] === 'handed'));
  await bob.tab.click(id('save-all'));
  const [stopped] = await bob.waitFor('unsaved', (seen) => seen.length === 1);
  expect(stopped?.text.replace(/[\u2066-\u2069]/g, '')).toMatch(/^Not saved: album\/\S+ \(stopped\), /);
  await bob.tab.reload();
  await bob.waitFor('partial', (rows) => rows.length === Object.keys(TREE).length);
  const downloads = join(files.path, 'downloads');
  await bob.tab.downloadInto(downloads);
  const sizeOf = (name: string) => () =>
    stat(join(downloads, name)).then(
      ({ size }) => size,
      () => -1,
    );
  await bob.tab.click(`${id('partial')}[data-name="album/1.txt"][data-saved=handed] ${id('save')}`);
  await until('the file is in the downloads', sizeOf('1.txt'), (size) => size === 1_000);
  expect(await sha256(join(downloads, '1.txt'))).toBe(await sha256(join(files.path, 'album/1.txt')));

  // What an earlier visit has left is one archive as well: first of what is not saved, then of all of it.
  await bob.tab.click(id('save-all'));
  await until('the others are in the downloads', sizeOf('album.zip'), (size) => size > 0);
  await bob.waitFor('partial', (rows) => rows.every(({ data }) => data['saved'] === 'handed'));
  await bob.tab.downloadInto(join(downloads, 'again'));
  await bob.tab.click(id('save-all'));
  await until('all are in the downloads', sizeOf('again/album.zip'), (size) => size > 0);
  await expectTree(join(downloads, 'again/album.zip'), files);
});

test('a question of the browser where to save that stays open for 90 s gives the whole file', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.tab.page.clock.install();
  await sendTree(files, [alice, bob], server.url);
  await bob.tab.evaluate(() => {
    // The browser has taken the address and asks; it reads what is behind it when the question is answered.
    HTMLAnchorElement.prototype.click = function () {
      addEventListener('answered', () => this.dispatchEvent(new MouseEvent('click')));
    };
  }, undefined);
  await bob.tab.click(`[data-name="album/1.txt"] ${id('save')}`);
  await bob.waitFor('transfer', (rows) => rows.some(({ data }) => data['saved'] === 'handed'));
  await bob.tab.page.clock.fastForward('01:30');
  const downloading = bob.tab.page.waitForEvent('download');
  await bob.tab.evaluate(() => dispatchEvent(new Event('answered')), undefined);
  expect(await sha256(await (await downloading).path())).toBe(await sha256(join(files.path, 'album/1.txt')));
});
