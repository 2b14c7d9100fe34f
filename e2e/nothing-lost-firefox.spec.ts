// What is different in Firefox: its files have no handles, and its disk is another.
import { sha256 } from './support/files.ts';
import { expect, test } from './support/test.ts';
import { meet } from './support/tincan-page.ts';

const MIB = 1_048_576;
const SIZE = 32 * MIB;
const NAME = 'long.bin';

test('Firefox sends, is reloaded, and its person chooses the file again: it goes on and is verified', async ({
  server,
  openPerson,
  openFirefox,
  files,
}) => {
  const [alice, bob] = [await openFirefox(), await openPerson()];
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  const { bytes } = await bob.waitForBytes({ name: NAME }, SIZE / 4);
  await alice.tab.reload();
  await bob.waitForTransfer({ name: NAME }, 'waiting');
  await alice.waitForTransfer({ name: NAME }, 'waiting');
  expect((await bob.transfers({ name: NAME }))[0]?.bytes).toBeGreaterThanOrEqual(bytes);
  await alice.chooseFiles(original);
  const received = await bob.waitForTransfer({ name: NAME }, 'done');
  expect((await alice.waitForTransfer({ name: NAME }, 'done')).hash).toBe(received.hash);
  expect(await sha256((await bob.save(NAME)).path)).toBe(await sha256(original));
});

test('Firefox receives and is reloaded: it goes on from what is on its disk, without a click', async ({
  server,
  openPerson,
  openFirefox,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openFirefox()];
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  const { bytes } = await bob.waitForBytes({ name: NAME }, SIZE / 4);
  await bob.tab.reload();
  const [row] = await bob.waitFor('transfer', (seen) => seen.length === 1);
  expect(Number(row?.data['bytes'])).toBeGreaterThanOrEqual(bytes);
  const received = await bob.waitForTransfer({ name: NAME }, 'done');
  expect((await alice.waitForTransfer({ name: NAME }, 'done')).hash).toBe(received.hash);
  expect(await sha256((await bob.save(NAME)).path)).toBe(await sha256(original));
});
