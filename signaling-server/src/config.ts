// Every option stands once, in OPTIONS: the parser, --help and docs/operations.md follow it.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Result } from '@tincan/shared/result';
import type { IceServer } from '@tincan/shared/signaling';
import {
  DEFAULT_ICE_SERVERS,
  adminToken,
  anyText,
  iceServers,
  integer,
  orOff,
  origins,
  proxies,
  readableFile,
  webRoot,
} from './config-values.ts';

export interface Config {
  /** 0 takes any free port. */
  port: number;
  https: HttpsConfig | null;
  /** `null`: all addresses. */
  host: string | null;
  /** `null`: the origin that a request is addressed to. */
  allowedOrigins: readonly string[] | null;
  iceServers: readonly IceServer[];
  adminToken: string | null;
  maxPeersPerRoom: number;
  maxConnections: number;
  graceSeconds: number;
  slotsPerAddress: number;
  /** Whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  /** `null`: signaling only. */
  webRoot: string | null;
}

export interface HttpsConfig {
  port: number;
  certificate: { kind: 'self-signed'; dir: string } | { kind: 'files'; certFile: string; keyFile: string };
}

/** What the command line asks for. */
export type Command = { kind: 'serve'; config: Config } | { kind: 'help' } | { kind: 'version' };

interface Option<T> {
  env: string;
  /** As one would write it; an empty one says in `meaning` what happens without. */
  default: string;
  unit: string;
  meaning: string;
  parse: (text: string) => Result<T, string>;
}

/** The same path from src/ and from the bundle in dist/. */
const DEFAULT_WEB_ROOT = fileURLToPath(new URL('../../web/dist', import.meta.url));

const OPTIONS = {
  port: option('PORT', '8080', 'port', 'http port; 0 takes any free one', integer(0, 65_535)),
  httpsPort: option(
    'HTTPS_PORT',
    '8443',
    'port',
    'https port; 0 takes any free one, "off" serves http only',
    orOff(integer(0, 65_535)),
  ),
  host: option('HOST', '', 'address', 'address to listen on; all of this machine if not given', anyText),
  tlsCert: option('TLS_CERT', '', 'file', 'certificate chain (PEM) for https; self-signed if not given', readableFile),
  tlsKey: option('TLS_KEY', '', 'file', 'private key (PEM) of TLS_CERT', readableFile),
  tlsDir: option('TLS_DIR', '.tincan', 'folder', 'where the self-signed certificate is kept between starts', anyText),
  allowedOrigins: option(
    'ALLOWED_ORIGINS',
    '',
    'list',
    'origins whose pages may connect, separated by commas; if not given, those served from this very host',
    origins,
  ),
  iceServers: option(
    'ICE_SERVERS',
    DEFAULT_ICE_SERVERS,
    'JSON',
    'STUN and TURN servers for the browsers, an array of RTCIceServer; [] for none',
    iceServers,
  ),
  adminToken: option(
    'ADMIN_TOKEN',
    '',
    'secret',
    'enables POST /admin/notice; 16 characters or more; prefer the environment, flags show in process lists',
    adminToken,
  ),
  maxPeersPerRoom: option('MAX_PEERS_PER_ROOM', '8', 'peers', 'peers in one room at most', integer(2, 64)),
  maxConnections: option('MAX_CONNECTIONS', '10000', 'sockets', 'open WebSockets at most', integer(1, 1_000_000)),
  graceSeconds: option(
    'GRACE_SECONDS',
    '30',
    'seconds',
    'how long the place of a dropped peer is kept',
    integer(0, 3_600),
  ),
  slotsPerAddress: option(
    'SLOTS_PER_ADDRESS',
    '60',
    'slots',
    'spoken codes made or tried from one address at once; as many come back in five minutes',
    integer(1, 1_000_000),
  ),
  trustedProxies: option(
    'TRUSTED_PROXIES',
    '',
    'list',
    'proxies whose X-Forwarded-For is believed, separated by commas: addresses, ranges, loopback, linklocal, uniquelocal',
    proxies,
  ),
  webRoot: option(
    'WEB_ROOT',
    DEFAULT_WEB_ROOT,
    'folder',
    'the built web app; "off" serves signaling only',
    orOff(webRoot),
  ),
};
type Options = typeof OPTIONS;
type Values = { [Name in keyof Options]: Options[Name] extends Option<infer T> ? T | null : never };

const COMMANDS = { help: 'print this and exit', version: 'print the version and exit' };

