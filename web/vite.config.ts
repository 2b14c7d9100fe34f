import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const SIGNALING = 'http://localhost:8080';

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Nothing as a data: URL: the Content-Security-Policy allows 'self' only.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: 'index.html', sw: 'src/service-worker/sw.ts' },
      // A service worker's address stays the same over builds, and it serves what lies beside it.
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/signal': { target: SIGNALING, ws: true },
      '/health': SIGNALING,
    },
  },
});
