import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Compiles the runes of *.svelte.ts modules; `browser` gives their client version, in Node.
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ['browser'] },
  test: {
    include: [
      'shared/src/**/*.test.ts',
      'signaling-server/{src,test}/**/*.test.ts',
      'engine/src/**/*.test.ts',
      'web/src/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    environment: 'node',
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } }, // a bound for a slow machine: nothing waits for a time
    retry: 0,
  },
});
