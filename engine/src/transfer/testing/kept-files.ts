// Files for the tests of stores: what is in them can be made again to compare it.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { randomId } from '@tincan/shared/base64url';
import { blockBytes, blockCount, type BlockSet } from '../blocks.ts';
import { HASH_BYTES, hashBlock } from '../hash.ts';
import type { Manifest, OfferFolder } from '../store.ts';
import { expectBytes, expectSame } from './contract.ts';

export const LINK = 'https://tincan.test/#room';

/** A manifest of files of these sizes. */
export function manifestOf(...sizes: number[]): Manifest {
  // As older pages have written it, the first says nothing of a date.
  const dateOf = (place: number) => (place > 0 ? { modified: 1_600_000_000_000 + place } : {});
  const files = sizes.map((size, place) => ({ id: randomId(), path: `folder/file ${place}`, size, ...dateOf(place) }));
  return { offer: randomId(), key: randomId(), from: 'Alice', acceptedAt: 1_700_000_000_000, files };
}

/** What block `block` of file `file` holds: the same whenever it is asked for, and unlike any other's. */
export function blockOf({ files }: Manifest, file: number, block: number): Uint8Array<ArrayBuffer> {
  const length = blockBytes(files[file]!.size, block);
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (file * 65_537 + block * 257 + 1) >>> 0;
  for (let at = 0; at < words.length; at++) words[at] = state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return new Uint8Array(words.buffer).slice(0, length);
}

/** Writes these blocks of a file, one after the other. */
export async function writeBlocks(folder: OfferFolder, file: number, ...blocks: number[]): Promise<void> {
  for (const block of blocks) {
    const bytes = blockOf(folder.manifest, file, block);
    const hash = await hashBlock(bytes);
    await folder.write(file, block, bytes, hash);
  }
}

/** Writes every block of every file. */
export async function writeAll(folder: OfferFolder): Promise<void> {
  for (const [file, { size }] of folder.manifest.files.entries())
    await writeBlocks(folder, file, ...Array(blockCount(size)).keys());
}

/** The numbers in a file's set. */
function numbersIn(set: BlockSet, size: number): number[] {
  return [...Array(blockCount(size)).keys()].filter((block) => set.has(block));
}

/** Which blocks of each file were durable when the folder was opened. */
export function durableIn(folder: OfferFolder): number[][] {
  return folder.manifest.files.map(({ size }, file) => numbersIn(folder.durableAtOpening(file), size));
}

/** Fails unless the file's bytes are those of `blockOf`. */
export async function expectWhole(folder: OfferFolder, file: number): Promise<void> {
  await expectBlob(await folder.open(file), folder.manifest, file);
}

/** Fails unless these are the file's bytes. */
export async function expectBlob(blob: Blob, manifest: Manifest, file: number): Promise<void> {
  const { size } = manifest.files[file]!;
  expectSame(blob.size, size, `the size of file ${file}`);
  for (let block = 0; block < blockCount(size); block++) {
    const slice = blob.slice(block * BLOCK_BYTES, block * BLOCK_BYTES + blockBytes(size, block));
    const bytes = new Uint8Array(await slice.arrayBuffer());
    expectBytes(bytes, blockOf(manifest, file, block), `block ${block} of file ${file}`);
  }
}

/** The list of hashes that a file's sidecar has to be, for these durable blocks. */
export async function listOf(
  manifest: Manifest,
  file: number,
  blocks: readonly number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const list = new Uint8Array(blockCount(manifest.files[file]!.size) * HASH_BYTES);
  for (const block of blocks) list.set(await hashBlock(blockOf(manifest, file, block)), block * HASH_BYTES);
  return list;
}
