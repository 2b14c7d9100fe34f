import { randomId } from '@tincan/shared/base64url';
import { TincanError } from '@tincan/engine/platform/errors';
import type { OpfsAnswer, OpfsRequest } from './sinks-protocol.ts';
import type { Sink, SinkStore } from '@tincan/engine/transfer/sink';

/** Keeps received files in the browser's private disk space (OPFS), written by a worker, in a folder of this page's own. */
export class OpfsSinks implements SinkStore {
  readonly #worker: Worker;
  readonly #pending = new Map<number, { resolve(file: File | undefined): void; reject(error: TincanError): void }>();
  readonly #names = new WeakMap<Blob, string>();
  #number = 0;

  /** Starts the worker. Rejects where the browser has no OPFS or does not allow it (private windows of some). */
  static async start(directory: string): Promise<OpfsSinks> {
    const store = new OpfsSinks();
    try {
      await store.#request({ op: 'start', directory });
    } catch (error) {
      store.#worker.terminate();
      throw error;
    }
    return store;
  }

  private constructor() {
    this.#worker = new Worker(new URL('./sinks.worker.ts', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<{ number: number; answer: OpfsAnswer }>) => {
      const waiting = this.#pending.get(data.number);
      this.#pending.delete(data.number);
      if (data.answer.ok) waiting?.resolve(data.answer.file);
      else waiting?.reject(new TincanError(data.answer.code, data.answer.message));
    });
    this.#worker.addEventListener('error', (event) => {
      const error = new TincanError('sink-failed', `the OPFS worker failed: ${event.message}`);
      for (const waiting of this.#pending.values()) waiting.reject(error);
      this.#pending.clear();
    });
  }

  async available(): Promise<number> {
    try {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate();
      return Math.max(0, quota - usage);
    } catch (error) {
      console.warn('The browser does not tell how much space is free.', error);
      return Infinity; // a write will tell
    }
  }

  async open(): Promise<Sink> {
    const file = randomId();
    await this.#request({ op: 'open', file });
    let discarded: Promise<void> | undefined;
    return {
      write: async (offset, bytes) => void (await this.#request({ op: 'write', file, offset, bytes }, [bytes.buffer])),
      flush: async () => void (await this.#request({ op: 'flush', file })),
      finish: async (as) => {
        const finished = (await this.#request({ op: 'finish', file, ...as }))!;
        this.#names.set(finished, file);
        return finished;
      },
      discard: () => (discarded ??= this.#request({ op: 'discard', file }).then(() => undefined)),
    };
  }

  async markSaved(finished: Blob): Promise<void> {
    const file = this.#names.get(finished);
    if (file !== undefined) await this.#request({ op: 'saved', file });
  }

  close(): void {
    this.#worker.terminate();
    for (const waiting of this.#pending.values()) waiting.reject(new TincanError('sink-failed', 'the store is closed'));
    this.#pending.clear();
  }

  #request(request: OpfsRequest, transfer: Transferable[] = []): Promise<File | undefined> {
    return new Promise((resolve, reject) => {
      const number = this.#number++;
      this.#pending.set(number, { resolve, reject });
      this.#worker.postMessage({ number, request }, transfer);
    });
  }
}
