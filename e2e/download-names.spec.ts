// What browsers make of the names of downloads: real ones, as they lie in the folder then.
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@playwright/test';
import { launch, type LaunchOptions, type Page } from 'puppeteer-core';
import { cleanPath, downloadName } from '../engine/src/transfer/names.ts';
import { findChromium, findFirefox } from '../scripts/browsers.mjs';
import { until } from './support/until.ts';

const PATHS = [
  'plain.txt',
  'no ending',
  'a (2).tar.gz',
  '.gitignore',
  '..a',
  '~a~',
  'a~b',
  '100 %.txt',
  'a%20b',
  '👨‍👩‍👧‍👦.txt',
  'می\u200cخواهم.txt',
  '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}.png',
  'a\u200fb\u00adc\u0600.txt',
  ' a.txt',
  'a  b\u00a0\u2003c .txt',
  '全角\u3000\u3000空白.txt\u3000',
  'Mr. Smith, a letter',
  'e\u0301.txt',
  'é.txt',
  'a.lnk',
  'a.local',
  'a.url',
  'a.desktop',
  'con.txt',
  `${'x'.repeat(251)}.txt`,
  '가'.repeat(85),
].map(cleanPath);

/** Chromium drops what one page downloads beyond this many in a second. */
const MAX_BURST = 10;

/** How a browser is started that puts its downloads into this folder without a question. */
type Start = (downloads: string, profile: string) => Promise<LaunchOptions>;

const startChromium: Start = async (downloads, userDataDir) => {
  const preferences = {
    download: { default_directory: downloads, prompt_for_download: false },
    safebrowsing: { enabled: false },
  };
  await mkdir(join(userDataDir, 'Default'));
  await writeFile(join(userDataDir, 'Default', 'Preferences'), JSON.stringify(preferences));
  return { executablePath: findChromium()!, userDataDir, args: ['--no-sandbox', '--disable-gpu'] };
};

const startFirefox: Start = async (downloads) => ({
  browser: 'firefox',
  executablePath: findFirefox()!,
  extraPrefsFirefox: {
    'browser.download.folderList': 2,
    'browser.download.dir': downloads,
    'browser.download.always_ask_before_handling_new_types': false,
  },
});

/** Downloads a file of one byte under each of these names, by clicks, and waits until that is what lies in the folder, and nothing else. */
async function expectDownloads(page: Page, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await page.evaluate((given) => {
      const link = document.querySelector('a')!;
      link.href = URL.createObjectURL(new Blob(['x'], { type: 'application/octet-stream' }));
      link.download = given;
    }, name);
    await page.click('a');
  }
  const expected = [...names].sort();
  await until(
    `downloads called ${JSON.stringify(expected)}`,
    () => readdir(folder),
    (found) => JSON.stringify(found.sort()) === JSON.stringify(expected),
  );
  await until(
    'a byte in each',
    () => Promise.all(names.map(async (name) => (await stat(join(folder, name))).size)),
    (sizes) => sizes.every((bytes) => bytes === 1),
  );
  for (const name of names) await rm(join(folder, name));
}

for (const [name, start] of Object.entries({ Chromium: startChromium, Firefox: startFirefox })) {
  test(`${name} puts a download under the very name that was chosen for it`, async () => {
    const [folder, profile] = [
      await mkdtemp(join(tmpdir(), 'tincan-names-')),
      await mkdtemp(join(tmpdir(), 'tincan-')),
    ];
    const server = createServer((_, response) => void response.end('<!doctype html><a>download</a>')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const browser = await launch({ headless: true, ...(await start(folder, profile)) });
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const [page] = await browser.pages();
      for (let first = 0; first < PATHS.length; first += MAX_BURST) {
        await page!.goto(url);
        await expectDownloads(page!, folder, PATHS.slice(first, first + MAX_BURST).map(downloadName));
      }
    } finally {
      await browser.close();
      server.close();
      await Promise.all([folder, profile].map((each) => rm(each, { recursive: true, force: true })));
    }
  });
}
