// `npm run bench`: the measurements of docs/benchmarks.md; a word after `--` runs the ones whose file name has it.
import './check-node.mjs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { installBrowsers } from './install-browsers.mjs';
import { install } from './install.mjs';
import { root, run } from './run.mjs';

await install();
await build();
const { chromium, firefox } = await installBrowsers();
process.exitCode = await run(
  process.execPath,
  [join(root, 'node_modules', '@playwright', 'test', 'cli.js'), 'test', '-c', 'bench', ...process.argv.slice(2)],
  { env: { ...process.env, CHROMIUM_PATH: chromium, FIREFOX_PATH: firefox } },
);
