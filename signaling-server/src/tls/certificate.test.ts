import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSelfSignedCertificate } from './certificate.ts';

const NAMES = ['localhost', '127.0.0.1', '::1', '192.0.2.7', '2001:db8::7', 'My_Host'];
const NOW = new Date('2030-01-01T00:00:00Z');
const DAY_MS = 86_400_000;
let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'tincan-')), 'tls');
});
afterEach(() => {
  rmSync(join(dir, '..'), { recursive: true });
});

const load = (names = NAMES, now = NOW) => loadSelfSignedCertificate({ dir, names, now });

test('is good for all names, for less than 398 days, with a P-256 key that only the owner reads', async () => {
  const { cert, key } = await load();
  createSecureContext({ cert, key }); // throws if they do not belong together
  const parsed = new X509Certificate(cert);
  for (const name of ['127.0.0.1', '::1', '192.0.2.7', '2001:db8::7']) expect(parsed.checkIP(name)).toBeDefined();
  expect(parsed.checkHost('localhost')).toBeDefined();
  expect(parsed.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect((Date.parse(parsed.validTo) - Date.parse(parsed.validFrom)) / DAY_MS).toBeLessThanOrEqual(397);
  expect(parsed.ca).toBe(false);
  for (const file of ['cert.pem', 'key.pem']) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
});

test('is kept between starts', async () => {
  const first = await load();
  expect(await load()).toEqual(first);
  expect(await load(['localhost'])).toEqual(first);
});

test('is made anew when an address is missing, when it ends soon, and when it cannot be read', async () => {
  const first = await load();
  const second = await load([...NAMES, '192.0.2.8']);
  expect(second.cert).not.toBe(first.cert);
  const third = await load(NAMES, new Date(NOW.getTime() + 370 * DAY_MS));
  expect(third.cert).not.toBe(second.cert);
  writeFileSync(join(dir, 'cert.pem'), 'nonsense');
  chmodSync(join(dir, 'key.pem'), 0o644);
  createSecureContext(await load());
  expect(statSync(join(dir, 'key.pem')).mode & 0o777).toBe(0o600);
});
