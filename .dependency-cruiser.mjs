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
      'What runs in production is a dependency. A program that loads what needs Node brings the libraries for that itself.',
      { path: '^(shared|engine|signaling-server|web)/src/', pathNot: [TEST, '^engine/src/node/'] },
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
      { path: '^(shared|engine|signaling-server|web)/src/', pathNot: TEST },
      { path: TEST, pathNot: NODE_MODULES },
    ),

    forbid(
      'shared-stands-alone',
      'What both ends agree on needs neither of them, and no library but the schemas and the hash.',
      { path: '^shared/src/', pathNot: TEST },
      { pathNot: ['^shared/src/', `${NODE_MODULES}(valibot|@noble/hashes)/`] },
    ),
    forbid(
      'engine-stands-alone',
      'A peer runs in a page, a worker, a program or a test: it sees neither of them.',
      { path: '^engine/' },
      { path: '^(web|signaling-server)/' },
    ),
    forbid(
      'web-not-server',
      'The page shares engine/ and shared/ with others, nothing else.',
      { path: '^web/' },
      { path: '^signaling-server/' },
    ),
    forbid('server-not-peer', 'The server is no peer.', { path: '^signaling-server/' }, { path: '^(engine|web)/' }),

    forbid(
      'engine-platform-is-lowest',
      'platform/ has no product words.',
      { path: '^engine/src/platform/', pathNot: TEST },
      { pathNot: ['^engine/src/platform/', '^shared/src/'] },
    ),
    ...engines.map((engine) =>
      forbid(
        `engine-${engine}-alone`,
        'Engines see platform/ and shared/, never each other; room/ joins them. Tests may play a peer of Node.',
        { path: `^engine/src/${engine}/` },
        { path: '^engine/src/', pathNot: `^engine/src/(platform|node|${engine})/` },
      ),
    ),
    forbid(
      'engine-known-folders',
      'A new folder needs a rule of its own here.',
      { path: '^engine/src/', pathNot: `^engine/src/(platform|room|node|${engines.join('|')})/` },
      {},
    ),
    forbid(
      'engine-node-apart',
      'What needs Node is loaded by programs and tests only, never by the page.',
      { path: '^(engine|web)/src/', pathNot: [TEST, '^engine/src/node/'] },
      { path: ['^engine/src/node/', `${NODE_MODULES}(node-datachannel|selfsigned)/`] },
    ),
    forbid(
      'engine-without-svelte',
      'The engines run without Svelte.',
      { path: '^engine/' },
      { path: [`${NODE_MODULES}svelte/`, '[.]svelte$'] },
    ),
    forbid(
      'simple-peer-behind-its-port',
      'One file knows simple-peer.',
      { path: '^(engine|web)/', pathNot: '^engine/src/rtc/simple-peer-connection[.]ts$' },
      { path: `${NODE_MODULES}(@types/)?simple-peer/` },
    ),

    forbid(
      'web-storage-below-session',
      "storage/ keeps what the engine's ports ask for, and knows no page.",
      { path: '^web/src/storage/' },
      { path: '^web/src/', pathNot: '^web/src/storage/' },
    ),
    forbid(
      'web-session-below-ui',
      'session/ knows the engine and the storage, not the page.',
      { path: '^web/src/session/' },
      { path: '^web/src/', pathNot: '^web/src/(storage|session)/' },
    ),
    forbid(
      'web-ui-sees-session',
      'The page sees session/ only.',
      { path: '^web/src/ui/' },
      { path: '^(web|engine)/src/', pathNot: '^web/src/(ui|session)/' },
    ),
    forbid(
      'web-main-joins',
      'The entry joins the page and the session.',
      { path: '^web/src/main[.]ts$' },
      { path: '^(web|engine)/src/', pathNot: '^web/src/(ui|session)/' },
    ),
    forbid(
      'svelte-begins-in-session',
      'The storage runs without Svelte, and of the session only what is named for it.',
      { path: '^web/src/', pathNot: '^web/src/(ui/|main[.]ts$|session/[^/]+[.]svelte([.]test)?[.]ts$)' },
      { path: [`${NODE_MODULES}svelte/`, '[.]svelte$'] },
    ),
    forbid(
      'web-service-worker-alone',
      'The service worker is one classic script: it imports nothing.',
      { path: '^web/src/service-worker/' },
      {},
    ),
    forbid(
      'web-known-folders',
      'A new folder needs a rule of its own here.',
      { path: '^web/src/', pathNot: '^web/src/(main[.]ts$|(storage|session|ui|service-worker)/)' },
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
    exclude: { path: '^(shared|engine|signaling-server|web)/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.svelte', '.d.ts'],
    },
  },
};
