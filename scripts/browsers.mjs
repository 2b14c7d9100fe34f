import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './run.mjs';

/** Where `npm test` puts a browser that it had to download. */
export const downloads = join(root, '.tincan', 'browsers');

/**
 * Where browsers are looked for: an environment variable, names on the PATH, usual places, downloads of ours.
 *
 * @typedef {{ env: string, names: readonly string[], places: readonly string[], files: readonly string[] }} Hunt
 */

const windowsFolders = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => process.env[name] ?? []);

/** @type {Hunt} */
const chromium = {
  env: 'CHROMIUM_PATH',
  names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'],
  places: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ...windowsFolders.flatMap((folder) => [
      join(folder, 'Chromium', 'Application', 'chrome.exe'),
      join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
    ]),
  ],
  files: ['chrome', 'chrome.exe', 'Google Chrome for Testing', 'Chromium'],
};

/** @type {Hunt} */
const firefox = {
  env: 'FIREFOX_PATH',
  names: ['firefox', 'firefox-esr'],
  places: [
    '/Applications/Firefox.app/Contents/MacOS/firefox',
    ...windowsFolders.map((folder) => join(folder, 'Mozilla Firefox', 'firefox.exe')),
  ],
  files: ['firefox', 'firefox.exe'],
};

/** The path of a Chromium or Chrome that starts; CHROMIUM_PATH goes first. */
export function findChromium() {
  return find(chromium, 'chromium');
}

/** The path of a Firefox that starts; FIREFOX_PATH goes first. */
export function findFirefox() {
  return find(firefox, 'firefox');
}

/**
 * @param {Hunt} hunt
 * @param {string} folder
 */
function find({ env, names, places, files }, folder) {
  const stated = process.env[env];
  if (stated !== undefined && stated !== '') {
    if (starts(stated)) return stated;
    throw new Error(`${env} is ${stated}, and that does not start.`);
  }
  return [
    ...onPath(names),
    ...places.filter((place) => existsSync(place)),
    ...filesBelow(join(downloads, folder), files),
  ].find(starts);
}

/** @param {readonly string[]} names */
function onPath(names) {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name + suffix)))
    .filter((path) => existsSync(path));
}

/**
 * @param {string} folder
 * @param {readonly string[]} names
 */
function filesBelow(folder, names) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && names.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * Whether the file is a browser that runs here: a download may lack the system's libraries.
 *
 * @param {string} path
 */
function starts(path) {
  if (process.platform === 'win32') return existsSync(path); // there, --version opens a window
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}
