// What browsers make of the store and the ledger: the contracts that their fakes keep in Node, and what only a real disk can show.
import { join } from 'node:path';
import { root } from '../scripts/run.mjs';
import type { InPage } from '../web/src/storage/testing/in-page.ts';
import type { ChromiumTab } from './support/chromium-tab.ts';
import { PageServer } from './support/page-server.ts';
import type { Tab } from './support/tab.ts';
import { expect, test } from './support/test.ts';
import { until } from './support/until.ts';

declare global {
  var inPage: InPage;
}

let server: PageServer;
test.beforeAll(async () => {
  server = await PageServer.start(join(root, 'web/src/storage/testing/in-page.ts'));
});
test.afterAll(() => server.close());

async function openPage(tab: Tab, path = '/'): Promise<void> {
  await tab.open(server.url(path));
  await until(
    'the script of the page',
    () => tab.evaluate(() => 'inPage' in globalThis, undefined),
    (isThere) => isThere,
  );
}

/** Runs every case in the page and gives what was not kept. */
async function runContracts(tab: Tab): Promise<{ cases: number; broken: string[] }> {
  await openPage(tab);
  const names = await tab.evaluate(() => inPage.cases, undefined);
  const broken: string[] = [];
  for (const [index, name] of names.entries()) {
    const outcome = await tab.evaluate(
      (number) =>
        inPage.runCase(number).then(
          () => '',
          (error: unknown) => String(error),
        ),
      index,
    );
    if (outcome !== '') broken.push(`${name}: ${outcome}`);
  }
  return { cases: names.length, broken };
}

test('the contracts of the store and the ledger hold in Chromium', async ({ openPerson }) => {
  const { tab } = await openPerson();
  const { cases, broken } = await runContracts(tab);
  expect([cases > 25, broken]).toEqual([true, []]);
});

test('the contracts of the store and the ledger hold in Firefox', async ({ openFirefox }) => {
  const { tab } = await openFirefox();
  const { cases, broken } = await runContracts(tab);
  expect([cases > 25, broken]).toEqual([true, []]);
});

/** The flushed blocks, and no other: of 64 blocks two, of two small files the first. */
const FLUSHED = { durable: [[1, 5], [0], []], wrong: 0 };

async function begin(tab: Tab, path: string): Promise<string> {
  await openPage(tab, path);
  return tab.evaluate((at) => inPage.beginAndWrite(at), path);
}

async function end(tab: Tab, path: string, folder: string): Promise<unknown> {
  return tab.evaluate(([at, name]) => inPage.endIt(at, name), [path, folder] as const);
}

test('a page that leaves in the middle of a write has kept what was flushed', async ({ openPerson, openFirefox }) => {
  for (const { tab } of [await openPerson(), await openFirefox()]) {
    const folder = await begin(tab, '/');
    await tab.reload();
    await openPage(tab);
    expect(await end(tab, '/', folder)).toEqual(FLUSHED);
  }
});

test('a browser that is killed in the middle of a write has kept what was flushed', async ({ openPerson }) => {
  const { tab } = await openPerson();
  const folder = await begin(tab, '/');
  await tab.kill();
  const { tab: next } = await openPerson({ profileOf: tab });
  await openPage(next);
  expect(await end(next, '/', folder)).toEqual(FLUSHED);
});

test('two applications at different paths of one origin see nothing of each other', async ({ openPerson }) => {
  const { tab } = await openPerson();
  const folder = await begin(tab, '/one/');
  await openPage(tab, '/two/');
  const listAt = (path: string) => tab.evaluate((at) => inPage.list(at), path);
  expect([await listAt('/one/'), await listAt('/two/')]).toEqual([[folder], []]);
});

test('a disk that is full gives the bytes back, and takes them once there is room', async ({ openPerson }) => {
  const { tab } = await openPerson();
  await openPage(tab);
  await setQuota(tab, 10 * 1_048_576);
  const fitted = await tab.evaluate(() => inPage.fill('/'), undefined);
  expect([fitted > 5, fitted < 10]).toEqual([true, true]);
  await setQuota(tab, 100 * 1_048_576);
  await tab.evaluate(() => inPage.goOn('/'), undefined);
});

async function setQuota({ page }: ChromiumTab, quotaSize: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize });
}
