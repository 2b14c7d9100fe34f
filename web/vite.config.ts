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
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/signal': { target: SIGNALING, ws: true },
      '/health': SIGNALING,
    },
  },
});
