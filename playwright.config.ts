import { defineConfig } from '@playwright/test';

// Tests start their own servers and browsers (e2e/support), so that they can kill them.
export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  // One transfer fills the machine: two at a time would only measure each other.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 180_000, // bounds for a slow machine: nothing waits for a time
  expect: { timeout: 10_000 },
  reporter: 'list',
});
