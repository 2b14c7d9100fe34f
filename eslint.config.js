import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import ts from 'typescript-eslint';

/**
 * @param {string} where
 * @returns {Partial<import('eslint').Linter.RulesRecord>}
 */
const noProcess = (where) => ({
  'no-restricted-globals': ['error', { name: 'process', message: where }],
  'no-restricted-imports': ['error', { paths: ['process', 'node:process'].map((name) => ({ name, message: where })) }],
});

/**
 * @param {string[]} names
 * @returns {['error', ...{ name: string, message: string }[]]}
 */
const noGlobals = (...names) => [
  'error',
  ...names.map((name) => ({ name, message: 'shared/ runs everywhere alike.' })),
];

export default defineConfig(
  globalIgnores(['**/dist/', '.tincan/', 'test-results/', 'playwright-report/']),
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', 400],
      // Control characters are what names are cleaned of.
      'no-control-regex': 'off',
    },
  },

  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [ts.configs.strict, ts.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // TypeScript knows the names.
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // An implementation of an asynchronous port may be synchronous.
      '@typescript-eslint/require-await': 'off',
      // An empty class is the shortest fake of a global.
      '@typescript-eslint/no-extraneous-class': ['error', { allowEmpty: true }],
      // With noUncheckedIndexedAccess, `!` is how an index says that it is within its array.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `SessionId | 'me'` says more than `string`.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    extends: [svelte.configs.recommended],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },

  {
    // ESLint sees a component that is imported into another as `any`; svelte-check knows better.
    files: ['**/*.svelte'],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return'].map((what) => [
        `@typescript-eslint/no-unsafe-${what}`,
        'off',
      ]),
    ),
  },

  // Scripts that drive a browser hold functions that run in its page.
  { files: ['scripts/**/*.mjs', '*.{js,mjs}'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  { files: ['web/public/*.js'], languageOptions: { globals: globals.browser } },
  {
    // A fixture that needs no other is `async ({}, use) =>`.
    files: ['{e2e,bench}/**/*.ts'],
    rules: { 'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }] },
  },
  {
    files: ['shared/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': noGlobals(
        ...['self', 'window', 'document', 'navigator', 'location', 'localStorage', 'indexedDB', 'caches'],
        ...['process', 'Buffer', 'global', 'require', 'fetch', 'WebSocket', 'RTCPeerConnection'],
      ),
    },
  },
  {
    files: ['signaling-server/src/**/*.ts'],
    ignores: ['signaling-server/src/main.ts', '**/*.test.ts'],
    rules: noProcess('Only main.ts reads the process; take what you need as an option.'),
  },
  {
    files: ['{engine,web}/src/**/*.{ts,svelte}'],
    ignores: ['engine/src/node/**', '**/*.test.ts', '**/testing/**'],
    rules: noProcess('There is no process in a browser.'),
  },
  {
    // Type imports in components leave no trace for the import check.
    files: ['web/src/ui/**/*.svelte'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '@tincan/engine/|/storage/', message: 'ui/ sees session/ only.' }],
        },
      ],
    },
  },
);
