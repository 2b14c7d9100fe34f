// A folder on the person's disk, as a page sees it that was given it: with names that the browser refuses, and faults.

/** What Chromium lets no page write, on any system. */
const REFUSED = /[<>:"|?*\\]|[. ]$|[.](lnk|local|scf|url)$/i;

type Node = Map<string, Node> | string;

export class DiskFolder {
  readonly #root: Map<string, Node> = new Map();
  readonly #faults = new Map<string, Error>();
  readonly #holds = new Map<string, Promise<void>>();
  readonly #dates = new Map<string, number>();

  constructor(files: Record<string, string> = {}) {
    for (const [name, text] of Object.entries(files)) this.#root.set(name, text);
  }

  get handle(): FileSystemDirectoryHandle {
    return this.#handleOf(this.#root);
  }

  /** Every file's text by its path, and every empty folder. */
  get tree(): Record<string, string> {
    return Object.fromEntries(walk(this.#root, ''));
  }

  /** Writing to a file of this name fails. */
  failAt(name: string, error: Error): void {
    this.#faults.set(name, error);
  }

  /** Writing to a file of this name stands still; gives what lets it go on. */
  holdAt(name: string): () => void {
    let letGo = () => {};
    this.#holds.set(name, new Promise<void>((resolve) => (letGo = resolve)));
    return letGo;
  }

  /** When the file of this name was written last, in milliseconds since 1970. */
  date(name: string, at: number): void {
    this.#dates.set(name, at);
  }

  #handleOf(folder: Map<string, Node>): FileSystemDirectoryHandle {
    const find = (name: string, isFile: boolean): Node | undefined => {
      if (REFUSED.test(name)) throw new TypeError('Name is not allowed.');
      const node = folder.get(name);
      if (node !== undefined && (typeof node === 'string') !== isFile) throw new DOMException('', 'TypeMismatchError');
      return node;
    };
    const handle = {
      getDirectoryHandle: async (name: string, options?: { create: boolean }) => {
        const found = find(name, false);
        if (!found && !options?.create) throw new DOMException('', 'NotFoundError');
        const child = found ?? new Map<string, Node>();
        folder.set(name, child);
        return this.#handleOf(child as Map<string, Node>);
      },
      getFileHandle: async (name: string, options?: { create: boolean }) => {
        const found = find(name, true);
        if (found === undefined && !options?.create) throw new DOMException('', 'NotFoundError');
        folder.set(name, found ?? '');
        return {
          createWritable: async () => this.#write(folder, name),
          getFile: async () =>
            new File([folder.get(name) as string], name, { lastModified: this.#dates.get(name) ?? 0 }),
        };
      },
      removeEntry: async (name: string) => void folder.delete(name),
    };
    return handle as unknown as FileSystemDirectoryHandle;
  }

  #write(folder: Map<string, Node>, name: string): WritableStream<Uint8Array> {
    const parts: Uint8Array[] = [];
    return new WritableStream({
      write: async (part) => {
        await this.#holds.get(name);
        const fault = this.#faults.get(name);
        if (fault) throw fault;
        parts.push(part);
      },
      close: () => void folder.set(name, Buffer.concat(parts).toString()),
    });
  }
}

function* walk(folder: Map<string, Node>, path: string): Generator<[string, string]> {
  for (const [name, node] of folder) {
    if (typeof node === 'string') yield [path + name, node];
    else if (node.size === 0) yield [`${path}${name}/`, ''];
    else yield* walk(node, `${path}${name}/`);
  }
}
