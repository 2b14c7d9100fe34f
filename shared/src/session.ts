import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64Url } from './base64url.ts';
import type { SessionId } from './introduction.ts';

/**
 * The session that a DTLS fingerprint (`SHA-256 AB:CD:…`) belongs to: 128 bits of its hash. So a session is whoever holds
 * the certificate's key, and nobody else can connect in its name.
 */
export function sessionOf(fingerprint: string): SessionId {
  return toBase64Url(sha256(new TextEncoder().encode(`tincan.v1 session ${fingerprint}`)).subarray(0, 16));
}
