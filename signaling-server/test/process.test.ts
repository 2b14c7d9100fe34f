// The built program: what it prints, how it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { connectRaw, connectTo, until } from './support.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const children: ChildProcess[] = [];

beforeAll(() => build({ root, logLevel: 'silent' }));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

test('prints where to open it, and SIGTERM closes with 1001 and exits with 0 within two seconds', async () => {
  const ranAt = performance.now();
  const tincan = run([], { WEB_ROOT: 'off', PORT: '0', HTTPS_PORT: 'off' });
  const port = await tincan.port();
  const startMs = performance.now() - ranAt;
  const alice = await connectTo(`ws://127.0.0.1:${port}`);
  const deaf = await connectRaw(port);
  const startedAt = performance.now();
  tincan.child.kill('SIGTERM');
  expect((await alice.closed).code).toBe(1001);
  expect(await tincan.exitCode).toBe(0);
  // One second is for whoever does not answer; where a process takes longer than the other one to start, it may take as long to end.
  expect(performance.now() - startedAt).toBeLessThan(1_000 + Math.max(1_000, startMs));
  deaf.destroy();
  expect(tincan.stderr()).toContain('draining signal=SIGTERM');
});

test('a port in use is said in a sentence, with exit code 1', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, resolve));
  const { port } = other.address() as { port: number };
  const tincan = run(['--port', String(port)], { WEB_ROOT: 'off', HTTPS_PORT: 'off' });
  expect(await tincan.exitCode).toBe(1);
  expect(tincan.stderr()).toContain(`Port ${port} is in use. Stop what uses it, or set PORT to another port.`);
  expect(tincan.stderr()).not.toContain(' at ');
  other.close();
});

test('all mistakes at once, with exit code 1', async () => {
  const tincan = run(['--prot', '1'], { WEB_ROOT: 'off', PORT: 'http', ADMIN_TOKEN: 'short' });
  expect(await tincan.exitCode).toBe(1);
  for (const name of ['--prot', 'PORT', 'ADMIN_TOKEN']) expect(tincan.stderr()).toContain(`- ${name} `);
  expect(tincan.stdout()).toBe('');
});

test('a certificate that is none is said in a sentence', async () => {
  const file = fileURLToPath(import.meta.url);
  const tincan = run([], { WEB_ROOT: 'off', PORT: '0', HTTPS_PORT: '0', TLS_CERT: file, TLS_KEY: file });
  expect(await tincan.exitCode).toBe(1);
  expect(tincan.stderr()).toContain('TLS_CERT and TLS_KEY cannot be used');
});

test('--help and --version print and exit with 0', async () => {
  const help = run(['--help'], {});
  expect(await help.exitCode).toBe(0);
  expect(help.stdout()).toContain('--max-peers-per-room <peers>, MAX_PEERS_PER_ROOM');
  const version = run(['--version'], {});
  expect(await version.exitCode).toBe(0);
  expect(version.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/);
});

function run(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ['dist/main.js', ...args], { cwd: root, env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  children.push(child);
  return {
    child,
    exitCode: new Promise<number | null>((resolve) => child.on('close', resolve)),
    stdout: () => stdout,
    stderr: () => stderr,
    port: async (): Promise<number> => {
      const find = () => /http:\/\/localhost:(\d+)/.exec(stdout)?.[1];
      await until(() => find() !== undefined);
      return Number(find());
    },
  };
}
