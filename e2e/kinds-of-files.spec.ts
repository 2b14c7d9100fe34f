import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './support/files.ts';
import { expect, test, type Person } from './support/test.ts';
import { meet } from './support/tincan-page.ts';

const MIB = 1_048_576;

/** Two people in a room, linked. */
async function openLinked(url: string, openPerson: () => Promise<Person>): Promise<{ alice: Person; bob: Person }> {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, url);
  return { alice, bob };
}

test('an empty file, one byte, one block, and one block and a byte', async ({ server, openPerson, files }) => {
  const { alice, bob } = await openLinked(server.url, openPerson);
  const sizes = { 'empty.bin': 0, 'byte.bin': 1, 'block.bin': MIB, 'more.bin': MIB + 1 };
  const originals = new Map<string, string>();
  for (const [name, size] of Object.entries(sizes)) originals.set(name, await files.random(name, size));

  await alice.chooseFiles(...originals.values());
  await bob.accept();
  await alice.waitForTransfers({ direction: 'send' }, 'done', 4);
  for (const [name, original] of originals) {
    const saved = await bob.save(name);
    expect(await sha256(saved.path)).toBe(await sha256(original));
  }
});

test('a thousand small files in one offer', async ({ server, openPerson, files }) => {
  const { alice, bob } = await openLinked(server.url, openPerson);
  const paths = [];
  for (let i = 0; i < 1_000; i++) paths.push(await files.random(`many/${i}.bin`, (i * 37) % 5_000));
  await alice.chooseFiles(...paths);
  await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
  await bob.accept();
  await Promise.all([bob.waitForDone(1_000), alice.waitForDone(1_000)]);
  const [list] = await bob.waitFor('transfer-list', (seen) => seen.length === 1);
  expect(list?.data).toMatchObject({ total: '1000', done: '1000', failed: '0' });
  const { path } = await bob.saveAll();
  expect(execFileSync('unzip', ['-Z', '-h', path]).toString()).toContain('number of entries: 1000');
  execFileSync('unzip', ['-tqq', path]);
});

test('very many files can be stopped in the midst of them, and the next file goes across', async ({
  server,
  openPerson,
  files,
}) => {
  const { alice, bob } = await openLinked(server.url, openPerson);
  const MANY = 6_000; // which take several times as long as two clicks
  const paths = [];
  for (let i = 0; i < MANY; i++) paths.push(await files.random(`many/${i}.bin`, 1_024));
  const preparing = alice.tab.page.getByTestId('preparing').waitFor();
  await alice.chooseFiles(...paths);
  await preparing;
  await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
  await bob.accept();
  await bob.waitFor('transfer-list', ([list]) => Number(list?.data['done']) > 100);
  await bob.tab.page.getByRole('button', { name: 'Stop all' }).click();
  await bob.tab.page.getByRole('dialog').getByRole('button', { name: 'Stop all' }).click();
  const isStopped = (person: typeof bob) =>
    person.tab.page.getByRole('button', { name: 'Stop all' }).waitFor({ state: 'hidden' });
  await Promise.all([isStopped(alice), isStopped(bob)]);
  const counts = async (person: typeof bob) => (await person.tab.see('[data-testid="transfer-list"]'))[0]?.data;
  const before = await counts(bob);
  expect(Number(before?.['done'])).toBeLessThan(MANY);
  await alice.chooseFiles(await files.random('next.bin', 100_000));
  await bob.accept();
  await bob.waitForTransfer({ name: 'next.bin' }, 'done');
  // None of the others has come after all, and what had come is here.
  expect((await counts(bob))?.['done']).toBe(String(Number(before?.['done']) + 1));
  expect(await counts(bob)).toMatchObject({ total: String(MANY + 1), failed: '0' });
  const { path } = await bob.saveAll();
  expect(execFileSync('unzip', ['-Z', '-h', path]).toString()).toContain(
    `number of entries: ${Number(before?.['done']) + 1}`,
  );
});

test('a folder three levels deep keeps its structure in the names', async ({ server, openPerson, files }) => {
  const { alice, bob } = await openLinked(server.url, openPerson);
  await files.random('album/top.bin', 10);
  await files.random('album/2026/summer/beach.bin', 20);
  await files.random('album/2026/winter/snow.bin', 30);
  await alice.chooseFolder(`${files.path}/album`);
  await bob.accept();
  const received = await bob.waitForTransfers({ direction: 'receive' }, 'done', 3);
  expect(received.map(({ name }) => name).sort()).toEqual([
    'album/2026/summer/beach.bin',
    'album/2026/winter/snow.bin',
    'album/top.bin',
  ]);
});

