import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** @typedef {{ passed: number, failed: number, skipped: number, failures: string[] }} Counts What failed has its name and the first line of why. */
/** @typedef {{ status: string, fullName: string, failureMessages: string[] }} VitestTest */
/** @typedef {{ name: string, status: string, message: string, assertionResults: VitestTest[] }} VitestFile */
/** @typedef {{ status: string, results: { error?: { message?: string } }[] }} PlaywrightTest */
/** @typedef {{ title: string, suites?: PlaywrightSuite[], specs?: { title: string, tests: PlaywrightTest[] }[] }} PlaywrightSuite */

/**
 * Reads vitest's JSON report; a test file that does not load is one failure.
 *
 * @param {string} file
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countVitest(file, exitCode) {
  return honest('vitest', exitCode, () => {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    /** @type {VitestFile[]} */
    const files = report.testResults;
    const hasFailed = (/** @type {{ status: string }} */ { status }) => status === 'failed';
    const broken = files.filter((result) => hasFailed(result) && !result.assertionResults.some(hasFailed));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
      failures: [
        ...broken.map(({ name, message }) => failure([name], message)),
        ...files.flatMap(({ name, assertionResults }) =>
          assertionResults.filter(hasFailed).map((test) => failure([name, test.fullName], test.failureMessages[0])),
        ),
      ],
    };
  });
}

/**
 * Reads Playwright's JSON report; an error outside of any test is one failure, and so is a flaky test.
 *
 * @param {string} file
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countPlaywright(file, exitCode) {
  return honest('Playwright', exitCode, () => {
    const { suites, stats, errors } = JSON.parse(readFileSync(file, 'utf8'));
    return {
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky + errors.length,
      skipped: stats.skipped,
      failures: [
        ...errors.map((/** @type {{ message?: string }} */ { message }) => failure(['outside of any test'], message)),
        ...suites.flatMap((/** @type {PlaywrightSuite} */ suite) => failuresOf(suite)),
      ],
    };
  });
}

/**
 * Adds the runners' counts up.
 *
 * @param {Counts[]} all
 * @returns {Counts}
 */
export function sum(...all) {
  return all.reduce((total, counts) => ({
    passed: total.passed + counts.passed,
    failed: total.failed + counts.failed,
    skipped: total.skipped + counts.skipped,
    failures: [...total.failures, ...counts.failures],
  }));
}

/**
 * The end of a test run: what failed, a line each, since a run is longer than what a log keeps; then the counts, on the last line.
 *
 * @param {Counts} counts
 */
export function formatCounts({ passed, failed, skipped, failures }) {
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return [...failures.map((each) => `FAILED ${each}`), line].join('\n');
}

/**
 * @param {PlaywrightSuite} suite
 * @returns {string[]}
 */
function failuresOf({ title, suites = [], specs = [] }) {
  const own = specs.flatMap((spec) =>
    spec.tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => failure([spec.title], results.find(({ error }) => error)?.error?.message)),
  );
  return [...own, ...suites.flatMap(failuresOf)].map((each) => `${title} › ${each}`);
}

/**
 * @param {string[]} names
 * @param {string} message
 */
function failure(names, message = '') {
  const [first = ''] = stripVTControlCharacters(message).trim().split('\n');
  return `${names.map((name) => (isAbsolute(name) ? relative(process.cwd(), name) : name)).join(' › ')}: ${first}`;
}

/**
 * A runner that crashed, reported nothing, or ran nothing counts as one failure: it must never look green.
 *
 * @param {string} runner
 * @param {number} exitCode
 * @param {() => Counts} read
 * @returns {Counts}
 */
function honest(runner, exitCode, read) {
  try {
    const counts = read();
    if (counts.failed > 0) return counts;
    if (exitCode === 0 && counts.passed > 0) return counts;
    const why = exitCode === 0 ? `${runner} ran no test.` : `${runner} ended with code ${exitCode}.`;
    return { ...counts, failed: 1, failures: [why] };
  } catch (error) {
    const why = `${runner} left no report (${error instanceof Error ? error.message : error}).`;
    return { passed: 0, failed: 1, skipped: 0, failures: [why] };
  }
}