/** Reads flags and environment (a flag wins). All mistakes come at once, each a sentence on what to do. */
export function parseConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<Command, string[]> {
  const mistakes: string[] = [];
  const flags = parseFlags(argv, mistakes);
  if (flags.has('help')) return { ok: true, value: { kind: 'help' } };
  if (flags.has('version')) return { ok: true, value: { kind: 'version' } };

  const values: Record<string, unknown> = {};
  for (const [name, { env: variable, default: fallback, parse }] of Object.entries<Option<unknown>>(OPTIONS)) {
    const flag = flags.get(flagOf(variable));
    const text = flag ?? (env[variable] || fallback); // an empty variable is one that is not set
    const parsed: Result<unknown, string> = text === '' && flag === undefined ? { ok: true, value: null } : parse(text);
    if (parsed.ok) values[name] = parsed.value;
    else mistakes.push(`${flag === undefined ? variable : `--${flagOf(variable)}`} ${parsed.error}`);
  }
  const given = values as Values;
  if (mistakes.length === 0 && (given.tlsCert === null) !== (given.tlsKey === null)) {
    mistakes.push('TLS_CERT and TLS_KEY belong together: set both, or neither for a self-signed certificate.');
  }
  return mistakes.length > 0
    ? { ok: false, error: mistakes }
    : { ok: true, value: { kind: 'serve', config: toConfig(given) } };
}

/** The text of --help. */
export function helpText(): string {
  const lines = Object.values<Option<unknown>>(OPTIONS).map(
    ({ env, unit, meaning, default: fallback }) =>
      `  --${flagOf(env)} <${unit}>, ${env}\n      ${meaning}\n      default: ${fallback || 'not set'}\n`,
  );
  const commands = Object.entries(COMMANDS).map(([name, meaning]) => `  --${name}\n      ${meaning}\n`);
  return `Tincan: signaling server and web app.\n\nEvery option is a flag and an environment variable; the flag wins.\n\n${[...lines, ...commands].join('')}`;
}

function toConfig(values: Values): Config {
  const { port, httpsPort, tlsCert, tlsKey, tlsDir, iceServers, maxPeersPerRoom, maxConnections, graceSeconds } =
    values;
  const certificate: HttpsConfig['certificate'] =
    tlsCert !== null && tlsKey !== null
      ? { kind: 'files', certFile: tlsCert, keyFile: tlsKey }
      : { kind: 'self-signed', dir: required(tlsDir) };
  return {
    port: required(port),
    https: httpsPort === null ? null : { port: httpsPort, certificate },
    host: values.host,
    allowedOrigins: values.allowedOrigins,
    iceServers: required(iceServers),
    adminToken: values.adminToken,
    maxPeersPerRoom: required(maxPeersPerRoom),
    maxConnections: required(maxConnections),
    graceSeconds: required(graceSeconds),
    slotsPerAddress: required(values.slotsPerAddress),
    trustedProxies: values.trustedProxies ?? [],
    webRoot: values.webRoot,
  };
}

/** An option with a default is always there. */
function required<T>(value: T | null): T {
  if (value === null) throw new TypeError('an option with a default has no value');
  return value;
}

function parseFlags(argv: readonly string[], mistakes: string[]): Map<string, string> {
  const names = Object.values(OPTIONS).map(({ env }) => flagOf(env));
  const strings = names.map((name) => [name, { type: 'string' as const }]);
  const booleans = Object.keys(COMMANDS).map((name) => [name, { type: 'boolean' as const }]);
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries([...strings, ...booleans]) as Record<string, { type: 'string' | 'boolean' }>,
    strict: false,
    tokens: true,
  });
  const flags = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') mistakes.push(`"${token.value}" has no meaning here; see --help.`);
    if (token.kind !== 'option') continue;
    const takesValue = names.includes(token.name);
    if (!takesValue && !Object.hasOwn(COMMANDS, token.name))
      mistakes.push(`${token.rawName} is not an option; see --help.`);
    else if (takesValue && token.value === undefined) mistakes.push(`${token.rawName} needs a value.`);
    else flags.set(token.name, token.value ?? '');
  }
  return flags;
}

function flagOf(variable: string): string {
  return variable.toLowerCase().replaceAll('_', '-');
}

function option<T>(env: string, fallback: string, unit: string, meaning: string, parse: Option<T>['parse']): Option<T> {
  return { env, default: fallback, unit, meaning, parse };
}
