// A page with its store over a disk in memory: the whole way from the port to the file handles, but for the browser.
import type { OfferStore } from '@tincan/engine/transfer/store';
import { removeEntry } from '../handles.ts';
import { OpfsFolders } from '../opfs-folders.ts';
import { OpfsStore, type StoreWorker } from '../opfs-store.ts';
import type { StoreAnswer, StoreRequest } from '../store-protocol.ts';
import { StoreServer, transfersOf } from '../store-server.ts';
import type { DiskBench } from './disk-contract.ts';
import { FakeDisk, type FakePage } from './fake-disk.ts';

/** A worker in the same thread, which is told copies, as a real one is. */
export class FakeWorker implements StoreWorker {
  readonly page: FakePage;
  readonly #server: StoreServer;
  readonly #listeners = new Map<string, ((event: { data: StoreAnswer; message?: string }) => void)[]>();

  constructor(page: FakePage) {
    this.page = page;
    this.#server = new StoreServer(
      async () =>
        new OpfsFolders({
          directory: page.root,
          locks: page.locks,
          lockPrefix: 'test ',
          estimate: async () => ({ quota: page.disk.quotaBytes, usage: page.disk.usedBytes }),
        }),
    );
  }

  postMessage(message: StoreRequest, transfer: Transferable[]): void {
    void this.#server.handle(structuredClone(message, { transfer })).then((answer) => {
      this.emit('message', { data: structuredClone(answer, { transfer: transfersOf(message, answer) }) });
    });
  }

  addEventListener(type: string, listener: (event: { data: StoreAnswer; message?: string }) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  /** What a browser tells of its worker. */
  emit(type: string, event: { data?: StoreAnswer; message?: string }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as { data: StoreAnswer });
  }

  terminate(): void {
    this.page.kill();
  }
}

/** A disk and the pages that use it. */
export class FakeBench implements DiskBench {
  readonly disk = new FakeDisk();
  readonly #workers = new Map<OfferStore, FakeWorker>();

  async open(options: { now?: () => number } = {}): Promise<OpfsStore> {
    const worker = new FakeWorker(this.disk.open());
    const store = await OpfsStore.start({ ...options, worker, path: '/', persist: async () => true });
    this.#workers.set(store, worker);
    return store;
  }

  workerOf(store: OfferStore): FakeWorker {
    return this.#workers.get(store)!;
  }

  async crash(store: OfferStore): Promise<void> {
    this.workerOf(store).terminate();
  }

  async names(folder?: string): Promise<string[]> {
    return folder === undefined ? this.disk.names() : this.disk.names(folder);
  }

  async read(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.disk.file(folder, name).bytes.slice();
  }

  async write(folder: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { root } = this.disk.open();
    const directory = await root.getDirectoryHandle(folder);
    await removeEntry(directory, name);
    const handle = await (await directory.getFileHandle(name, { create: true })).createSyncAccessHandle();
    handle.write(bytes, { at: 0 });
    handle.flush();
    handle.close();
  }
}
