import { asStoreError } from './store-errors.ts';
import type { OpfsFolder } from './opfs-folder.ts';
import type { OpfsFolders } from './opfs-folders.ts';
import type {
  HeldFolder,
  StoreAnswer,
  StoreCallName,
  StoreCalls,
  StoreFailure,
  StoreRequest,
  WrittenBlock,
} from './store-protocol.ts';

type Answering<Answer> = [Answer] extends [undefined] ? Promise<void> : Promise<Answer>;
type Handlers = { [Name in StoreCallName]: (asks: StoreCalls[Name]['asks']) => Answering<StoreCalls[Name]['answers']> };

/** The worker's end of a store: answers every request, whatever comes of it. */
export class StoreServer {
  readonly #open: (path: string) => Promise<OpfsFolders>;
  #folders: Promise<OpfsFolders> = Promise.reject(new Error('not started'));
  readonly #handlers: Handlers = {
    start: async ({ path }) => {
      this.#folders = this.#open(path);
      await this.#folders;
    },
    create: async ({ manifest, link }) => describe(await (await this.#folders).create(manifest, link)),
    list: async ({ now }) => (await this.#folders).list(now),
    take: async ({ folder }) => describe(await (await this.#folders).take(folder)),
    remove: async ({ folder, files }) => (await this.#folders).remove(folder, files),
    available: async () => (await this.#folders).available(),
    closeAll: async () => (await this.#folders).close(),

    write: async ({ folder, blocks }) => {
      const held = await this.#held(folder);
      const writing = blocks.map(({ file, block, bytes, hash }) => held.write(file, block, bytes, hash));
      return (await Promise.allSettled(writing)).map((each) =>
        each.status === 'rejected' ? failureOf(each.reason) : each.value,
      );
    },
    flush: async ({ folder }) => (await this.#held(folder)).flush(),
    read: async ({ folder, file, block }) => (await this.#held(folder)).read(file, block),
    recheck: async ({ folder, file, block }) => (await this.#held(folder)).recheck(file, block),
    hashes: async ({ folder, file }) => (await this.#held(folder)).hashes(file),
    open: async ({ folder, file }) => (await this.#held(folder)).open(file),
    note: async ({ folder, notes }) => (await this.#held(folder)).note(notes),
    moveTo: async ({ folder, link }) => (await this.#held(folder)).moveTo(link),
    close: async ({ folder }) => (await this.#held(folder)).close(),
    discard: async ({ folder }) => (await this.#held(folder)).discard(),
  };

  /** `open` opens the folders of the application at a path. */
  constructor(open: (path: string) => Promise<OpfsFolders>) {
    this.#open = open;
    this.#folders.catch(() => undefined); // whoever asks too early hears of it
  }

  /** Gives the answer. Never rejects. */
  async handle<Name extends StoreCallName>(request: StoreRequest<Name>): Promise<StoreAnswer> {
    const { number } = request;
    try {
      return { number, ok: true, value: await this.#handlers[request.name](request.asks) };
    } catch (error) {
      return { number, ok: false, ...failureOf(error) };
    }
  }

  async #held(folder: string): Promise<OpfsFolder> {
    return (await this.#folders).held(folder);
  }
}

/** What of an answer is given over and not copied. */
export function transfersOf({ name }: StoreRequest, answer: StoreAnswer): Transferable[] {
  if (!answer.ok) return [];
  if (name === 'read') return [(answer.value as Uint8Array<ArrayBuffer>).buffer];
  if (name !== 'write') return [];
  return (answer.value as WrittenBlock[]).flatMap((written) => (written instanceof Uint8Array ? [written.buffer] : []));
}

function failureOf(error: unknown): StoreFailure {
  const { code, message } = asStoreError(error);
  return { code, message };
}

function describe(held: OpfsFolder): HeldFolder {
  const { folder, manifest, link, ends } = held;
  return { folder, manifest, link, ends, durable: manifest.files.map((_, file) => held.foundDurable(file)) };
}
