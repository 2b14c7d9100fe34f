import './check-node.mjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { npm, root } from './run.mjs';

/** Installs the dependencies where something that the lock file names is missing or another version. */
export async function install() {
  if (isInstalled()) return;
  console.log('Installing dependencies (this happens once) …');
  // With NODE_ENV=production npm would leave out what the build needs.
  const code = await npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) throw new Error('npm could not install the dependencies; its message is above.');
}

/** npm notes what it has installed in node_modules/.package-lock.json, as the very last step. */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages(join('node_modules', '.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    if (!path.includes('node_modules/')) return true;
    // Optional packages are mostly the other systems' binaries.
    if (!found) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined; // not there, or half written: installing mends both
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await install().catch((/** @type {Error} */ error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
