// Where what is, in the folder of an offer:
//
//   manifest.json      what was accepted (folder-notes.ts)
//   notes.jsonl        what has become of it since
//   3.data  3.hashes   a file of more than one block, by its place in the manifest: its bytes as they are, and its sidecar
//   pack.data          all files of one block or less, one after the other in the manifest's order, so that 50,000 of them are one file
//   pack.hashes        their sidecars, likewise; an empty file has no block, and no entry
//
// A sidecar is 32 bytes a block: its SHA-256 once it is durable, and zeros before.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { blockCount } from '@tincan/engine/transfer/blocks';
import { HASH_BYTES } from '@tincan/engine/transfer/hash';
import type { KeptFile } from '@tincan/engine/transfer/store';

export const MANIFEST = 'manifest.json';
export const NOTES = 'notes.jsonl';
export const PACK_DATA = 'pack.data';
export const PACK_HASHES = 'pack.hashes';

/** Where a file's bytes and its sidecar begin. */
export interface Place {
  readonly data: string;
  readonly sidecar: string;
  /** Of its first byte within `data`. */
  readonly at: number;
  /** The number of its first block's entry in `sidecar`. */
  readonly entry: number;
  readonly size: number;
}

/** Whether files of this size share a place with others. */
export function isPacked(size: number): boolean {
  return size <= BLOCK_BYTES;
}

/** The places of all files, in the manifest's order. */
export function placesOf(files: readonly KeptFile[]): Place[] {
  let [packBytes, packEntries] = [0, 0];
  return files.map(({ size }, file) => {
    if (!isPacked(size)) return { data: `${file}.data`, sidecar: `${file}.hashes`, at: 0, entry: 0, size };
    const place = { data: PACK_DATA, sidecar: PACK_HASHES, at: packBytes, entry: packEntries, size };
    packBytes += size;
    packEntries += blockCount(size);
    return place;
  });
}

/** The blocks of a file that are durable, by its whole sidecar or by the pack's. */
export function durableBlocks({ entry, size }: Place, sidecar: Uint8Array): number[] {
  const blocks: number[] = [];
  for (let block = 0; block < blockCount(size); block++) {
    const at = (entry + block) * HASH_BYTES;
    if (sidecar.subarray(at, at + HASH_BYTES).some((byte) => byte !== 0)) blocks.push(block);
  }
  return blocks;
}

/** Joins the entries of neighbours, so that each run is written at once. */
export function* sidecarRuns(
  entries: ReadonlyMap<number, Uint8Array>,
): Generator<{ at: number; bytes: Uint8Array<ArrayBuffer> }> {
  const numbers = [...entries.keys()].sort((a, b) => a - b);
  for (let first = 0, next = 0; first < numbers.length; first = next) {
    do next++;
    while (next < numbers.length && numbers[next] === numbers[next - 1]! + 1);
    const bytes = new Uint8Array((next - first) * HASH_BYTES);
    for (let index = first; index < next; index++)
      bytes.set(entries.get(numbers[index]!)!, (index - first) * HASH_BYTES);
    yield { at: numbers[first]! * HASH_BYTES, bytes };
  }
}
