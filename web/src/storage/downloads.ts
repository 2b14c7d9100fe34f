import type { PageWorker } from './page-worker.ts';
import { downloadStream, type HandOver, type Streamed, type StreamedDownloadOptions } from './streamed-download.ts';
import { makeZipFile, sweepZipFiles } from './zip-file.ts';
import { zipLength, zipStream, type ZipEntry } from './zip.ts';

export interface HandOverOptions extends StreamedDownloadOptions {
  /** Its person has just clicked for it. */
  clicked: boolean;
  /** It was handed over before, and its person asks for it once more. */
  again: boolean;
}

/** Whatever a page can hand to the browser's downloads. Of what becomes of a single file there, no page hears. */
export class Downloads {
  readonly #worker: Promise<PageWorker | undefined>;
  /** A download was stopped, or is asked for once more: it may be that the browser takes none from this tab any more. It does not tell. */
  #isInDoubt = false;

  constructor(worker: Promise<PageWorker | undefined>) {
    this.#worker = worker;
    void sweepZipFiles();
  }

  /** Hands one file over; the browser reads it from where it lies. Rejects with `AbortError` if it is stopped here. */
  async file(file: Blob, name: string, options: HandOverOptions): Promise<HandOver> {
    const open = () => file.stream();
    const handed = this.#mayRefuse(options)
      ? await this.#stream({ name, length: file.size, open }, options)
      : undefined;
    return handed ?? this.#link(file, name);
  }

  /**
   * Hands several over as one archive: made as it is taken, or, where the browser lets the page have no worker, made on its disk first. Rejects if an
   * entry cannot be opened, with `AbortError` if it is stopped here, and with `no-space` if it has to be made on the disk and does not fit.
   */
  async zip(name: string, entries: readonly ZipEntry[], options: HandOverOptions): Promise<HandOver> {
    const open = () => zipStream(entries);
    const handed = await this.#stream({ name, length: zipLength(entries), open }, options);
    return handed ?? this.#link(await makeZipFile(open(), options.onProgress, options.signal), name);
  }

  /** Only browsers that say that they are of Chromium's kind ask before a page may make several downloads, and hold a refusal against the tab. */
  #mayRefuse({ again }: HandOverOptions): boolean {
    this.#isInDoubt ||= again;
    return this.#isInDoubt && 'userAgentData' in navigator;
  }

  async #stream(streamed: Omit<Streamed, 'inOwnTab'>, options: HandOverOptions): Promise<HandOver | undefined> {
    const worker = (await this.#worker)?.();
    if (!worker) return undefined;
    const inOwnTab = this.#mayRefuse(options) && options.clicked;
    const handed = await downloadStream(worker, { ...streamed, inOwnTab }, options);
    this.#isInDoubt ||= handed === 'cancelled';
    return handed;
  }

  #link(file: Blob, name: string): HandOver {
    const link = document.createElement('a');
    // For as long as the page lives: the browser may leave its question where to put the file open for long.
    link.href = URL.createObjectURL(file.slice(0, file.size, 'application/octet-stream')); // of another type, browsers add endings
    link.download = name;
    link.click();
    return 'handed';
  }
}
