import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_TOKEN, connectTo, joinRoom, randomRoom, startServer, type TestServer } from './support.ts';

let tincan: TestServer;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tincan-'));
});
afterEach(async () => {
  await tincan.stop();
  rmSync(dir, { recursive: true });
});

describe('the web app', () => {
  beforeEach(async () => {
    mkdirSync(join(dir, 'assets'));
    writeFileSync(join(dir, 'index.html'), '<!doctype html><title>Tincan</title>');
    writeFileSync(join(dir, 'assets', 'app-abc123.js'), 'export {};\n'.repeat(500));
    writeFileSync(join(dir, 'sw.js'), '');
    tincan = await startServer({ webRoot: dir });
  });

  test('serves the page without a cache and its hashed assets with one', async () => {
    const page = await fetch(`${tincan.url}/?x=1`);
    expect(await page.text()).toContain('<title>Tincan');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const asset = await fetch(`${tincan.url}/assets/app-abc123.js`);
    expect(await asset.text()).toHaveLength(5_500);
    expect(asset.headers.get('content-encoding')).toBe('gzip');
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const plain = await fetch(`${tincan.url}/assets/app-abc123.js`, { headers: { 'accept-encoding': 'gzip;q=0' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect((await fetch(`${tincan.url}/sw.js`)).headers.get('cache-control')).toBe('no-cache');
  });

  test('answers 304 to a known ETag, and HEAD without a body', async () => {
    const { headers } = await fetch(`${tincan.url}/`);
    const again = await fetch(`${tincan.url}/`, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    const head = await fetch(`${tincan.url}/`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '36', '']);
  });

  test('serves nothing else', async () => {
    for (const path of [
      '/nothing',
      '/assets/',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%2fpackage.json',
      '/%',
      '/__proto__',
    ]) {
      expect((await get(path)).statusCode, path).toBe(404);
    }
    expect((await get('/../package.json')).statusCode).toBe(404);
    expect((await fetch(`${tincan.url}/`, { method: 'POST' })).status).toBe(405);
  });

  test('goes on serving what it has when the files are gone', async () => {
    rmSync(join(dir, 'assets'), { recursive: true });
    expect((await fetch(`${tincan.url}/assets/app-abc123.js`)).status).toBe(200);
  });

  test('sends the security headers with every response, refused upgrades too', async () => {
    const responses = await Promise.all([
      get('/'),
      get('/nothing'),
      get('/health'),
      get('/admin/notice'),
      get('/signal', { connection: 'upgrade', upgrade: 'websocket', origin: 'https://evil.example' }),
    ]);
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 404, 200, 405, 403]);
    for (const { headers } of responses) {
      const policy = headers['content-security-policy'];
      for (const part of ["default-src 'none'", "script-src 'self'", "worker-src 'self'", "media-src 'self' blob:"]) {
        expect(String(policy).split('; ')).toContain(part);
      }
      expect(policy).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
      });
    }
  });
});

test('/health says that it is well, and where https is', async () => {
  tincan = await startServer();
  const response = await fetch(`${tincan.url}/health`);
  expect([response.status, await response.json()]).toEqual([
    200,
    { status: 'ok', protocol: 'tincan.v1', securePort: null },
  ]);
  expect((await fetch(`${tincan.url}/health`, { method: 'DELETE' })).status).toBe(405);
});

describe('/admin/notice', () => {
  const post = (body: string, token = ADMIN_TOKEN) =>
    fetch(`${tincan.url}/admin/notice`, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } });

  test('is not there without a token', async () => {
    tincan = await startServer({ adminToken: null });
    expect((await post('{"text":"x"}')).status).toBe(404);
  });

  test('refuses a wrong token, a wrong method and a wrong body', async () => {
    tincan = await startServer();
    const alice = await tincan.connect();
    expect((await post('{"text":"x"}', 'wrong')).status).toBe(401);
    expect((await fetch(`${tincan.url}/admin/notice`, { method: 'POST', body: '{"text":"x"}' })).status).toBe(401);
    expect((await fetch(`${tincan.url}/admin/notice`)).status).toBe(405);
    for (const body of ['', 'null', '{"text":1}', '{"text":""}', JSON.stringify({ text: 'x'.repeat(501) })]) {
      expect((await post(body)).status, body).toBe(400);
    }
    expect((await post('x'.repeat(5_000))).status).toBe(413);
    expect(await alice.settle()).toEqual([]);
    expect((await post(JSON.stringify({ text: '\u0000'.repeat(500) }))).status).toBe(200);
  });
});

test('both ports serve one hub, and the certificate that was made is good for 127.0.0.1', async () => {
  const certificate = { kind: 'self-signed', dir } as const;
  tincan = await startServer({ https: { port: 0, certificate } });
  const ca = readFileSync(join(dir, 'cert.pem'), 'utf8');
  const room = randomRoom();
  const alice = await tincan.join(room);
  const bob = await joinRoom(await connectTo(`wss://127.0.0.1:${tincan.securePort}`, {}, ca), room);
  expect(bob.welcome.peers).toEqual([alice.welcome.id]);
  bob.ws.terminate();
  expect(await (await fetch(`${tincan.url}/health`)).json()).toMatchObject({ securePort: tincan.securePort });
});

/** A request whose path is sent as it stands. */
function get(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: tincan.port, path, headers }, (response) => {
      response.resume();
      resolve(response);
    });
    sent.on('error', reject);
    sent.end();
  });
}
