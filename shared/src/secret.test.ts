import { expect, test } from 'vitest';
import { toBase64Url } from './base64url.ts';
import { createSecret, parseSecret, RoomSecret } from './secret.ts';

const SECRET = 'AAECAwQFBgcICQoLDA0ODw'; // the bytes 0 to 15
const BYTES = Uint8Array.from({ length: 16 }, (_, index) => index);
const ALICE = 'alice'.padEnd(22, '_');
const BOB = 'bob'.padEnd(22, '_');

/** HKDF (RFC 5869) written out: extract with 32 zero bytes, which is what an empty salt stands for, and expand once. */
async function hkdf(label: string): Promise<Uint8Array<ArrayBuffer>> {
  const extracted = await hmac(new Uint8Array(32), BYTES);
  return hmac(extracted, Uint8Array.of(...new TextEncoder().encode(label), 1));
}

async function hmac(key: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data));
}

/** What a key does to zeros: a key that cannot be exported is known by it. */
async function traceOf(key: CryptoKey): Promise<string> {
  const algorithm = { name: 'AES-GCM', iv: new Uint8Array(12) };
  return toBase64Url(new Uint8Array(await crypto.subtle.encrypt(algorithm, key, new Uint8Array(32))));
}
const traceOfBytes = async (bytes: Uint8Array<ArrayBuffer>) =>
  traceOf(await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt']));

test('[SEAL-1] a fresh secret has 128 bits and is read back from a fragment', () => {
  const secret = createSecret();
  expect(secret).toMatch(/^[\w-]{22}$/);
  expect(parseSecret(`#${secret}`)).toBe(secret);
  for (const none of ['', '#', '#room', `#${secret.slice(1)}`, `#${secret}!`, '#'.padEnd(90, 'A')])
    expect(parseSecret(none)).toBeUndefined();
});

test('[SEAL-2] name and keys are HKDF-SHA-256 of the secret, each under its own label', async () => {
  const secret = await RoomSecret.import(SECRET);
  expect(await secret.roomName()).toBe(toBase64Url(await hkdf('tincan.v1 room')));
  expect(await secret.roomName()).toBe('IchxlfG1bAhZSg2c0nSpOhnXHRj3TmQ92zemkLeaO5Y');
  expect(await traceOf(await secret.presenceKey())).toBe(await traceOfBytes(await hkdf('tincan.v1 presence')));
  const toBob = await traceOf(await secret.directionKey(ALICE, BOB));
  expect(toBob).toBe(await traceOfBytes(await hkdf(`tincan.v1 seal ${ALICE} ${BOB}`)));
  expect(toBob).not.toBe(await traceOf(await secret.directionKey(BOB, ALICE)));
});

test('[SEAL-2] no key can be exported, and what is no secret is not taken', async () => {
  const key = await (await RoomSecret.import(SECRET)).presenceKey();
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  for (const none of ['', 'AAAA', 'not a secret']) await expect(RoomSecret.import(none)).rejects.toThrow(TypeError);
});
