// The room's secret lives in the URL fragment and never reaches the server; everything else is derived from it.
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { SECRET_BYTES } from './limits.ts';

/** A fresh secret of 128 bits, as the text that stands in the URL fragment. */
export function createSecret(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/** Reads a URL fragment (with or without `#`) as a room's secret; `undefined` if it is none. */
export function parseSecret(fragment: string): string | undefined {
  const text = fragment.replace(/^#/, '');
  const bytes = fromBase64Url(text);
  return bytes && bytes.length >= SECRET_BYTES && bytes.length <= 64 ? text : undefined;
}

/** The room's name: HKDF-SHA-256 (RFC 5869) of the secret, 32 bytes as 43 base64url characters. Says nothing about the secret. */
export async function deriveRoomName(secret: string): Promise<string> {
  const bytes = fromBase64Url(secret);
  if (!bytes) throw new TypeError('not a room secret');
  const key = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits']);
  const info = new TextEncoder().encode('tincan.v1 room');
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info },
    key,
    256,
  );
  return toBase64Url(new Uint8Array(bits));
}
