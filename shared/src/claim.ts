// How the two ends of an offer find each other again after a page was loaded anew, without naming it to anybody else (RESUME rules).
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { SessionId } from './introduction.ts';

export interface Claimant {
  /** Which end of the offer the claimant is. */
  role: 'sender' | 'receiver';
  session: SessionId;
}

/**
 * The claimant's proof, to one other session, that it has an offer's resume key: HMAC-SHA-256 (RFC 2104) under the key. It says nothing about the key, and
 * nothing to any other session.
 */
export function claimOf(key: string, { role, session }: Claimant, other: SessionId): string {
  const bytes = fromBase64Url(key);
  if (!bytes) throw new TypeError('not a resume key');
  return toBase64Url(hmac(sha256, bytes, new TextEncoder().encode(`tincan.v2 claim ${role} ${session} ${other}`)));
}
