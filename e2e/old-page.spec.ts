// Pages of two versions in one room: the server was given a new page while one stayed open, or had to go back to the old one.
// The old page is the last that speaks version 1 of the wire, built from the history.
import { basename, join } from 'node:path';
import { root } from '../scripts/run.mjs';
import { sha256 } from './support/files.ts';
import { OldPage } from './support/old-page.ts';
import type { ServerProcess } from './support/server.ts';
import { expect, test, type Person } from './support/test.ts';

const MIB = 1_048_576;
const RELOAD_HERE = 'Their page is newer than yours. Reload this page to connect.';
const RELOAD_THERE = 'Their page is older than yours. Ask them to reload it.';
const RELOAD_BUTTON = '[data-testid="peer"] [role="alert"] button';
const NEW_PAGE = { WEB_ROOT: join(root, 'web', 'dist') };

/** The file is handed over: both know the same hash, and what is saved is the original. */
async function expectSaved(from: Person, to: Person, original: string): Promise<void> {
  const name = basename(original);
  const received = await to.waitForTransfer({ name, direction: 'receive' }, 'done');
  expect((await from.waitForTransfer({ name, direction: 'send' }, 'done')).hash).toBe(received.hash);
  expect(await sha256((await to.save(name)).path)).toBe(await sha256(original));
}

let old: OldPage;
test.beforeAll(async () => {
  old = await OldPage.build();
});
test.afterAll(async () => {
  await old.remove();
});

/** Another version is put where the pages come from; those that are open stay. */
async function deploy(server: ServerProcess, env: Record<string, string>, open: readonly Person[]): Promise<void> {
  await server.terminate();
  await server.restart(env);
  await Promise.all(open.map((person) => person.waitForServerState('online')));
}

/** Each is told which of the two pages has to be reloaded. */
async function expectTold(older: Person, newer: Person): Promise<void> {
  for (const [person, sentence] of [
    [older, RELOAD_HERE],
    [newer, RELOAD_THERE],
  ] as const)
    await person.waitFor('peer', (seen) => seen.length === 1 && seen[0]!.text.includes(sentence));
}

async function expectStaged(person: Person, name: string): Promise<void> {
  await expect(person.tab.page.locator('section[aria-labelledby="staged-heading"]')).toContainText(name);
}

test('the server gets a new page while one stays open: both are told, both keep what they have, and after the reload all of it is handed over', async ({
  startServer,
  openPerson,
  files,
}) => {
  const server = await startServer({ WEB_ROOT: old.webRoot });
  const [alice, bob] = [await openPerson(), await openPerson()];
  const [before, hers, his] = [
    await files.random('before.bin', MIB),
    await files.random('hers.bin', MIB),
    await files.random('his.bin', MIB),
  ];
  const link = await alice.startRoom(server.url);
  await bob.join(link);
  await alice.waitForPeers(1);
  await bob.chooseFiles(before);
  await alice.accept();
  await alice.waitForTransfer({ name: 'before.bin' }, 'done');
  await bob.tab.page.goto('about:blank');
  await alice.waitFor('peer', (seen) => seen.length === 0);
  await alice.chooseFiles(hers);
  await expectStaged(alice, 'hers.bin');

  await deploy(server, NEW_PAGE, [alice]);
  await bob.join(link);
  await expectTold(alice, bob);
  await bob.chooseFiles(his);
  await expectStaged(bob, 'his.bin');
  await expectStaged(alice, 'hers.bin');
  expect(await bob.transfers()).toEqual([]);

  await alice.tab.click(RELOAD_BUTTON);
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  await alice.accept();
  await alice.chooseFiles(hers);
  await bob.accept();
  await expectSaved(bob, alice, his);
  await expectSaved(alice, bob, hers);

  // What the old page had received, and nobody has saved.
  await alice.tab.open(server.url);
  const [saved] = await alice.tab.download('[data-testid="partial"][data-name="before.bin"] [data-testid="save"]', [
    MIB,
  ]);
  expect(await sha256(saved!.path)).toBe(await sha256(before));
});

for (const side of ['receiver', 'sender'] as const) {
  test(`the ${side}’s page is the old one for a while, in the middle of a transfer: what has arrived stays, and goes on after the reload`, async ({
    startServer,
    openPerson,
    files,
  }) => {
    const filter = { name: 'long.bin' };
    const server = await startServer({});
    const [alice, bob] = [await openPerson(), await openPerson()];
    const [back, stays] = side === 'sender' ? [alice, bob] : [bob, alice];
    const link = await alice.startRoom(server.url);
    await bob.join(link);
    await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
    const original = await files.random('long.bin', 48 * MIB);
    await alice.chooseFiles(original);
    await bob.accept();
    const { bytes } = await bob.waitForBytes(filter, 1);
    await back.tab.page.goto('about:blank');
    await stays.waitForTransfer(filter, 'waiting');

    await deploy(server, { WEB_ROOT: old.webRoot }, [stays]);
    await back.join(link);
    await expectTold(back, stays);
    const waiting = await stays.waitForTransfer(filter, 'waiting');
    if (stays === bob) expect(waiting.bytes).toBeGreaterThanOrEqual(bytes);

    await deploy(server, NEW_PAGE, [alice, bob]);
    await back.tab.click(RELOAD_BUTTON);
    await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
    if (side === 'sender') await alice.chooseFiles(original);
    expect((await bob.waitForBytes(filter, 1)).bytes).toBeGreaterThanOrEqual(bytes);
    await expectSaved(alice, bob, original);
    expect(await alice.transfers()).toHaveLength(1);
  });
}
