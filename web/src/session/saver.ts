import { downloadAll, pickDirectory, writeInto } from './downloads.ts';
import type { TransferViews } from './transfer-views.ts';
import type { TransferView } from './views.ts';

/** Puts received files where the person wants them, and remembers which they are. */
export class Saver {
  readonly #views: TransferViews;
  readonly #onSaved: () => void;
  /** Keys of files whose download is about to start: asking twice must not save twice. */
  readonly #starting = new Set<string>();

  /** `onSaved` is called when the views of files that are saved have to be looked at again. */
  constructor(views: TransferViews, onSaved: () => void) {
    this.#views = views;
    this.#onSaved = onSaved;
  }

  /** Hands the transfers' files to the browser's downloads, one after the other. */
  async download(transfers: readonly TransferView[]): Promise<void> {
    const fresh = transfers.filter(({ key }) => !this.#starting.has(key));
    for (const { key } of fresh) this.#starting.add(key);
    try {
      await downloadAll(
        fresh.map((transfer) => ({ ...transfer, open: () => this.#open(transfer.key) })),
        ({ key }) => {
          this.#starting.delete(key);
          this.#markSaved(key);
        },
      );
    } finally {
      for (const { key } of fresh) this.#starting.delete(key);
    }
  }

  /** Asks for a folder and writes the transfers' files into it, sub-folders kept. */
  async writeIntoFolder(transfers: readonly TransferView[]): Promise<void> {
    const directory = await pickDirectory();
    if (!directory) return;
    for (const { key, path } of transfers) {
      const file = await this.#open(key);
      if (!file) continue;
      await writeInto(directory, path, file);
      this.#markSaved(key);
    }
  }

  async #open(key: string): Promise<Blob | undefined> {
    const found = this.#views.find(key);
    return found?.exchange.receiver.open(found.view.id);
  }

  #markSaved(key: string): void {
    const found = this.#views.find(key);
    found?.exchange.receiver
      .markSaved(found.view.id)
      .catch((error: unknown) => console.warn('Could not note that a file is saved.', error));
    this.#onSaved();
  }
}
