import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { downloads, findChromium, findFirefox } from './browsers.mjs';
import { run } from './run.mjs';

// A download that stands still must not stop a test run for ever.
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
const APT_TIMEOUT_MS = 15 * 60_000;

const require = createRequire(import.meta.url);

/** Gives the paths of a Chromium and a Firefox, and installs the one that is missing; throws where that fails. */
export async function installBrowsers() {
  return {
    chromium: await ensure('Chromium or Chrome', 'CHROMIUM_PATH', 'chromium', findChromium, downloadChromium),
    firefox: await ensure('Firefox', 'FIREFOX_PATH', 'firefox-esr', findFirefox, downloadFirefox),
  };
}

/**
 * Installed, else downloaded, else installed as a Debian package.
 *
 * @param {string} name
 * @param {string} env
 * @param {string} debianPackage
 * @param {() => string | undefined} find
 * @param {() => Promise<number>} download
 */
async function ensure(name, env, debianPackage, find, download) {
  const installed = find();
  if (installed !== undefined) return installed;

  console.log(`No ${name} found; downloading one …`);
  await download();
  const downloaded = find();
  if (downloaded !== undefined) return downloaded;

  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    console.log(`The download gave no ${name} that starts; installing the package ${debianPackage} …`);
    await installPackage(debianPackage);
    const packaged = find();
    if (packaged !== undefined) return packaged;
  }
  throw new Error(`The tests need ${name}. Install it, or say in ${env} where it is.`);
}

function downloadChromium() {
  const playwright = join(dirname(require.resolve('@playwright/test/package.json')), 'cli.js');
  return run(process.execPath, [playwright, 'install', '--no-shell', 'chromium'], {
    signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
    env: {
      ...process.env,
      PLAYWRIGHT_BROWSERS_PATH: join(downloads, 'chromium'),
      PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '15000',
    },
  });
}

function downloadFirefox() {
  // The downloader is puppeteer-core's own dependency.
  const browsers = createRequire(require.resolve('puppeteer-core')).resolve('@puppeteer/browsers');
  const args = ['install', 'firefox@esr', '--path', join(downloads, 'firefox')];
  return run(process.execPath, [join(dirname(browsers), 'main-cli.js'), ...args], {
    signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
  });
}

/** @param {string} name */
async function installPackage(name) {
  const options = {
    signal: AbortSignal.timeout(APT_TIMEOUT_MS),
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  await run('apt-get', ['update', '-q'], options);
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], options);
}
