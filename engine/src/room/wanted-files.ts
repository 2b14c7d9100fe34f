import { addTo } from '../platform/groups.ts';
import { baseName } from '../transfer/names.ts';
import type { TransferFile } from '../transfer/file-state.ts';
import type { SourceHandle } from '../transfer/ledger.ts';
import type { Sender } from '../transfer/sender.ts';
import { Source, type Reopen } from '../transfer/source.ts';

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
  /** Opens it as it is now, where the browser gives that for this visit only. */
  readonly reopen?: Reopen | undefined;
}

/** The chosen file as a source that can see whether it changes, as far as the browser shows that. */
export function sourceOf({ file, handle, reopen }: Omit<ChosenFile, 'path'>): Source {
  return new Source(file, handle ? () => handle.open() : reopen);
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

  /** Keeps the handles, and begins to open what the browser opens without a click: nobody has to wait for that. */
  restore(handles: ReadonlyMap<string, SourceHandle>): void {
    for (const [id, handle] of handles) this.#handles.set(id, handle);
    void this.#openAll(handles);
  }

  /** Opens a file by its handle; within a click. False where that was not allowed, or it is gone or another one. */
  async reopen(id: string): Promise<boolean> {
    const handle = this.#handles.get(id);
    if (!handle) return false;
    return this.#open(id, handle, async () => ((await handle.ask()) ? handle.open() : undefined));
  }

  /**
   * Takes those of the chosen files that a send waits for, by name and size; gives the others. What is for one peer is only for that peer's `senders`:
   * a send that waits for somebody else must not swallow it.
   */
  give<T extends ChosenFile>(files: readonly T[], senders = [...this.#senders()]): T[] {
    if (this.#wantedBy(senders).length === 0) return [...files];
    // Of several files of one name and size, each goes first to where its path says.
    const left = this.#giveBy((path) => path, files, senders);
    return this.#giveBy(baseName, left, senders);
  }

  /** Nobody waits for it any more. */
  forget(id: string): void {
    this.#handles.delete(id);
  }

  #giveBy<T extends ChosenFile>(
    nameOf: (path: string) => string,
    files: readonly T[],
    senders: readonly Sender[],
  ): T[] {
    const waiting = new Map<string, string[]>();
    // The last first, so that the next to be given is at the end.
    for (const { id, path, size } of this.#wantedBy(senders).reverse()) {
      addTo(waiting, keyOf(nameOf(path), size), id);
    }
    return files.filter((chosen) => {
      const id = waiting.get(keyOf(nameOf(chosen.path), chosen.file.size))?.pop();
      if (id === undefined) return true;
      if (chosen.handle) this.#handles.set(id, chosen.handle);
      this.#senderOf(id)?.give(id, sourceOf(chosen));
      return false;
    });
  }

  #wantedBy(senders: Iterable<Sender>): WantedFile[] {
    const wanted: WantedFile[] = [];
    for (const sender of senders)
      for (const file of sender.files) {
        const { id, path, size } = file;
        if (isWanted(file)) wanted.push({ id, path, size, canOpen: this.#handles.has(id) });
      }
    return wanted;
  }

  async #openAll(handles: ReadonlyMap<string, SourceHandle>): Promise<void> {
    for (const [id, handle] of handles) if (this.#senderOf(id)) await this.#open(id, handle, () => handle.open());
  }

  /** Never rejects: whether the file is there now. A handle that does not lead to it any more is dropped, so that it is asked for by hand. */
  async #open(id: string, handle: SourceHandle, open: Reopen): Promise<boolean> {
    try {
      const file = await open();
      if (!file) return false;
      const sender = this.#senderOf(id);
      if (!sender) return true; // its person was faster
      if (sender.fileOf(id)?.size !== file.size) throw new Error('It has another size now.');
      sender.give(id, sourceOf({ file, handle }));
      return true;
    } catch (error) {
      console.warn('A file of an earlier visit cannot be opened again; it has to be chosen.', error);
      this.#handles.delete(id);
      return false;
    }
  }

  /** Who waits for this file. */
  #senderOf(id: string): Sender | undefined {
    for (const sender of this.#senders()) {
      const file = sender.fileOf(id);
      if (file && isWanted(file)) return sender;
    }
    return undefined;
  }
}

/** Whether any of the chosen files is, by its name and size, one that a send waits for. */
export function isAnyWanted(
  waiting: readonly { path: string; size: number }[],
  files: readonly Pick<ChosenFile, 'path' | 'file'>[],
): boolean {
  if (waiting.length === 0) return false;
  const chosen = new Set(files.map(({ path, file }) => keyOf(baseName(path), file.size)));
  return waiting.some(({ path, size }) => chosen.has(keyOf(baseName(path), size)));
}

function isWanted({ here, state }: TransferFile): boolean {
  return here === 'file' && state === 'active';
}

function keyOf(name: string, size: number): string {
  return `${size} ${name}`;
}
