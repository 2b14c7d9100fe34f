// Transfers that survive what happens to pages and paths. Each ends with the hash of the saved file, and with a bound on what was sent again:
// what was not flushed (8 MiB), and what was under way (a window of 16 MiB).
import { sha256 } from './support/files.ts';
import { FrameProbe } from './support/frame-probe.ts';
import { expect, test, type Person } from './support/test.ts';
import { until } from './support/until.ts';
import { meet } from './support/tincan-page.ts';

const MIB = 1_048_576;
const SIZE = 64 * MIB;
/** For what is not about how much arrives. */
const SMALLER = 48 * MIB;
const NAME = 'long.bin';
/** Of a fault. */
const MOST_REPEATED = 24 * MIB;

/** Of frames, with their headers. */
const onTheWire = (bytes: number) => (bytes * (65_536 + 16)) / 65_536;

/** The receiver saves what was sent, and both know the same hash. */
async function expectVerified(alice: Person, bob: Person, original: string): Promise<void> {
  const received = await bob.waitForTransfer({ name: NAME }, 'done');
  const sent = await alice.waitForTransfer({ name: NAME }, 'done');
  expect(sent.hash).toBe(received.hash);
  expect(await sha256((await bob.save(NAME)).path)).toBe(await sha256(original));
}

test('the receiver is reloaded at 10, 50 and 90 %: it goes on each time from what is on the disk, without a click', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const probe = await FrameProbe.of(alice);
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  for (const share of [0.1, 0.5, 0.9]) {
    const { bytes } = await bob.waitForBytes({ name: NAME }, share * SIZE);
    await bob.tab.reload();
    // Right from the first time that the row is shown.
    const [row] = await bob.waitFor('transfer', (seen) => seen.length === 1);
    expect(Number(row?.data['bytes'])).toBeGreaterThanOrEqual(bytes);
  }
  await expectVerified(alice, bob, original);
  expect(await probe.bytes()).toBeLessThan(onTheWire(SIZE + 3 * MOST_REPEATED));
  expect(await alice.transfers()).toHaveLength(1);
  expect([...alice.tab.problems, ...bob.tab.problems]).toEqual([]);
});

test('the receiver’s browser is killed and opened again: the link goes on from what is on the disk', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const probe = await FrameProbe.of(alice);
  const link = await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  const { bytes } = await bob.waitForBytes({ name: NAME }, SIZE / 2);
  await bob.tab.kill();
  const again = await openPerson({ profileOf: bob.tab });
  await again.join(link);
  const [row] = await again.waitFor('transfer', (seen) => seen.length === 1);
  expect(Number(row?.data['bytes'])).toBeGreaterThanOrEqual(bytes);
  await expectVerified(alice, again, original);
  expect(await probe.bytes()).toBeLessThan(onTheWire(SIZE + MOST_REPEATED));
});

test('both are closed and opened again: the unfinished file is listed, and goes on when the file is given again', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const link = await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  const { bytes } = await bob.waitForBytes({ name: NAME }, SIZE / 2);
  await Promise.all([alice.tab.page.goto('about:blank'), bob.tab.page.goto('about:blank')]);

  await bob.tab.open(server.url);
  const [partial] = await bob.waitFor('partial', (seen) => seen.length === 1);
  expect(partial?.data).toMatchObject({ name: NAME, size: String(SIZE), state: 'unfinished' });
  expect(Number(partial?.data['bytes'])).toBeGreaterThanOrEqual(bytes);
  await bob.tab.click('[data-testid="partial"] [data-testid="resume"]');
  await bob.waitForTransfer({ name: NAME }, 'waiting');

  // On the home page: the file is recognised by its name and size, and leads to its room.
  await alice.tab.open(server.url);
  await alice.chooseFiles(original);
  expect(await alice.shareLink()).toBe(link);
  await expectVerified(alice, bob, original);
});

test('the sender is reloaded: a file that was dropped can be opened again or chosen again, and the receiver does nothing', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const probe = await FrameProbe.of(alice);
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.tab.dropFiles([original]);
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, SIZE / 2);
  await probe.handleReload();
  await alice.tab.reload();
  await bob.waitForTransfer({ name: NAME }, 'waiting');
  // The browser has kept the handle. Its own question, which a click on this leads to, no program can answer.
  await alice.waitFor('reopen', (seen) => seen.length === 1);
  await bob.waitFor('transfer', ([row]) => row?.text.includes('until the sender gives the file again') ?? false);
  await alice.chooseFiles(original);
  await expectVerified(alice, bob, original);
  expect(await probe.bytes()).toBeLessThan(onTheWire(SIZE + MOST_REPEATED));
});

