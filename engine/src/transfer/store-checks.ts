import { TincanError } from '../platform/errors.ts';
import { blockBytes, blockCount } from './blocks.ts';
import { HASH_BYTES, hashBlock, sameHash } from './hash.ts';
import { isFreed, type FileEnd, type KeptFile, type Manifest } from './store.ts';

/** A file by its place in the manifest; throws `store-failed` where there is none. */
export function fileAt({ files }: Manifest, place: number): KeptFile {
  const file = files[place];
  if (!file) throw new TincanError('store-failed', `there is no file ${place}`);
  return file;
}

/** Throws `corrupt` unless the block has this SHA-256. */
export async function checkHash(bytes: Uint8Array<ArrayBuffer>, hash: Uint8Array): Promise<void> {
  if (!sameHash(await hashBlock(bytes), hash))
    throw new TincanError('corrupt', 'a block has another hash than was told');
}

/** Throws `store-failed` for what is no whole block of a file that is still wanted: it would overwrite another one's bytes. */
export function checkBlock(
  { manifest, ends }: { manifest: Manifest; ends: ReadonlyMap<number, FileEnd> },
  place: number,
  block: number,
  bytes: Uint8Array,
  hash: Uint8Array,
): void {
  const { size } = fileAt(manifest, place);
  const fits =
    Number.isInteger(block) && block >= 0 && block < blockCount(size) && bytes.length === blockBytes(size, block);
  if (!fits) throw new TincanError('store-failed', `${bytes.length} bytes are not block ${block} of file ${place}`);
  if (hash.length !== HASH_BYTES) throw new TincanError('store-failed', `a hash of ${hash.length} bytes`);
  if (isFreed(ends.get(place))) throw new TincanError('store-failed', `file ${place} was removed`);
}
