// Every import rule has been seen to fail: a small tree holds one violation per rule, and each is reported, no more.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import config from '../.dependency-cruiser.mjs';
import { root } from './run.mjs';

interface Planted {
  rule: string;
  file: string;
  source: string;
}

const planted: Planted[] = [
  { rule: 'no-cycle', file: 'shared/src/loop.ts', source: `export * from './loop.ts';` },
  { rule: 'no-unresolved', file: 'web/src/ui/lost.ts', source: `import './nowhere.ts';` },
  { rule: 'no-dev-dependency', file: 'signaling-server/src/http/dev.ts', source: `import 'a-tool';` },
  { rule: 'no-test-from-source', file: 'engine/src/rtc/tested.ts', source: `import './link.test.ts';` },
  { rule: 'shared-stands-alone', file: 'shared/src/clock.ts', source: `import 'node:timers';` },
  {
    rule: 'engine-stands-alone',
    file: 'engine/src/room/page.ts',
    source: `import '../../../web/src/session/views.ts';`,
  },
  { rule: 'web-not-server', file: 'web/vite.config.ts', source: `import '../signaling-server/src/core/hub.ts';` },
  { rule: 'server-not-peer', file: 'signaling-server/src/server.ts', source: `import '@tincan/engine/platform/log';` },
  { rule: 'engine-platform-is-lowest', file: 'engine/src/platform/bad.ts', source: `import '../room/room.ts';` },
  { rule: 'engine-signaling-alone', file: 'engine/src/signaling/bad.ts', source: `import '../rtc/link.ts';` },
  { rule: 'engine-rtc-alone', file: 'engine/src/rtc/bad.ts', source: `import '../transfer/sender.ts';` },
  {
    rule: 'engine-verify-alone',
    file: 'engine/src/verify/bad.ts',
    source: `import type {} from '../signaling/client.ts';`,
  },
  { rule: 'engine-call-alone', file: 'engine/src/call/bad.ts', source: `import '../rtc/link.ts';` },
  { rule: 'engine-transfer-alone', file: 'engine/src/transfer/bad.ts', source: `import '../rtc/link.ts';` },
  { rule: 'engine-known-folders', file: 'engine/src/stuff/bad.ts', source: `import '../platform/log.ts';` },
  { rule: 'engine-node-apart', file: 'engine/src/room/program.ts', source: `import '../node/identity.ts';` },
  { rule: 'engine-without-svelte', file: 'engine/src/call/store.ts', source: `import 'svelte';` },
  { rule: 'simple-peer-behind-its-port', file: 'engine/src/rtc/second.ts', source: `import 'simple-peer';` },
  { rule: 'web-storage-below-session', file: 'web/src/storage/bad.ts', source: `import '../session/views.ts';` },
  { rule: 'web-session-below-ui', file: 'web/src/session/bad.ts', source: `import '../ui/format.ts';` },
  {
    rule: 'web-ui-sees-session',
    file: 'web/src/ui/Bad.svelte',
    source: script(`import { link } from '@tincan/engine/rtc/link';`),
  },
  { rule: 'web-main-joins', file: 'web/src/main.ts', source: `import '@tincan/engine/transfer/sender';` },
  { rule: 'svelte-begins-in-session', file: 'web/src/storage/store.ts', source: `import 'svelte';` },
  { rule: 'web-service-worker-alone', file: 'web/src/service-worker/bad.ts', source: `import '../session/views.ts';` },
  { rule: 'web-known-folders', file: 'web/src/stuff/bad.ts', source: `import '../session/views.ts';` },
  { rule: 'server-core-is-lowest', file: 'signaling-server/src/core/bad.ts', source: `import 'ws';` },
  { rule: 'server-ws-alone', file: 'signaling-server/src/ws/bad.ts', source: `import '../http/files.ts';` },
  { rule: 'server-http-alone', file: 'signaling-server/src/http/bad.ts', source: `import '../ws/socket.ts';` },
  { rule: 'server-bus-alone', file: 'signaling-server/src/bus/bad.ts', source: `import '../http/files.ts';` },
  { rule: 'server-tls-alone', file: 'signaling-server/src/tls/bad.ts', source: `import '../ws/socket.ts';` },
  { rule: 'server-known-folders', file: 'signaling-server/src/stuff/bad.ts', source: `import '../core/hub.ts';` },
  { rule: 'server-not-main', file: 'signaling-server/src/again.ts', source: `import './main.ts';` },
];