test('the sender is reloaded, and gives another file of the same name and size: both are told, and nothing is verified', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  await alice.chooseFiles(await files.random(NAME, SIZE));
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, SIZE / 2);
  await alice.tab.reload();
  await alice.waitForTransfer({ name: NAME }, 'waiting');
  await bob.waitForTransfer({ name: NAME }, 'waiting');
  await alice.chooseFiles(await files.random(NAME, SIZE));
  const [row] = await bob.waitFor('transfer', ([seen]) => seen?.data['state'] === 'failed', 60_000);
  expect(row?.text).toContain('has changed since it was chosen');
  await alice.waitFor('transfer', ([seen]) => seen?.data['state'] === 'failed');
});

test('the server is killed, the receiver reloaded when it is back: it goes on', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, 1);
  await server.kill();
  await bob.waitForBytes({ name: NAME }, SIZE / 4);
  await server.restart();
  await bob.waitForServerState('online');
  await bob.tab.reload();
  await expectVerified(alice, bob, original);
});

test('the path is cut for 20 s: it goes on by itself', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const probe = await FrameProbe.of(alice);
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, SIZE / 4);
  const mend = await bob.tab.cutNetwork();
  const cutAt = Date.now();
  await alice.waitForTransfer({ name: NAME }, 'waiting', 30_000);
  // The cut is what is tested: it lasts as long as it is said to.
  await until(
    '20 s to pass',
    () => Promise.resolve(Date.now() - cutAt),
    (passed) => passed >= 20_000,
    30_000,
  );
  mend();
  await expectVerified(alice, bob, original);
  expect(await probe.bytes()).toBeLessThan(onTheWire(SIZE + MOST_REPEATED));
});

test('either side pauses and goes on, and both see who has', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, 1);
  const row = '[data-testid="transfer"]';
  for (const [here, there] of [
    [bob, alice],
    [alice, bob],
  ] as const) {
    await here.tab.click(`${row} [data-testid="pause"]`);
    await Promise.all([here, there].map((each) => each.waitForTransfer({ name: NAME }, 'paused')));
    expect((await here.tab.see(row))[0]?.text).toContain('Paused by you');
    expect((await there.tab.see(row))[0]?.text).toContain('Paused by the other side');
    await here.tab.click(`${row} [data-testid="resume"]`);
    await there.waitFor('transfer', ([seen]) => seen?.data['state'] !== 'paused');
  }
  await expectVerified(alice, bob, original);
});

test('a paused transfer stays paused over a reload of the other side’s page', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SMALLER);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, 1);
  await alice.tab.click('[data-testid="transfer"] [data-testid="pause"]');
  await bob.waitForTransfer({ name: NAME }, 'paused');
  await bob.tab.reload();
  await bob.waitForPeers(1);
  await bob.waitForTransfer({ name: NAME }, 'paused');
  await alice.tab.click('[data-testid="transfer"] [data-testid="resume"]');
  await expectVerified(alice, bob, original);
});

test('a second tab does not take the transfer away, and says that it goes on in the first', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const link = await meet(alice, bob, server.url);
  const original = await files.random(NAME, SMALLER);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, 1);
  const second = await bob.tab.openSecond(link);
  await second.locator('[data-testid="elsewhere"]').waitFor();
  await expectVerified(alice, bob, original);
});

test('the disk is full in mid-file: it waits, says so, and goes on when there is room', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  const original = await files.random(NAME, SIZE);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, 1);
  await bob.tab.setQuota(server.url, 24 * MIB);
  await Promise.all([alice, bob].map((each) => each.waitForTransfer({ name: NAME }, 'waiting')));
  expect((await bob.tab.see('[data-testid="transfer"]'))[0]?.text).toContain('This device is full');
  expect((await alice.tab.see('[data-testid="transfer"]'))[0]?.text).toContain('The other device is full');
  const [{ bytes } = { bytes: 0 }] = await bob.transfers({ name: NAME });
  expect(bytes).toBeGreaterThan(0);
  await bob.tab.setQuota(server.url, 4_096 * MIB);
  await expectVerified(alice, bob, original);
});

test('cancelling frees the disk', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  const used = () =>
    bob.tab.evaluate(async () => {
      let bytes = 0;
      const add = async (folder: FileSystemDirectoryHandle) => {
        for await (const entry of folder.values()) {
          if (entry.kind === 'directory') await add(entry);
          else bytes += (await entry.getFile()).size;
        }
      };
      await add(await navigator.storage.getDirectory());
      return bytes;
    }, undefined);
  await alice.chooseFiles(await files.random(NAME, SMALLER));
  await bob.accept();
  await bob.waitForBytes({ name: NAME }, 8 * MIB);
  expect(await used()).toBeGreaterThan(8 * MIB);
  await bob.cancel({ name: NAME });
  const confirm = bob.tab.page.locator('dialog[open] .primary');
  const state = await bob.waitForFirst({
    ended: '[data-testid="transfer"][data-state="cancelled"]',
    asks: 'dialog[open]',
  });
  if (state.asks) await confirm.click();
  await alice.waitFor('transfer', ([row]) => row?.data['state'] === 'cancelled');
  await until('the disk to be free', used, (bytes) => bytes < MIB);
});
