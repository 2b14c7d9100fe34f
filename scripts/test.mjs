// `npm test`: sets itself up, runs every test, and ends with one line: `N passed, N failed`.
import './check-node.mjs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { installBrowsers } from './install-browsers.mjs';
import { install } from './install.mjs';
import { root, run } from './run.mjs';
import { countPlaywright, countVitest, formatCounts, sum } from './test-counts.mjs';

const reports = mkdtempSync(join(tmpdir(), 'tincan-test-'));
const counts = await runAll().catch((/** @type {unknown} */ error) => {
  return { passed: 0, failed: 1, skipped: 0, failures: [error instanceof Error ? error.message : String(error)] };
});
rmSync(reports, { recursive: true });
console.log(formatCounts(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;

async function runAll() {
  await install();
  await build();
  const browsers = await installBrowsers();
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, CHROMIUM_PATH: browsers.chromium, FIREFOX_PATH: browsers.firefox, NODE_ENV: 'test' };

  console.log('\nUnit and integration tests');
  const vitestReport = join(reports, 'vitest.json');
  const vitestCode = await run(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      ...['run', '--allowOnly=false', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`],
    ],
    { env },
  );

  const playwright = join(root, 'node_modules', '@playwright', 'test', 'cli.js');
  const counts = [countVitest(vitestReport, vitestCode)];
  for (const project of ['calls', 'others']) {
    console.log(`\nEnd to end: ${project}`);
    const report = join(reports, `${project}.json`);
    const code = await run(
      process.execPath,
      [playwright, 'test', `--project=${project}`, '--forbid-only', '--reporter=list,json'],
      { env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: report } },
    );
    counts.push(countPlaywright(report, code));
  }
  return sum(...counts);
}