/** What the rules allow; none of it may be reported. */
const sound: Record<string, string> = {
  'shared/src/limits.ts': `import 'valibot'; export const limit = 1;`,
  'engine/src/platform/log.ts': `import '@tincan/shared/limits';`,
  'engine/src/signaling/client.ts': `import '../platform/log.ts'; import '@tincan/shared/limits';`,
  'engine/src/rtc/link.ts': `import './simple-peer-connection.ts'; export const link = 1;`,
  'engine/src/rtc/link.test.ts': `import './link.ts'; import '../node/identity.ts'; import 'a-tool';`,
  'engine/src/rtc/simple-peer-connection.ts': `import 'simple-peer';`,
  'engine/src/transfer/sender.ts': `import '../platform/log.ts';`,
  'engine/src/room/room.ts': `import '../rtc/link.ts'; import '../transfer/sender.ts';`,
  'engine/src/node/identity.ts': `import 'node:fs'; import 'a-tool'; import '../rtc/link.ts';`,
  'web/src/storage/opfs.ts': `import '@tincan/engine/transfer/sender';`,
  'web/src/session/views.ts': `import '@tincan/engine/room/room'; import '../storage/opfs.ts';`,
  'web/src/session/room.svelte.ts': `import 'svelte'; import './views.ts';`,
  'web/src/ui/format.ts': `import '@tincan/shared/limits';`,
  'web/src/ui/Page.svelte': script(`import '../session/room.svelte.ts'; import './format.ts';`),
  'signaling-server/src/core/hub.ts': `import '@tincan/shared/limits';`,
  'signaling-server/src/ws/socket.ts': `import 'ws'; import 'node:http'; import '../core/hub.ts';`,
  'signaling-server/src/http/files.ts': `import 'node:fs'; import '../core/hub.ts';`,
  'signaling-server/src/main.ts': `import './server.ts';`,

  'package.json': JSON.stringify({ workspaces: ['shared', 'engine', 'signaling-server', 'web'] }),
  'shared/package.json': JSON.stringify({
    name: '@tincan/shared',
    exports: { './*': './src/*.ts' },
    dependencies: { valibot: '1' },
  }),
  'engine/package.json': JSON.stringify({
    name: '@tincan/engine',
    exports: { './*': './src/*.ts' },
    dependencies: { '@tincan/shared': '*', 'simple-peer': '1' },
    devDependencies: { svelte: '1', 'a-tool': '1' },
  }),
  'signaling-server/package.json': JSON.stringify({
    dependencies: { '@tincan/shared': '*', ws: '1' },
    devDependencies: { 'a-tool': '1' },
  }),
  'web/package.json': JSON.stringify({
    dependencies: { '@tincan/engine': '*', '@tincan/shared': '*' },
    devDependencies: { svelte: '1', 'a-tool': '1' },
  }),
};

const tree = mkdtempSync(join(tmpdir(), 'tincan-imports-'));
let found: { rule: string; file: string }[] = [];

beforeAll(() => {
  for (const [file, source] of Object.entries(sound)) plant(file, source);
  for (const { file, source } of planted) plant(file, source);
  for (const name of ['valibot', 'ws', 'simple-peer', 'svelte', 'a-tool']) plantPackage(name);
  cpSync(join(root, 'tsconfig.base.json'), join(tree, 'tsconfig.base.json'));
  mkdirSync(join(tree, 'node_modules/@tincan'));
  for (const name of ['shared', 'engine'])
    symlinkSync(join(tree, name), join(tree, 'node_modules/@tincan', name), 'junction');
  found = cruise();
}, 30_000);
afterAll(() => {
  rmSync(tree, { recursive: true });
});

test('every rule has a planted violation', () => {
  expect(planted.map(({ rule }) => rule).sort()).toEqual((config.forbidden ?? []).map(({ name }) => name).sort());
});

test.each(planted)('$rule is reported for $file', ({ rule, file }) => {
  expect(found).toContainEqual({ rule, file });
});

test('nothing else is reported', () => {
  const rest = found.filter(({ rule, file }) => !planted.some((one) => one.rule === rule && one.file === file));
  expect(rest).toEqual([]);
});

function script(source: string): string {
  return `<script lang="ts">${source} export const used: number = 1;</script>`;
}

function plant(file: string, source: string): void {
  mkdirSync(join(tree, dirname(file)), { recursive: true });
  writeFileSync(join(tree, file), `${source}\n`);
}

function plantPackage(name: string): void {
  plant(
    `node_modules/${name}/package.json`,
    JSON.stringify({ name, version: '1.0.0', exports: { '.': './index.js', './*': './index.js' } }),
  );
  plant(`node_modules/${name}/index.js`, `export {};`);
}

function cruise(): { rule: string; file: string }[] {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [
    '--config',
    join(root, '.dependency-cruiser.mjs'),
    '--output-type',
    'json',
    'shared',
    'engine',
    'signaling-server',
    'web',
  ];
  const { stdout } = spawnSync(process.execPath, [bin, ...args], { cwd: tree, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return summary.violations.map(({ from, rule }) => ({ rule: rule.name, file: from }));
}
