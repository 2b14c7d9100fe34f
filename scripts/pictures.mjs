// `npm run pictures`: takes the pictures of the README from the running product, in two real browsers.
import './check-node.mjs';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { build } from './build.mjs';
import { installBrowsers } from './install-browsers.mjs';
import { install } from './install.mjs';
import { root } from './run.mjs';

await install();
await build();
const { chromium: executablePath } = await installBrowsers();
const profiles = mkdtempSync(join(tmpdir(), 'tincan-pictures-'));
const pictures = join(root, 'docs', 'pictures');
mkdirSync(pictures, { recursive: true });

const server = spawn(process.execPath, [join(root, 'signaling-server', 'dist', 'main.js')], {
  env: { ...process.env, PORT: '0', HTTPS_PORT: 'off', ICE_SERVERS: '[]' },
  stdio: ['ignore', 'pipe', 'ignore'],
});
const url = await new Promise((resolve) => {
  createInterface(server.stdout).on('line', (line) => {
    const found = /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (found !== undefined) resolve(found);
  });
});

/** @param {string} name @param {import('@playwright/test').BrowserContextOptions} options */
async function openPerson(name, options) {
  const context = await chromium.launchPersistentContext(join(profiles, name), {
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-features=WebRtcHideLocalIpsWithMdns'],
    ...options,
  });
  await context.addInitScript((given) => localStorage.setItem('tincan.name', given), name);
  const page = context.pages()[0] ?? (await context.newPage());
  return { context, page, see: (/** @type {string} */ id) => page.getByTestId(id) };
}

const alice = await openPerson('Alice', { viewport: { width: 1120, height: 700 }, colorScheme: 'light' });
const bob = await openPerson('Bob', {
  viewport: { width: 390, height: 780 },
  colorScheme: 'dark',
  deviceScaleFactor: 2,
});
await alice.page.goto(url);
await alice.page.screenshot({ path: join(pictures, 'home.png') });
await alice.see('start-room').click();
await alice.see('share-qr').waitFor();
await alice.page.screenshot({ path: join(pictures, 'invite.png') });
await bob.page.goto(await alice.see('share-link').inputValue());
await bob.page.locator('[data-testid="peer"][data-state="connected"]').waitFor();

const file = (/** @type {string} */ name, /** @type {number} */ bytes) => ({
  name,
  mimeType: '',
  buffer: Buffer.alloc(bytes, name),
});
await bob.see('file-input').setInputFiles([file('Recipe.pdf', 412_000)]);
await alice.see('accept').click();
await alice
  .see('file-input')
  .setInputFiles([file('Ferry timetable.pdf', 83_000), file('Island, day 2.jpg', 4_300_000)]);
await bob.see('accept').click();
await alice.page.locator('[data-testid="transfer-list"][data-done="3"]').waitFor();
await bob.see('chat-input').fill('The photo is lovely!');
await bob.see('chat-send').click();
await alice.see('chat-message').waitFor();
await alice.see('file-input').setInputFiles([file('The whole film.mov', 45_000_000)]);
await bob.see('accept').click();
await bob.page.waitForFunction(() => {
  const running = document.querySelector('[data-testid="transfer"][data-state="active"]');
  return Number(running?.getAttribute('data-bytes')) > 10_000_000;
});
await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => scrollTo(0, 0))));
await Promise.all([
  alice.page.screenshot({ path: join(pictures, 'room.png') }),
  bob.page.screenshot({ path: join(pictures, 'phone.png') }),
]);

await Promise.all([alice.context.close(), bob.context.close()]);
server.kill();
rmSync(profiles, { recursive: true });
