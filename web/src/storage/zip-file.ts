// Where no service worker hands an archive over as it is made: the whole archive is made on the browser's private disk first.
import { randomId } from '@tincan/shared/base64url';
import { asStoreError } from './store-errors.ts';
import { isMissing } from './handles.ts';

/** The folder in OPFS under which every archive has one of its own, for as long as a page has the lock of that name. */
const ZIP_FOLDER = 'tincan-zips';

function lockOf(name: string): string {
  return `${ZIP_FOLDER} ${name}`;
}

/**
 * Writes the stream into a file of that name, which stays until this page is closed: the browser copies it into the downloads in its own time. Rejects with
 * `no-space` and keeps nothing if it does not fit, and as the stream does.
 */
export async function makeZipFile(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<File> {
  const name = randomId();
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(ZIP_FOLDER, { create: true });
  const letGo = await hold(lockOf(name));
  try {
    const handle = await folder.getFileHandle(name, { create: true });
    let bytes = 0;
    const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (piece, controller) => {
        onProgress((bytes += piece.length));
        controller.enqueue(piece);
      },
    });
    await stream.pipeThrough(counting).pipeTo(await handle.createWritable(), { signal });
    return await handle.getFile();
  } catch (error) {
    letGo();
    await folder.removeEntry(name).catch(() => undefined); // the next visit tries again
    if (signal.aborted) throw error;
    throw asStoreError(error);
  }
}

/** Deletes archives of pages that are closed. */
export async function sweepZipFiles(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(ZIP_FOLDER);
    for await (const { name } of folder.values())
      await navigator.locks.request(lockOf(name), { ifAvailable: true }, (lock) =>
        lock ? folder.removeEntry(name) : undefined,
      );
  } catch (error) {
    if (!isMissing(error)) console.info('Archives of earlier visits could not be looked for.', error);
  }
}

/** Resolves once this page has the lock, with what lets go of it; the page's end does so too. */
function hold(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, () => new Promise<void>((letGo) => resolve(letGo)))
      .catch((error: unknown) => reject(error as Error));
  });
}
