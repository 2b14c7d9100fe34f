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
const stats = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };

test('adds both runners up', () => {
  const unit = countVitest(report({ ...vitest, numPassedTests: 5, numPendingTests: 1, numTodoTests: 1 }), 0);
  const e2e = countPlaywright(report({ stats: { ...stats, expected: 3, unexpected: 2 }, errors: [] }), 1);
  expect(formatCounts(sum(unit, e2e))).toBe('8 passed, 2 failed, 2 skipped');
});

test('says nothing of skipped tests where there are none', () => {
  expect(formatCounts({ passed: 1, failed: 0, skipped: 0 })).toBe('1 passed, 0 failed');
});

test('a test file that does not load is a failure', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }];
  expect(countVitest(report({ ...vitest, numPassedTests: 5, testResults }), 1).failed).toBe(1);
});

test('a test that passed only at the second try is a failure', () => {
  expect(countPlaywright(report({ stats: { ...stats, flaky: 1 }, errors: [] }), 0).failed).toBe(1);
});

test('a runner that ran nothing, crashed, or left no report is a failure', () => {
  expect(countVitest(report(vitest), 0).failed).toBe(1);
  expect(countVitest(report({ ...vitest, numPassedTests: 5 }), 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
  expect(countPlaywright(join(folder, 'nowhere.json'), 0).failed).toBe(1);
});

function report(content: object): string {
  const file = join(folder, `${Math.random()}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}
