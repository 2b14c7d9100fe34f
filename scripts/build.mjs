import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, root } from './run.mjs';

const SKIPPED = /^(node_modules|dist|test|testing|.*\.test\.ts)$/;

/** Each workspace that is built: what its build reads, and the file that shows that there is one. */
const BUILDS = [
  {
    workspace: 'web',
    inputs: ['shared', 'engine', 'web', 'package-lock.json', 'tsconfig.base.json'],
    output: 'index.html',
  },
  {
    workspace: 'signaling-server',
    inputs: ['shared', 'signaling-server', 'package-lock.json', 'tsconfig.base.json'],
    output: 'main.js',
  },
];

/** Builds the workspaces whose sources are not those of the existing build. */
export async function build() {
  for (const { workspace, inputs, output } of BUILDS) {
    const dist = join(root, workspace, 'dist');
    const stamp = join(dist, '.sources');
    const sources = hashOf(inputs);
    if (existsSync(join(dist, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) continue;

    console.log(`Building ${workspace} …`);
    const args = ['run', 'build', '--workspace', workspace, '--silent', '--', '--logLevel', 'warn'];
    const code = await npm(args, { ...process.env, NODE_ENV: 'production' });
    if (code !== 0) throw new Error(`The build of ${workspace} failed; its message is above.`);
    writeFileSync(stamp, sources);
  }
}

/** @param {readonly string[]} inputs */
function hashOf(inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) addTo(hash, input);
  return hash.digest('hex');
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} path
 */
function addTo(hash, path) {
  if (statSync(join(root, path)).isDirectory()) {
    for (const entry of readdirSync(join(root, path)).sort()) if (!SKIPPED.test(entry)) addTo(hash, `${path}/${entry}`);
    return;
  }
  const bytes = readFileSync(join(root, path));
  hash.update(`${path}\0${bytes.length}\0`).update(bytes);
}
