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

  /** Hands the transfers' files to the browser's downloads, one after the other. Rejects at the end where some could not be opened. */
  async download(transfers: readonly TransferView[]): Promise<void> {
    const fresh = transfers.filter(({ key }) => !this.#starting.has(key));
    for (const { key } of fresh) this.#starting.add(key);
    const failures: unknown[] = [];
    try {
      await downloadAll(
        fresh.map((transfer) => ({ ...transfer, open: () => this.#open(transfer.key, failures) })),
        ({ key }) => {
          this.#starting.delete(key);
          this.#markSaved(key);
        },
      );
    } finally {
      for (const { key } of fresh) this.#starting.delete(key);
    }
    throwIfAny(failures);
  }

  /** Asks for a folder and writes the transfers' files into it, sub-folders kept. Rejects where not all of them are there then. */
  async writeIntoFolder(transfers: readonly TransferView[]): Promise<void> {
    const directory = await pickDirectory();
    if (!directory) return;
    const failures: unknown[] = [];
    for (const { key, path } of transfers) {
      const file = await this.#open(key, failures);
      if (!file) continue;
      await writeInto(directory, path, file);
      this.#markSaved(key);
    }
    throwIfAny(failures);
  }

  /** One that cannot be read does not keep the others: why goes into `failures`. */
  async #open(key: string, failures: unknown[]): Promise<Blob | undefined> {
    const found = this.#views.find(key);
    try {
      return await found?.exchange.receiver.open(found.view.id);
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  }

  #markSaved(key: string): void {
    const found = this.#views.find(key);
    found?.exchange.receiver
      .markSaved(found.view.id)
      .catch((error: unknown) => console.warn('Could not note that a file is saved.', error));
    this.#onSaved();
  }
}

function throwIfAny(failures: readonly unknown[]): void {
  if (failures.length > 0) throw new AggregateError(failures, 'Some files could not be opened');
}
