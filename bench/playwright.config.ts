import { defineConfig } from '@playwright/test';

// Measurements, not tests: they print figures, take minutes, and are no part of `npm test`.
export default defineConfig({
  testDir: '.',
  testMatch: '*.bench.ts',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 30 * 60_000,
  reporter: 'line',
});
