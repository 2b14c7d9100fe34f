// The safety words: both pages of a link show the same six pictures, unless somebody stands between them.
//
//   each side    nonce (32 random bytes), commitment = SHA-256( "tincan.v1 commitment" ‖ its session ‖ nonce )
//   both         exchange commitments, and only then nonces; check the other's nonce against its commitment
//   the words    SHA-256( "tincan.v1 words" ‖ both sessions ‖ both DTLS fingerprints ‖ both nonces ), the first 36 bits
//
// "Both" is the side that initiates the link first. Whoever stands between two people has a link to each, with other
// fingerprints, and must commit to his nonces before he knows theirs: his chance that the words agree is one in 2^36.
import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64Url } from './base64url.ts';

/** A nonce is this long, in bytes. */
export const SAFETY_NONCE_BYTES = 32;

/**
 * What the words are shown as: the 64 emoji of Matrix's short authentication string, chosen there to be told apart and
 * named in any language (Matrix specification, client-server API, "SAS method: emoji").
 */
export const SAFETY_EMOJI = [
  ...['🐶', '🐱', '🦁', '🐎', '🦄', '🐷', '🐘', '🐰', '🐼', '🐓', '🐧', '🐢', '🐟', '🐙', '🦋', '🌷'],
  ...['🌳', '🌵', '🍄', '🌏', '🌙', '☁️', '🔥', '🍌', '🍎', '🍓', '🌽', '🍕', '🎂', '❤️', '😀', '🤖'],
  ...['🎩', '👓', '🔧', '🎅', '👍', '☂️', '⌛', '⏰', '🎁', '💡', '📕', '✏️', '📎', '✂️', '🔒', '🔑'],
  ...['🔨', '☎️', '🏁', '🚂', '🚲', '✈️', '🚀', '🏆', '⚽', '🎸', '🎺', '🔔', '⚓', '🎧', '📁', '📌'],
] as const;

/** One side of a link, as the words see it. */
export interface SafetySide {
  session: string;
  /** Of its DTLS certificate, in the one form in which both sides write it. */
  fingerprint: string;
  nonce: Uint8Array;
}

/** Binds a side to its nonce without telling it: 43 base64url characters. */
export function commitmentTo({ session, nonce }: Omit<SafetySide, 'fingerprint'>): string {
  return toBase64Url(digest('tincan.v1 commitment', session, nonce));
}

/** The words of a link: six numbers from 0 to 63, the same on both sides. */
export function safetyWords(initiator: SafetySide, responder: SafetySide): number[] {
  const hash = digest(
    'tincan.v1 words',
    ...[initiator.session, responder.session],
    ...[initiator.fingerprint, responder.fingerprint],
    ...[initiator.nonce, responder.nonce],
  );
  const bits = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0);
  return [0, 1, 2, 3, 4, 5].map((index) => Number((bits >> BigInt(58 - 6 * index)) & 63n));
}

/** Of all parts, each behind its length, so that no two lists of parts look the same. */
function digest(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = sha256.create();
  for (const part of parts) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    hash.update(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff)).update(bytes);
  }
  return hash.digest();
}
