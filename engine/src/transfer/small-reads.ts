import { PIECE_BYTES } from '@tincan/shared/limits';

/** Files of up to this are small, in bytes. */
export const SMALL_BYTES = PIECE_BYTES;
const MARK_BYTES = 16;

interface Asked {
  readonly file: Blob;
  readonly size: number;
  readonly resolve: (bytes: Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>) => void;
}

let asked: Asked[] = [];

/**
 * Reads a whole small file of this size. Those that are asked for in the same turn share one call to the browser, which costs more than the reading;
 * if one of them cannot be read, or has another size, each is read by itself. Rejects as `Blob.arrayBuffer` does.
 */
export function readSmall(file: Blob, size: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve) => {
    if (asked.push({ file, size, resolve }) === 1) queueMicrotask(() => void readAsked());
  });
}

async function readAsked(): Promise<void> {
  const together = asked;
  asked = [];
  const parts = together.length > 1 ? await readTogether(together) : undefined;
  for (const [index, { file, resolve }] of together.entries())
    resolve(parts?.[index] ?? file.arrayBuffer().then((bytes) => new Uint8Array(bytes)));
}

/** `undefined` where one of them is not what it was: which one, only its own reading tells. */
async function readTogether(files: readonly Asked[]): Promise<Uint8Array<ArrayBuffer>[] | undefined> {
  // Between any two, so that a file that is shorter now is never completed with bytes of the next one.
  const mark = crypto.getRandomValues(new Uint8Array(MARK_BYTES));
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await new Blob(files.flatMap(({ file }) => [file, mark])).arrayBuffer());
  } catch {
    return undefined;
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let end = 0;
  for (const { size } of files) {
    parts.push(bytes.subarray(end, end + size));
    end += size + MARK_BYTES;
    if (end > bytes.length || mark.some((byte, at) => bytes[end - MARK_BYTES + at] !== byte)) return undefined;
  }
  return end === bytes.length ? parts : undefined;
}
