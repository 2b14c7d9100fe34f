import { isFolderPath } from '@tincan/shared/folder-path';
import { makeZip, predictLength } from 'client-zip';

/** One thing that goes into an archive. */
export interface ZipEntry {
  /** Unlike every other; with `/` between folders, and at the end of an empty one. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number | undefined;
  /** Its bytes, asked for when it is its turn. */
  open(): Promise<Blob>;
}

/** How long the archive of these will be, in bytes. */
export function zipLength(entries: readonly ZipEntry[]): number {
  return Number(
    predictLength(entries.map(({ path, size }) => (isFolderPath(path) ? { name: path } : { name: path, size }))),
  );
}

/** The archive, uncompressed and made as it is read; large ones are zip64. Fails if an entry cannot be opened, or is not as long as it says. */
export function zipStream(entries: readonly ZipEntry[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return makeZip(inputsOf(entries)) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

async function* inputsOf(entries: readonly ZipEntry[]) {
  for (const entry of entries) {
    const { path, size, modified } = entry;
    const lastModified = new Date(modified ?? Date.now());
    if (isFolderPath(path)) {
      yield { name: path, lastModified };
      continue;
    }
    const input = await entry.open();
    if (input.size !== size) throw new Error(`${path} has ${input.size} bytes instead of ${size}`);
    yield { name: path, lastModified, input, size };
  }
}
