// The two hashes of a file: SHA-256 of each block, and SHA-256 of the list of these hashes, which names the file.
// scripts/tincan-hash.mjs computes the same from a file on disk.

export const HASH_BYTES = 32;

/** SHA-256 of one block, 32 bytes; native and off the calling thread. */
export async function hashBlock(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The file's hash as 64 hex digits: SHA-256 of all its block hashes in order (of nothing, for an empty file). */
export async function hashFile(blockHashes: readonly Uint8Array[]): Promise<string> {
  const list = new Uint8Array(blockHashes.length * HASH_BYTES);
  blockHashes.forEach((hash, block) => list.set(hash, block * HASH_BYTES));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', list));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
