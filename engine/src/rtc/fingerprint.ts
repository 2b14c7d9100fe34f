import { sha256 } from '@noble/hashes/sha2.js';

const LINE = /^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i;

/**
 * The DTLS fingerprint that a description names (RFC 8122), as `SHA-256 AB:CD:…`; `undefined` unless every line that so much
 * as speaks of a fingerprint has exactly this form and names the same one. Browsers read more forms than they write
 * (spaces, other cases), and what one of them reads and we do not must not get past us.
 */
export function fingerprintOf(sdp: string): string | undefined {
  const lines = sdp.split(/[\r\n]+/).filter((line) => /fingerprint/i.test(line));
  const named = new Set(lines.map((line) => LINE.exec(line)?.[1]?.toUpperCase()));
  const [only, ...others] = named;
  return only === undefined || others.length > 0 ? undefined : `SHA-256 ${only}`;
}

/** The fingerprint of a certificate in DER. */
export function fingerprintOfCertificate(der: ArrayBuffer): string {
  const bytes = [...sha256(new Uint8Array(der))].map((byte) => byte.toString(16).padStart(2, '0'));
  return `SHA-256 ${bytes.join(':').toUpperCase()}`;
}
