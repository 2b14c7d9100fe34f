/* eslint-disable @typescript-eslint/unbound-method -- each is called with the object that it is asked of */
import type { ChromiumTab } from '../../e2e/support/chromium-tab.ts';

/** What a page has had done since its load. */
export interface Work {
  /** What it asked of the worker that writes, by name. */
  requests: Record<string, number>;
  /** Control messages that it sent over its links, by type. */
  messages: Record<string, number>;
  /** How often its worker made the browser write through to the disk. */
  flushes: number;
  /** Tasks of more than 50 ms, and the longest, in milliseconds. */
  longTasks: number;
  longestTaskMs: number;
}

declare global {
  interface Window {
    work: Omit<Work, 'flushes'>;
  }
  var flushes: number | undefined; // in the worker
}

/** Runs in the page before its own scripts. */
function countWork(): void {
  const work: Window['work'] = { requests: {}, messages: {}, longTasks: 0, longestTaskMs: 0 };
  window.work = work;
  const count = (counts: Record<string, number>, name: string) => (counts[name] = (counts[name] ?? 0) + 1);
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (this: Worker, ...[message, options]: [unknown, never]) {
    if (typeof message === 'object' && message && 'name' in message) count(work.requests, String(message.name));
    return postMessage.call(this, message, options);
  };
  const { send } = RTCDataChannel.prototype;
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: never) {
    const type = typeof data === 'string' ? /"type":"([a-z-]+)"/.exec(data)?.[1] : 'frame';
    count(work.messages, type ?? 'other');
    return send.call(this, data);
  };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      work.longTasks += 1;
      work.longestTaskMs = Math.max(work.longestTaskMs, duration);
    }
  }).observe({ type: 'longtask' });
}

/** Runs in the worker. */
function countFlushes(): void {
  const { prototype } = (globalThis as unknown as { FileSystemSyncAccessHandle: { prototype: { flush(): void } } })
    .FileSystemSyncAccessHandle;
  const { flush } = prototype;
  globalThis.flushes = 0;
  prototype.flush = function () {
    globalThis.flushes = (globalThis.flushes ?? 0) + 1;
    flush.call(this);
  };
}

/** Counts what a person's page has done. */
export class WorkProbe {
  readonly #tab: ChromiumTab;

  private constructor(tab: ChromiumTab) {
    this.#tab = tab;
  }

  /** Before the page is opened. */
  static async watch(tab: ChromiumTab): Promise<WorkProbe> {
    await tab.runFirst(countWork);
    return new WorkProbe(tab);
  }

  /** Once the page has its worker, and before anything is written. */
  async watchWorker(): Promise<void> {
    await this.#worker.evaluate(countFlushes);
  }

  async read(): Promise<Work> {
    const work = await this.#tab.page.evaluate(() => window.work);
    return { ...work, flushes: await this.#worker.evaluate(() => globalThis.flushes ?? 0) };
  }

  get #worker() {
    const worker = this.#tab.page.workers().find((each) => each.url().includes('store.worker'));
    if (!worker) throw new Error('The page has no worker that writes.');
    return worker;
  }
}
