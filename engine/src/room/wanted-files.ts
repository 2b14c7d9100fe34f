import { baseName } from '../transfer/names.ts';
import type { SourceHandle } from '../transfer/ledger.ts';
import type { Sender } from '../transfer/sender.ts';
import { Source } from '../transfer/source.ts';

/** A file of an earlier visit that its sender waits for. */
export interface WantedFile {
  /** The transfer's id. */
  readonly id: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** There is a handle of it; else its person has to choose it again. */
  readonly canOpen: boolean;
}

/** What can be chosen for a send that waits. */
export interface ChosenFile {
  readonly path: string;
  readonly file: File;
  readonly handle?: SourceHandle | undefined;
}

/** Brings sends of earlier visits their files again: by the handles that the browser has kept, or by the person's hand. */
export class WantedFiles {
  readonly #senders: () => Iterable<Sender>;
  /** By the transfers' ids. */
  readonly #handles = new Map<string, SourceHandle>();

  constructor(senders: () => Iterable<Sender>) {
    this.#senders = senders;
  }

  get all(): WantedFile[] {
    return this.#wantedBy(this.#senders());
  }

  /** Opens at once what the browser opens without a click, and keeps the other handles for one. */
  async restore(handles: ReadonlyMap<string, SourceHandle>): Promise<void> {
    for (const [id, handle] of handles) this.#handles.set(id, handle);
    for (const [id, handle] of handles) {
      try {
        await this.#open(id, handle);
      } catch (error) {
        this.#handleGone(id, error);
      }
    }
  }

  /** Opens a file by its handle; within a click. False where that was not allowed, or it is gone or another one. */
  async reopen(id: string): Promise<boolean> {
    const handle = this.#handles.get(id);
    if (!handle) return false;
    try {
      return (await handle.ask()) && (await this.#open(id, handle));
    } catch (error) {
      this.#handleGone(id, error);
      return false;
    }
  }

  /**
   * Takes those of the chosen files that a send waits for, by name and size; gives the others. What is for one peer is for `only` that peer's sends:
   * one that waits for somebody else must not swallow it.
   */
  give<T extends ChosenFile>(files: readonly T[], only?: Sender): T[] {
    const wanted = this.#wantedBy(only ? [only] : this.#senders());
    if (wanted.length === 0) return [...files];
    return files.filter((chosen) => {
      const fitting = wanted.filter((each) => isSameFile(each, chosen));
      const found = fitting.find(({ path }) => path === chosen.path) ?? fitting[0];
      if (!found) return true;
      wanted.splice(wanted.indexOf(found), 1);
      if (chosen.handle) this.#handles.set(found.id, chosen.handle);
      this.#give(found.id, chosen.file);
      return false;
    });
  }

  /** Nobody waits for it any more. */
  forget(id: string): void {
    this.#handles.delete(id);
  }

  #wantedBy(senders: Iterable<Sender>): WantedFile[] {
    const wanted: WantedFile[] = [];
    for (const sender of senders)
      for (const { id, path, size, here, state } of sender.files)
        if (here === 'file' && state === 'active') wanted.push({ id, path, size, canOpen: this.#handles.has(id) });
    return wanted;
  }

  async #open(id: string, handle: SourceHandle): Promise<boolean> {
    const file = await handle.open();
    return file !== undefined && this.#give(id, file);
  }

  #give(id: string, file: File): boolean {
    for (const sender of this.#senders()) {
      if (sender.fileOf(id)?.size !== file.size) continue;
      sender.give(id, new Source(file));
      return true;
    }
    return false;
  }

  #handleGone(id: string, error: unknown): void {
    console.warn('A file of an earlier visit cannot be opened again; it has to be chosen.', error);
    this.#handles.delete(id);
  }
}

/** Whether a chosen file is, by its name and size, the one that a send waits for. */
export function isSameFile(
  wanted: { path: string; size: number },
  { path, file }: { path: string; file: { size: number } },
): boolean {
  return wanted.size === file.size && baseName(wanted.path) === baseName(path);
}
