import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { countPlaywright, countVitest, formatCounts, sum } from './test-counts.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tincan-counts-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const vitest = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
const suites: object[] = [];
const stats = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };

test('adds both runners up', () => {
  const unit = countVitest(report({ ...vitest, numPassedTests: 5, numPendingTests: 1, numTodoTests: 1 }), 0);
  const e2e = countPlaywright(report({ suites, stats: { ...stats, expected: 3, unexpected: 2 }, errors: [] }), 1);
  expect(formatCounts(sum(unit, e2e))).toBe('8 passed, 2 failed, 2 skipped');
});

test('names what failed, and why, above the last line', () => {
  const assertionResults = [
    { status: 'passed', fullName: 'subtracts', failureMessages: [] },
    {
      status: 'failed',
      fullName: 'adds',
      failureMessages: ['AssertionError: expected 3 to be 2\n    at add.test.ts:1:1'],
    },
  ];
  const testResults = [
    { name: join(process.cwd(), 'add.test.ts'), status: 'failed', message: '', assertionResults },
    { name: join(process.cwd(), 'load.test.ts'), status: 'failed', message: 'no such module', assertionResults: [] },
  ];
  const unit = countVitest(report({ ...vitest, numFailedTests: 1, testResults }), 1);
  const tests = [{ status: 'unexpected', results: [{ error: { message: '\u001b[31mTimed out\u001b[39m\n  at' } }] }];
  const spec = { title: 'a.spec.ts', suites: [{ title: 'calls', specs: [{ title: 'rings', tests }] }] };
  const e2e = countPlaywright(
    report({ suites: [spec], stats: { ...stats, unexpected: 1 }, errors: [{ message: 'no browser' }] }),
    1,
  );
  expect(formatCounts(sum(unit, e2e)).split('\n')).toEqual([
    'FAILED load.test.ts: no such module',
    'FAILED add.test.ts › adds: AssertionError: expected 3 to be 2',
    'FAILED outside of any test: no browser',
    'FAILED a.spec.ts › calls › rings: Timed out',
    '0 passed, 4 failed',
  ]);
});

test('says nothing of skipped tests where there are none', () => {
  expect(formatCounts({ passed: 1, failed: 0, skipped: 0, failures: [] })).toBe('1 passed, 0 failed');
});

test('a test file that does not load is a failure', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }];
  expect(countVitest(report({ ...vitest, numPassedTests: 5, testResults }), 1).failed).toBe(1);
});

test('a test that passed only at the second try is a failure', () => {
  expect(countPlaywright(report({ suites, stats: { ...stats, flaky: 1 }, errors: [] }), 0).failed).toBe(1);
});

test('a runner that ran nothing, crashed, or left no report is a failure', () => {
  expect(countVitest(report(vitest), 0).failed).toBe(1);
  expect(countVitest(report({ ...vitest, numPassedTests: 5 }), 1)).toEqual({
    passed: 5,
    failed: 1,
    skipped: 0,
    failures: ['vitest ended with code 1.'],
  });
  expect(countPlaywright(join(folder, 'nowhere.json'), 0).failed).toBe(1);
  expect(formatCounts(countVitest(report(vitest), 0))).toBe('FAILED vitest ran no test.\n0 passed, 1 failed');
});

function report(content: object): string {
  const file = join(folder, `${Math.random()}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}
