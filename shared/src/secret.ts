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

/**
 * A room's secret, of which only what is derived can be had: HKDF-SHA-256 (RFC 5869) with an empty salt and a label of
 * its own for each purpose. None of it says anything about the secret, nor one about another. Keys cannot be exported.
 */
export class RoomSecret {
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  /** Takes what `parseSecret` gives. Throws a TypeError for anything else. */
  static async import(secret: string): Promise<RoomSecret> {
    const bytes = fromBase64Url(secret);
    if (!bytes || bytes.length < SECRET_BYTES) throw new TypeError('not a room secret');
    return new RoomSecret(await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits', 'deriveKey']));
  }

  /** The room's name, which is all that the server gets: 32 bytes as 43 base64url characters. */
  async roomName(): Promise<string> {
    const bits = await crypto.subtle.deriveBits(hkdf('tincan.v1 room'), this.#key, 256);
    return toBase64Url(new Uint8Array(bits));
  }

  /** Hides who speaks: everyone in the room has this one key. */
  async presenceKey(): Promise<CryptoKey> {
    return this.#sealingKey('tincan.v1 presence');
  }

  /** For what one session says to another. The other direction has another key. */
  async directionKey(from: string, to: string): Promise<CryptoKey> {
    return this.#sealingKey(`tincan.v1 seal ${from} ${to}`);
  }

  async #sealingKey(label: string): Promise<CryptoKey> {
    const aes = { name: 'AES-GCM', length: 256 };
    return crypto.subtle.deriveKey(hkdf(label), this.#key, aes, false, ['encrypt', 'decrypt']);
  }
}

function hkdf(label: string): HkdfParams {
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new TextEncoder().encode(label) };
}
