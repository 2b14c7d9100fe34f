// What pictures and players of a frame get of this page's files, through the service worker (service-worker/sw.ts has the other end, and what the two say).
import { ALIVE_INTERVAL_MS, isHere, SCOPE, type PageWorker } from './page-worker.ts';

/** Players ask for ranges. Whoever does not gets no more than this, in bytes: it is in memory then. */
export const MAX_WHOLE_BYTES = 64 * 1_048_576;

/** A file that is here, or still arriving. */
export interface ServedFile {
  /** In bytes. */
  readonly size: number;
  /** Its media type, chosen by us: it is what the browser takes it for, whatever its bytes say. */
  readonly type: string;
  /** Gives at least one byte from this offset on, as soon as it is here. Rejects with the signal's reason, and where nothing will come. */
  read(offset: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** Where a frame shows a file: the address of its document, and of the file for what is put into that. */
export interface ServedAt {
  readonly stage: string;
  readonly file: string;
  /** Nobody gets any of it any more. */
  stop(): void;
}

/** What a frame asks for: `range` is the header of its request. */
export interface Wanted {
  readonly type: 'wanted';
  readonly id: string;
  readonly range: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Blob | Uint8Array<ArrayBuffer> | null;
}

/** Somebody who opens the file in a tab of its own sees it, and nothing of it runs: pictures can be documents, too. */
const HEADERS = {
  'Content-Security-Policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** Gives files of this page an address each, while they are looked at. */
export class ServedFiles {
  readonly #worker: Promise<PageWorker | undefined>;
  readonly #files = new Map<string, { readonly file: ServedFile; readonly wanted: Set<AbortController> }>();

  constructor(worker: Promise<PageWorker | undefined>) {
    this.#worker = worker;
    void worker.then((isThere) => {
      if (!isThere) return;
      navigator.serviceWorker.addEventListener('message', (event: MessageEvent<Wanted | null>) => this.#handle(event));
      navigator.serviceWorker.startMessages();
    });
  }

  /** `undefined` where the browser lets the page have no service worker, or only one of before that does not know of this yet. */
  async serve(file: ServedFile): Promise<ServedAt | undefined> {
    const worker = (await this.#worker)?.();
    if (!worker || !(await isHere(worker, { type: 'view' }))) return undefined;
    const id = crypto.randomUUID();
    const wanted = new Set<AbortController>();
    this.#files.set(id, { file, wanted });
    const stop = () => {
      for (const each of wanted) each.abort();
      this.#files.delete(id);
    };
    return { stage: `${SCOPE}stage`, file: new URL(`${SCOPE}view/${id}`, document.baseURI).href, stop };
  }

  #handle({ data, ports: [port] }: MessageEvent<Wanted | null>): void {
    const served = data?.type === 'wanted' ? this.#files.get(data.id) : undefined;
    if (!data || !served || !port) return; // another page has it
    const cancelled = new AbortController();
    served.wanted.add(cancelled);
    port.onmessage = () => cancelled.abort();
    const alive = setInterval(() => void this.#keepAlive(), ALIVE_INTERVAL_MS);
    void answer(served.file, data.range, cancelled.signal).then((found) => {
      clearInterval(alive);
      served.wanted.delete(cancelled);
      port.postMessage(found, found.body instanceof Uint8Array ? [found.body.buffer] : []);
    });
    port.postMessage('here');
  }

  /** Browsers stop a worker that waits for something without a word. */
  async #keepAlive(): Promise<void> {
    (await this.#worker)?.()?.postMessage({ type: 'alive' });
  }
}

/** RFC 9110: one range is answered with its beginning, as far as one read goes; a player asks again from there. Without a range, with all of it, if that is not large. */
export async function answer(file: ServedFile, range: string | null, signal: AbortSignal): Promise<Answer> {
  const { size, type } = file;
  const headers: Record<string, string> = { ...HEADERS, 'Content-Type': type, 'Accept-Ranges': 'bytes' };
  try {
    if (range === null && size > MAX_WHOLE_BYTES) return { status: 413, headers: HEADERS, body: null };
    if (range === null) return { status: 200, headers, body: await readAll(file, signal) };
    const asked = parseRange(range, size);
    if (!asked) return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` }, body: null };
    const body = (await file.read(asked.first, signal)).slice(0, asked.last + 1 - asked.first);
    const last = asked.first + body.length - 1;
    return { status: 206, headers: { ...headers, 'Content-Range': `bytes ${asked.first}-${last}/${size}` }, body };
  } catch (error) {
    if (!signal.aborted) console.info('A file that is looked at could not be read.', error);
    return { status: 503, headers: HEADERS, body: null };
  }
}

async function readAll(file: ServedFile, signal: AbortSignal): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < file.size; at += parts.at(-1)!.length) parts.push(await file.read(at, signal));
  return new Blob(parts);
}

/** A range of bytes as RFC 9110 writes it, within the file; `undefined` if it cannot be satisfied, or is not one. */
function parseRange(range: string, size: number): { first: number; last: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range.trim()) ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first <= last ? { first, last } : undefined;
}
