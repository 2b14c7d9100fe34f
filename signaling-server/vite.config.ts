import { defineConfig } from 'vite';

// One file for Node. What is shared with the browser is bundled in; the packages of package.json stay packages.
export default defineConfig({
  build: {
    ssr: 'src/main.ts',
    target: 'node20',
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: 'main.js' } },
  },
  ssr: { noExternal: [/^@tincan\//, 'valibot'] },
});
