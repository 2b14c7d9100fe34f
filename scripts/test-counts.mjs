import { readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

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
    const broken = report.testResults.filter(
      (/** @type {{ status: string, assertionResults: { status: string }[] }} */ result) =>
        result.status === 'failed' && !result.assertionResults.some(({ status }) => status === 'failed'),
    );
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
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
    const { stats, errors } = JSON.parse(readFileSync(file, 'utf8'));
    return {
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky + errors.length,
      skipped: stats.skipped,
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
  }));
}

/**
 * The last line of a test run.
 *
 * @param {Counts} counts
 */
export function formatCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
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
    console.error(exitCode === 0 ? `${runner} ran no test.` : `${runner} ended with code ${exitCode}.`);
    return { ...counts, failed: 1 };
  } catch (error) {
    console.error(`${runner} left no report (${error instanceof Error ? error.message : error}).`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
