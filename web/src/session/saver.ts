import type { SinkStore } from '@tincan/engine/transfer/sink';
import { downloadAll, pickDirectory, writeInto } from './downloads.ts';
import type { Exchanges } from './exchanges.ts';
import type { TransferView } from './views.ts';

/** Puts received files where the person wants them, and remembers which they are. */
export class Saver {
  readonly #exchanges: Exchanges;
  readonly #store: SinkStore;
  /** Keys of files whose download is about to start: asking twice must not save twice. */
  readonly #starting = new Set<string>();

  constructor(exchanges: Exchanges, store: SinkStore) {
    this.#exchanges = exchanges;
    this.#store = store;
  }

  /** Hands the transfers' files to the browser's downloads, one after the other. */
  async download(transfers: readonly TransferView[]): Promise<void> {
    const files = transfers.flatMap(({ key, path }) => {
      const file = this.#starting.has(key) ? undefined : this.#exchanges.fileOf(key);
      return file ? [{ key, path, file }] : [];
    });
    for (const { key } of files) this.#starting.add(key);
    await downloadAll(files, ({ key, file }) => {
      this.#starting.delete(key);
      this.#markSaved(key, file);
    });
  }

  /** Asks for a folder and writes the transfers' files into it, sub-folders kept. */
  async writeIntoFolder(transfers: readonly TransferView[]): Promise<void> {
    const directory = await pickDirectory();
    if (!directory) return;
    for (const { key, path } of transfers) {
      const file = this.#exchanges.fileOf(key);
      if (!file) continue;
      await writeInto(directory, path, file);
      this.#markSaved(key, file);
    }
  }

  #markSaved(key: string, file: Blob): void {
    this.#exchanges.markSaved(key);
    this.#store.markSaved(file).catch((error: unknown) => console.warn('Could not note that a file is saved.', error));
  }
}
