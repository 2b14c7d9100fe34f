import { defineConfig } from '@playwright/test';

// Tests start their own servers and browsers (e2e/support), so that they can kill them.
export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  // Much of a test is waiting: for a browser to start, a path to be given up, a clock. What is measured is in bench/, one at a time.
  workers: 2,
  fullyParallel: false,
  retries: 0,
  timeout: 180_000, // bounds for a slow machine: nothing waits for a time
  expect: { timeout: 10_000 },
  reporter: 'list',
});
