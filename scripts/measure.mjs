import './check-node.mjs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { installBrowsers } from './install-browsers.mjs';
import { install } from './install.mjs';
import { root, run } from './run.mjs';

/**
 * Sets itself up and runs the measurements that a configuration of Playwright lists; words after `--` choose among their files.
 *
 * @param {string} config
 */
export async function measure(config) {
  await install();
  await build();
  const { chromium, firefox } = await installBrowsers();
  process.exitCode = await run(
    process.execPath,
    [join(root, 'node_modules', '@playwright', 'test', 'cli.js'), 'test', '-c', config, ...process.argv.slice(2)],
    { env: { ...process.env, CHROMIUM_PATH: chromium, FIREFOX_PATH: firefox } },
  );
}
