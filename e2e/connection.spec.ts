// What simple-peer and two browsers make of the Connection port: the same contract that its fakes keep in Node.
import { join } from 'node:path';
import type { Page as FirefoxPage } from 'puppeteer-core';
import { build, type Rollup } from 'vite';
import { root } from '../scripts/run.mjs';
import type { FirefoxTab } from './support/firefox-tab.ts';
import { expect, test } from './support/test.ts';

/** The page's part as one script that sets `inPage`. */
async function bundle(): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: { entry: join(root, 'engine/src/rtc/testing/in-page.ts'), formats: ['iife'], name: 'inPage' },
    },
  })) as Rollup.RollupOutput[];
  return built[0]!.output[0].code;
}

/** Runs every case in the page and gives what was not kept. */
async function runContract(
  evaluate: (script: string) => Promise<unknown>,
): Promise<{ cases: number; broken: string[] }> {
  // Without the bundle's value, which would have to be carried over.
  const names = (await evaluate(`${await bundle()}; globalThis.inPage = inPage; inPage.cases`)) as string[];
  const broken: string[] = [];
  for (const [index, name] of names.entries()) {
    const outcome = await evaluate(`inPage.runCase(${index}).then(() => '', (error) => String(error))`);
    if (outcome !== '') broken.push(`${name}: ${String(outcome)}`);
  }
  return { cases: names.length, broken };
}

test('the contract of a connection holds in Chromium', async ({ server, openPerson }) => {
  const alice = await openPerson();
  await alice.tab.open(`${server.url}/health`);
  const { cases, broken } = await runContract((script) => alice.tab.page.evaluate(script));
  expect([cases > 7, broken]).toEqual([true, []]);
});

test('the contract of a connection holds in Firefox', async ({ server, openFirefox }) => {
  const { tab } = await openFirefox();
  await tab.open(`${server.url}/health`);
  const page: FirefoxPage = (tab as FirefoxTab).page;
  const { cases, broken } = await runContract((script) => page.evaluate(script));
  expect([cases > 7, broken]).toEqual([true, []]);
});
