// What pictures and players of a frame get of this page's files, through the service worker (service-worker/sw.ts has the other end, and what the two say).
import { SCOPE, type PageWorker } from './page-worker.ts';

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
  readonly #files = new Map<string, { readonly file: ServedFile; readonly ended: AbortController }>();

  constructor(worker: Promise<PageWorker | undefined>) {
    this.#worker = worker;
    void worker.then((isThere) => {
      if (!isThere) return;
      navigator.serviceWorker.addEventListener('message', (event: MessageEvent<Wanted>) => this.#handle(event));
      navigator.serviceWorker.startMessages();
    });
  }

  /** `undefined` where the browser lets the page have no service worker. */
  async serve(file: ServedFile): Promise<ServedAt | undefined> {
    if (!(await this.#worker)?.()) return undefined;
    const id = crypto.randomUUID();
    const ended = new AbortController();
    this.#files.set(id, { file, ended });
    const stop = () => {
      ended.abort();
      this.#files.delete(id);
    };
    return { stage: `${SCOPE}stage`, file: new URL(`${SCOPE}view/${id}`, document.baseURI).href, stop };
  }

  #handle({ data, ports: [port] }: MessageEvent<Wanted>): void {
    const served = data.type === 'wanted' ? this.#files.get(data.id) : undefined;
    if (!served || !port) return; // another page has it
    port.postMessage('here');
    const cancelled = new AbortController();
    port.onmessage = () => cancelled.abort();
    const signal = AbortSignal.any([cancelled.signal, served.ended.signal]);
    void answer(served.file, data.range, signal).then((found) => port.postMessage(found));
  }
}

/** RFC 9110: one range is answered with its beginning, as far as one read goes; a player asks again from there. Without a range, with all of it. */
export async function answer(file: ServedFile, range: string | null, signal: AbortSignal): Promise<Answer> {
  const { size, type } = file;
  const headers: Record<string, string> = { ...HEADERS, 'Content-Type': type, 'Accept-Ranges': 'bytes' };
  try {
    if (range === null) return { status: 200, headers, body: await readAll(file, signal) };
    const asked = parseRange(range, size);
    if (!asked) return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` }, body: null };
    const body = (await file.read(asked.first, signal)).subarray(0, asked.last + 1 - asked.first);
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
