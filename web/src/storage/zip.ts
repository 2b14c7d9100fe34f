import { isFolderPath } from '@tincan/shared/folder-path';
import { readSmall, SMALL_BYTES } from '@tincan/engine/transfer/small-reads';
import { makeZip, predictLength } from 'client-zip';

/** So many small files are opened and read while those before them are taken. */
const TOGETHER = 32;

/** One thing that goes into an archive. */
export interface ZipEntry {
  /** Unlike every other; with `/` between folders, and at the end of an empty one. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number | undefined;
  /** Its bytes: of a small file asked for shortly before it is its turn, of a large one then; never of two entries at once. */
  open(): Promise<Blob>;
}

/** How long the archive of these will be, in bytes. */
export function zipLength(entries: readonly ZipEntry[]): number {
  const length = predictLength(
    entries.map(({ path, size }) => (isFolderPath(path) ? { name: path } : { name: path, size })),
  );
  return Number(length) + (lacksZip64End(entries) ? ZIP64_END_BYTES : 0);
}

/** The archive, uncompressed and made as it is read; large ones are zip64. Fails if an entry cannot be opened, or is not as long as it says. */
export function zipStream(entries: readonly ZipEntry[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stream = makeZip(inputsOf(entries)) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return lacksZip64End(entries) ? stream.pipeThrough(withZip64End(entries.length)) : stream;
}

async function* inputsOf(entries: readonly ZipEntry[]) {
  let coming: ReturnType<typeof readAll> | undefined;
  for (let from = 0; from < entries.length;) {
    const small = smallFrom(entries, from);
    // A large one is opened when it is its turn: what it lies in may be let go of once the next is opened.
    const inputs = small.length === 0 ? [await openEntry(entries[from]!)] : await (coming ?? readAll(small));
    const next = from + inputs.length;
    const nextSmall = smallFrom(entries, next);
    coming = nextSmall.length > 0 && small.length > 0 ? readAll(nextSmall) : undefined;
    coming?.catch(() => {}); // is told when it is their turn
    for (const [index, input] of inputs.entries()) {
      const { path, size, modified } = entries[from + index]!;
      const lastModified = new Date(modified ?? Date.now());
      yield input === undefined ? { name: path, lastModified } : { name: path, lastModified, input, size };
    }
    from = next;
  }
}

/** The small files and folders that follow each other from here on, as many as are read together. */
function smallFrom(entries: readonly ZipEntry[], from: number): readonly ZipEntry[] {
  const next = entries.slice(from, from + TOGETHER);
  const large = next.findIndex(({ size }) => size > SMALL_BYTES);
  return large < 0 ? next : next.slice(0, large);
}

/** `undefined` for a folder. One is opened after the other, and their bytes are read at once: a stream for each takes longer than its bytes. */
async function readAll(entries: readonly ZipEntry[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
  const blobs: (Blob | undefined)[] = [];
  for (const entry of entries) blobs.push(isFolderPath(entry.path) ? undefined : await openEntry(entry));
  return Promise.all(blobs.map(async (blob, index) => blob && readSmall(blob, entries[index]!.size)));
}

async function openEntry(entry: ZipEntry): Promise<Blob> {
  const blob = await entry.open();
  const { path, size } = entry;
  if (blob.size !== size) throw new Error(`${path} has ${blob.size} bytes instead of ${size}`);
  return blob;
}

// client-zip (2.5.1) writes the end record of zip64 for archives of 4 GiB, but not for those of more entries than a plain end record can count
// (https://github.com/Touffy/client-zip/pull/95): unzip takes such for broken. Here it is put before the plain one. The records are those of APPNOTE 4.3.14 to 4.3.16.

const MAX_PLAIN_ENTRIES = 0xfffe;
const MAX_PLAIN_BYTES = 0xfffffffe;
const END_BYTES = 22;
const ZIP64_END_BYTES = 56 + 20;
/** What is before the central directory, beside an entry's name and bytes: its header, and what follows it. */
const AROUND_ENTRY_BYTES = 30 + 16;

function lacksZip64End(entries: readonly ZipEntry[]): boolean {
  if (entries.length <= MAX_PLAIN_ENTRIES) return false;
  const encoder = new TextEncoder();
  const offset = entries.reduce(
    (sum, { path, size }) => sum + AROUND_ENTRY_BYTES + encoder.encode(path).length + size,
    0,
  );
  return offset <= MAX_PLAIN_BYTES;
}

function withZip64End(entries: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let last: Uint8Array<ArrayBuffer> | undefined;
  return new TransformStream({
    transform: (piece, controller) => {
      if (last) controller.enqueue(last);
      last = piece;
    },
    flush: (controller) => {
      if (last?.length !== END_BYTES) throw new Error('The archive does not end with its end record.');
      controller.enqueue(zip64End(entries, last));
      controller.enqueue(last);
    },
  });
}

function zip64End(entries: number, end: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const plain = new DataView(end.buffer, end.byteOffset);
  const [size, offset] = [plain.getUint32(12, true), plain.getUint32(16, true)]; // of the central directory
  const record = new DataView(new ArrayBuffer(ZIP64_END_BYTES));
  record.setUint32(0, 0x06064b50, true);
  record.setBigUint64(4, 44n, true); // bytes of this record that follow
  record.setUint16(12, 45, true); // made by, and needed: version 4.5
  record.setUint16(14, 45, true);
  record.setBigUint64(24, BigInt(entries), true);
  record.setBigUint64(32, BigInt(entries), true);
  record.setBigUint64(40, BigInt(size), true);
  record.setBigUint64(48, BigInt(offset), true);
  record.setUint32(56, 0x07064b50, true); // where the record above is
  record.setBigUint64(64, BigInt(offset + size), true);
  record.setUint32(72, 1, true); // of one disk
  return new Uint8Array(record.buffer);
}
