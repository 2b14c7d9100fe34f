import {
  downloadStream,
  startDownloadWorker,
  type DownloadWorker,
  type HandOver,
  type StreamedDownloadOptions,
} from './streamed-download.ts';
import { makeZipFile, sweepZipFiles } from './zip-file.ts';
import { zipLength, zipStream, type ZipEntry } from './zip.ts';

/** Whatever a page can hand to the browser's downloads. Of what becomes of it there, no page hears. */
export class Downloads {
  readonly #worker: Promise<DownloadWorker | undefined>;

  /** Makes ready what later downloads need, so that they work while the server is away. */
  constructor() {
    this.#worker = startDownloadWorker();
    void sweepZipFiles();
  }

  /** Hands one file over; the browser reads it from where it lies. */
  file(file: Blob, name: string): void {
    const link = document.createElement('a');
    // For as long as the page lives: the browser may leave its question where to put the file open for long.
    link.href = URL.createObjectURL(file.slice(0, file.size, 'application/octet-stream')); // of another type, browsers add endings
    link.download = name;
    link.click();
  }

  /**
   * Hands several over as one archive: made as it is taken, or, where the browser lets the page have no worker, made on its disk first. Rejects if an
   * entry cannot be opened, with `AbortError` if it is stopped here, and with `no-space` if it has to be made on the disk and does not fit.
   */
  async zip(name: string, entries: readonly ZipEntry[], options: StreamedDownloadOptions): Promise<HandOver> {
    const worker = (await this.#worker)?.();
    const open = () => zipStream(entries);
    const handed = worker && (await downloadStream(worker, { name, length: zipLength(entries), open }, options));
    if (handed) return handed;
    this.file(await makeZipFile(open(), options.onProgress, options.signal), name);
    return 'handed';
  }
}
