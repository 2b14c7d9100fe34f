// The two hashes of a file: SHA-256 of each block, and SHA-256 of the list of these hashes, which names the file.
// scripts/tincan-hash.mjs computes the same from a file on disk.

export const HASH_BYTES = 32;

/** SHA-256 of one block, or of a list of hashes, 32 bytes; native and off the calling thread. */
export async function hashBlock(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** A digest as people see it. */
export function toHex(digest: Uint8Array): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
