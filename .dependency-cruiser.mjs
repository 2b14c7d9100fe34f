// Imports go one way (ARCHITECTURE.md). scripts/check-imports.test.ts plants one violation per rule and sees each reported.

const NODE_MODULES = '(^|/)node_modules/';
const TEST = '[.]test[.]ts$|(^|/)(test|testing|e2e)/';

/** Folders of one level, of which none may see another. */
const engines = ['signaling', 'rtc', 'verify', 'call', 'transfer'];
const adapters = ['ws', 'http', 'bus', 'tls'];

/**
 * @param {string} name
 * @param {string} comment
 * @param {object} from
 * @param {object} to
 */
const forbid = (name, comment, from, to) => ({ name, comment, severity: /** @type {const} */ ('error'), from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    forbid('no-cycle', 'Two files that import each other are one file in two places.', {}, { circular: true }),
    forbid('no-unresolved', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
    forbid(
      'no-dev-dependency',
      'What runs in production is a dependency.',
      { path: '^(shared|signaling-server|web)/src/', pathNot: TEST },
      // Svelte is compiled into the bundle.
      {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        pathNot: `${NODE_MODULES}svelte/`,
      },
    ),
    forbid(
      'no-test-from-source',
      'Tests see the source, never the other way round.',
      { path: '^(shared|signaling-server|web)/src/', pathNot: TEST },
      { path: TEST, pathNot: NODE_MODULES },
    ),

    forbid(
      'shared-stands-alone',
      'What both ends agree on needs neither of them, and no library but the schemas and the hash.',
      { path: '^shared/src/', pathNot: TEST },
      { pathNot: ['^shared/src/', `${NODE_MODULES}(valibot|@noble/hashes)/`] },
    ),
    forbid('web-not-server', 'Only shared/ is shared.', { path: '^web/' }, { path: '^signaling-server/' }),
    forbid('server-not-web', 'Only shared/ is shared.', { path: '^signaling-server/' }, { path: '^web/' }),

    forbid(
      'web-platform-is-lowest',
      'platform/ has no product words.',
      { path: '^web/src/platform/', pathNot: TEST },
      { pathNot: ['^web/src/platform/', '^shared/src/'] },
    ),
    ...engines.map((engine) =>
      forbid(
        `web-${engine}-alone`,
        'Engines see platform/ and shared/, never each other; session/ joins them.',
        { path: `^web/src/${engine}/` },
        { path: '^web/src/', pathNot: `^web/src/(platform|${engine})/` },
      ),
    ),
    forbid(
      'web-session-below-ui',
      'session/ knows the engines, not the page.',
      { path: '^web/src/session/' },
      { path: '^web/src/', pathNot: `^web/src/(platform|session|${engines.join('|')})/` },
    ),
    forbid(
      'web-ui-sees-session',
      'The page sees session/ only.',
      { path: '^web/src/ui/' },
      { path: '^web/src/', pathNot: '^web/src/(ui|session)/' },
    ),
    forbid(
      'web-main-joins',
      'The entry joins the page and the session.',
      { path: '^web/src/main[.]ts$' },
      { path: '^web/src/', pathNot: '^web/src/(ui|session)/' },
    ),
    forbid(
      'simple-peer-behind-its-port',
      'One file knows simple-peer.',
      { path: '^web/', pathNot: '^web/src/rtc/simple-peer-connection[.]ts$' },
      { path: `${NODE_MODULES}(@types/)?simple-peer/` },
    ),
    forbid(
      'svelte-begins-in-session',
      'The engines run without Svelte.',
      { path: '^web/src/', pathNot: '^web/src/(ui/|main[.]ts$|session/[^/]+[.]svelte([.]test)?[.]ts$)' },
      { path: [`${NODE_MODULES}svelte/`, '[.]svelte$'] },
    ),
    forbid(
      'web-known-folders',
      'A new folder needs a rule of its own here.',
      { path: '^web/src/', pathNot: `^web/src/(main[.]ts$|(platform|session|ui|${engines.join('|')})/)` },
      {},
    ),

    forbid(
      'server-core-is-lowest',
      'core/ runs without sockets, files and the clock.',
      { path: '^signaling-server/src/core/', pathNot: TEST },
      { pathNot: ['^signaling-server/src/core/', '^shared/src/', `${NODE_MODULES}valibot/`] },
    ),
    ...adapters.map((adapter) =>
      forbid(
        `server-${adapter}-alone`,
        'Adapters see core/ and shared/, never each other; server.ts joins them.',
        { path: `^signaling-server/src/${adapter}/` },
        { path: '^signaling-server/src/', pathNot: `^signaling-server/src/(core|${adapter})/` },
      ),
    ),
    forbid(
      'server-known-folders',
      'A new folder needs a rule of its own here.',
      { path: '^signaling-server/src/.+/', pathNot: `^signaling-server/src/(core|${adapters.join('|')})/` },
      {},
    ),
    forbid(
      'server-not-main',
      'Nothing imports the entry.',
      { path: '^signaling-server/' },
      { path: '^signaling-server/src/main[.]ts$' },
    ),
  ],
  options: {
    doNotFollow: { path: NODE_MODULES },
    exclude: { path: '^(shared|signaling-server|web)/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.svelte', '.d.ts'],
    },
  },
};
