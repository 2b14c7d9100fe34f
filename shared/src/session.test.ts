import { expect, test } from 'vitest';
import { toBase64Url } from './base64url.ts';
import { sessionOf } from './session.ts';

test('[BIND-2] a session id is the first 128 bits of the hash of the label and the fingerprint', async () => {
  const fingerprint = `SHA-256 ${Array(32).fill('AB').join(':')}`;
  const text = new TextEncoder().encode(`tincan.v1 session ${fingerprint}`);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  expect(sessionOf(fingerprint)).toBe(toBase64Url(hash.subarray(0, 16)));
  expect(sessionOf(fingerprint)).toBe('bEGStWBC6fOq_WZL36jKSQ');
  expect(sessionOf(fingerprint.replace('AB', 'AC'))).not.toBe(sessionOf(fingerprint));
});
