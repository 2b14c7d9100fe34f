import { defineConfig } from '@playwright/test';

// Long transfers under faults: they print figures, take hours at full size, and are no part of `npm test`.
export default defineConfig({
  testDir: '.',
  testMatch: '*.soak.ts',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 4 * 3_600_000,
  reporter: 'line',
});
