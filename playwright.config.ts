import { defineConfig } from '@playwright/test';

const CALLS = '**/call*.spec.ts';

// Tests start their own servers and browsers (e2e/support), so that they can kill them.
export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  // Much of a test is waiting: for a browser to start, a path to be given up, a clock. What is measured is in bench/, one at a time; and a call takes the
  // whole machine: `npm test` runs them before the others.
  workers: 2,
  projects: [
    { name: 'calls', testMatch: CALLS, workers: 1 },
    { name: 'others', testIgnore: CALLS },
  ],
  fullyParallel: false,
  retries: 0,
  timeout: 180_000, // bounds for a slow machine: nothing waits for a time
  expect: { timeout: 10_000 },
  reporter: 'list',
});