test('[XFER-3] [XFER-14] a dropped tree keeps its names and its empty folders', async ({
  server,
  openPerson,
  files,
}) => {
  const { alice, bob } = await openLinked(server.url, openPerson);
  const names = ['tree/👨‍👩‍👧‍👦.bin', 'tree/می\u200cخواهم.txt', 'tree/e\u0301', 'tree/.gitignore', 'tree/sub/e\u0301 '];
  for (const name of names) await files.random(name, 10);
  for (const folder of ['tree/empty/inner', 'bare']) await mkdir(join(files.path, folder), { recursive: true });
  await alice.tab.dropFiles(['tree', 'bare'].map((name) => join(files.path, name)));
  const [offer] = await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
  expect(offer?.text).toContain('5 files and 2 empty folders');
  await bob.accept();
  const received = await bob.waitForTransfers({ direction: 'receive' }, 'done', names.length + 2);
  const kept = [...names.map((name) => name.trimEnd()), 'tree/empty/inner/', 'bare/'];
  expect(received.map(({ name }) => name).sort()).toEqual(kept.sort());
  const savable = await bob.tab.see('[data-testid="transfer"]:has([data-testid="save"])');
  expect(savable).toHaveLength(names.length);
});

test('[XFER-1] more files than an offer may have: a sentence says so, and the next file goes across', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const { page } = alice.tab;
  const refusal = page.getByRole('alert').filter({ hasText: 'too many files at once: 50,000 is the most' });
  /** Making so many on a disk, and listing them, takes a minute. */
  const chooseTooMany = () =>
    page.getByTestId('folder-input').evaluate((input: HTMLInputElement) => {
      Object.defineProperty(input, 'files', { value: Array(50_001).fill(new File([], 'a.txt')), configurable: true });
      input.dispatchEvent(new Event('change', { bubbles: true }));
      Reflect.deleteProperty(input, 'files');
    });
  await alice.tab.open(server.url);
  await chooseTooMany();
  await expect(refusal).toBeVisible();
  await meet(alice, bob, server.url);
  await expect(refusal).toBeHidden();
  await chooseTooMany();
  await expect(refusal).toBeVisible();
  await alice.chooseFiles(await files.random('next.bin', 10));
  await bob.accept();
  await bob.waitForTransfer({ name: 'next.bin' }, 'done');
  await expect(refusal).toBeHidden();
});

test('a name that would climb out of its folder and lie about its ending arrives harmless', async ({
  server,
  openPerson,
}) => {
  const { alice, bob } = await openLinked(server.url, openPerson);
  // No disk holds such a name, so the page makes the file.
  await alice.tab.page.getByTestId('file-input').evaluate((input: HTMLInputElement) => {
    const chosen = new DataTransfer();
    chosen.items.add(new File(['harmless'], '../../evil\u202Etxt.exe'));
    input.files = chosen.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await bob.accept();
  const received = await bob.waitForTransfer({ direction: 'receive' }, 'done');
  expect(received.name).toBe('eviltxt.exe');
  expect((await bob.save('eviltxt.exe')).name).toBe('eviltxt.exe');
});

test('the other person declines: nothing is sent, and the sender sees it', async ({ server, openPerson, files }) => {
  const { alice, bob } = await openLinked(server.url, openPerson);
  await alice.chooseFiles(await files.random('no.bin', MIB));
  await alice.waitForTransfer({ direction: 'send' }, 'offered');
  await bob.decline();
  const sent = await alice.waitForTransfer({ direction: 'send' }, 'declined');
  expect(sent.bytes).toBe(0);
  await bob.waitFor('incoming-offer', (offers) => offers.length === 0);
});

for (const canceller of ['sender', 'receiver'] as const) {
  test(`the ${canceller} cancels in mid-transfer: both see it, and the next file goes across`, async ({
    server,
    openPerson,
    files,
  }) => {
    const { alice, bob } = await openLinked(server.url, openPerson);
    await alice.chooseFiles(await files.random('long.bin', 256 * MIB));
    await bob.accept();
    const one = canceller === 'sender' ? alice : bob;
    await one.waitForBytes({ name: 'long.bin' }, 17 * MIB); // so much is not given up without a question
    await one.cancel({ name: 'long.bin' });
    await one.tab.page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click();
    await alice.waitForTransfer({ name: 'long.bin' }, 'cancelled');
    await bob.waitForTransfer({ name: 'long.bin' }, 'cancelled');

    await alice.chooseFiles(await files.random('next.bin', 2 * MIB));
    await bob.accept();
    await bob.waitForTransfer({ name: 'next.bin' }, 'done');
  });
}
