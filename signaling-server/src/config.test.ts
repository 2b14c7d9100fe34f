import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { helpText, parseConfig, type Config } from './config.ts';

const OFF = { WEB_ROOT: 'off' };

test('nothing given gives the documented defaults', () => {
  expect(configOf([], OFF)).toEqual({
    port: 8080,
    https: { port: 8443, certificate: { kind: 'self-signed', dir: '.tincan' } },
    host: null,
    allowedOrigins: null,
    iceServers: [{ urls: ['stun:stun.cloudflare.com:3478', 'stun:stun.l.google.com:19302'] }],
    adminToken: null,
    maxPeersPerRoom: 8,
    maxConnections: 10_000,
    graceSeconds: 30,
    slotsPerAddress: 60,
    trustedProxies: [],
    webRoot: null,
  });
});

test('a flag wins over the environment, and an empty variable counts as not set', () => {
  expect(configOf(['--port=1', '--grace-seconds', '5'], { ...OFF, PORT: '2', GRACE_SECONDS: '' })).toMatchObject({
    port: 1,
    graceSeconds: 5,
  });
});

test('https can be off, on any port, or with files', () => {
  const file = fileURLToPath(import.meta.url);
  expect(configOf([], { ...OFF, HTTPS_PORT: 'off' }).https).toBeNull();
  expect(configOf([], { ...OFF, HTTPS_PORT: '0' }).https?.port).toBe(0);
  expect(configOf([], { ...OFF, TLS_CERT: file, TLS_KEY: file }).https?.certificate).toEqual({
    kind: 'files',
    certFile: file,
    keyFile: file,
  });
});

test('all mistakes come at once, each naming its option', () => {
  const mistakes = mistakesOf(['--prot', '80', 'extra', '--host'], {
    PORT: '70000',
    HTTPS_PORT: '-1',
    TLS_CERT: '/nowhere/cert.pem',
    ALLOWED_ORIGINS: 'https://tincan.example,https://tincan.example/path',
    ICE_SERVERS: '{',
    ADMIN_TOKEN: 'short',
    MAX_PEERS_PER_ROOM: '1',
    MAX_CONNECTIONS: '1e3',
    GRACE_SECONDS: '1.5',
    SLOTS_PER_ADDRESS: '0',
    TRUSTED_PROXIES: 'loopback,1',
    WEB_ROOT: '/nowhere',
  });
  const named = mistakes.map((mistake) => /^"?([\w-]+)/.exec(mistake)?.[1]);
  expect(named.sort()).toEqual(
    [
      ...['--host', '--prot', '80', 'extra', 'PORT', 'HTTPS_PORT', 'TLS_CERT', 'ALLOWED_ORIGINS', 'ICE_SERVERS'],
      ...['ADMIN_TOKEN', 'MAX_PEERS_PER_ROOM', 'MAX_CONNECTIONS', 'GRACE_SECONDS'],
      ...['SLOTS_PER_ADDRESS', 'TRUSTED_PROXIES', 'WEB_ROOT'],
    ].sort(),
  );
  for (const mistake of mistakes) expect(mistake).toMatch(/[.]$|[}\]]$/);
});

test.each([
  ['[{"urls":"http://x"}]', 'stun:'],
  ['[{"urls":"turn:turn.example.org"}]', 'username'],
  ['[{}]', 'urls'],
  ['{"urls":"stun:x"}', 'does not fit'],
])('ICE_SERVERS=%s is refused before a browser has to', (text, part) => {
  expect(mistakesOf([], { ...OFF, ICE_SERVERS: text })[0]).toContain(part);
});

test('ICE_SERVERS may be empty or hold a TURN server', () => {
  expect(configOf([], { ...OFF, ICE_SERVERS: '[]' }).iceServers).toEqual([]);
  const turn = [{ urls: 'turns:turn.example.org:5349?transport=tcp', username: 'u', credential: 'c' }];
  expect(configOf([], { ...OFF, ICE_SERVERS: JSON.stringify(turn) }).iceServers).toEqual(turn);
});

test('TRUSTED_PROXIES takes addresses, ranges and names', () => {
  const text = 'loopback, 10.0.0.0/8,2001:DB8::/32 ,192.0.2.1,::ffff:192.0.2.2,UniqueLocal';
  expect(configOf([], { ...OFF, TRUSTED_PROXIES: text }).trustedProxies).toEqual([
    ...['loopback', '10.0.0.0/8', '2001:db8::/32', '192.0.2.1', '::ffff:192.0.2.2', 'uniquelocal'],
  ]);
});

test.each(['1', 'true', '*', 'proxy.example.org', '10.0.0', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.1:80', 'loopback,'])(
  'TRUSTED_PROXIES=%s is refused, naming what does not fit',
  (text) => {
    expect(mistakesOf([], { ...OFF, TRUSTED_PROXIES: text })).toEqual([
      `TRUSTED_PROXIES contains "${text.replace('loopback,', '')}"; it takes addresses, ranges like 10.0.0.0/8, and loopback, linklocal, uniquelocal.`,
    ]);
  },
);

test('TLS_CERT without TLS_KEY is a mistake', () => {
  expect(mistakesOf([], { ...OFF, TLS_CERT: fileURLToPath(import.meta.url) })).toEqual([
    'TLS_CERT and TLS_KEY belong together: set both, or neither for a self-signed certificate.',
  ]);
});

test('--help wins over mistakes, names every option, and so does the documentation', () => {
  expect(parseConfig(['--help', '--nonsense'], {})).toEqual({ ok: true, value: { kind: 'help' } });
  const variables = [...helpText().matchAll(/, ([A-Z_]+)$/gm)].map((match) => match[1]!);
  expect(variables).toHaveLength(15);
  const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  for (const variable of variables) {
    expect(helpText()).toContain(`--${variable.toLowerCase().replaceAll('_', '-')} <`);
    expect(operations).toContain(`\`${variable}\``);
  }
});

function configOf(argv: string[], env: Record<string, string>): Config {
  const parsed = parseConfig(argv, env);
  if (!parsed.ok || parsed.value.kind !== 'serve') throw new Error(JSON.stringify(parsed));
  return parsed.value.config;
}

function mistakesOf(argv: string[], env: Record<string, string>): string[] {
  const parsed = parseConfig(argv, env);
  if (parsed.ok) throw new Error('no mistake was found');
  return parsed.error;
}
