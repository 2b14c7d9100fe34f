// A file of the person's that changes while it is sent, as browsers show it. What each browser does was seen in real ones
// (e2e/changed-source.spec.ts): one reads a file only as long as its date is the one that it was chosen with, the other whatever is there.
// Small ones are to be read one by one: together they are read past this model.
import type { Reopen } from '../source.ts';

export type Browser = 'guards its files' | 'reads what is there';

export class FileOnDisk {
  bytes: Uint8Array<ArrayBuffer> | undefined;
  #date = 1_700_000_000_000;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes.slice();
  }

  /** Sets the file's date without changing a byte. */
  touch(): void {
    this.#date += 1_000;
  }

  overwrite(at: number, bytes: Uint8Array): void {
    this.bytes?.set(bytes, at);
    this.touch();
  }

  truncate(size: number): void {
    this.bytes = this.bytes?.slice(0, size);
    this.touch();
  }

  delete(): void {
    this.bytes = undefined;
  }

  /** The file as it is now, as a browser gives it to a page. */
  choose(browser: Browser): File {
    const chosen = new File([this.bytes!], 'file.bin', { lastModified: this.#date });
    chosen.arrayBuffer = async () => this.#read(browser, chosen.lastModified, 0, Infinity);
    chosen.slice = (start, end) => {
      const part = new Blob();
      part.arrayBuffer = async () => this.#read(browser, chosen.lastModified, start!, end!);
      return part;
    };
    return chosen;
  }

  /** As `FileSystemFileHandle.getFile` gives it anew. */
  reopen: Reopen = async () => {
    if (!this.bytes) throw new DOMException('gone', 'NotFoundError');
    return this.choose('guards its files');
  };

  #read(browser: Browser, chosenAt: number, start: number, end: number): ArrayBuffer {
    const guards = browser === 'guards its files';
    if (!this.bytes) throw new DOMException('gone', guards ? 'NotFoundError' : 'AbortError');
    if (guards && this.#date !== chosenAt) throw new DOMException('changed', 'NotReadableError');
    return this.bytes.slice(start, end).buffer;
  }
}
