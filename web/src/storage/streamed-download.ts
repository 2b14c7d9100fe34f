// A download that is made as it goes, through the service worker (service-worker/sw.ts has the other end, and what the two say).
import { ALIVE_INTERVAL_MS, isHere, PATIENCE_MS, SCOPE } from './page-worker.ts';

/** Pieces of the stream are joined to at least this, in bytes: each is a message. */
const PIECE_BYTES = 262_144;

/** What a page can hand to the browser's downloads. */
export interface Streamed {
  readonly name: string;
  /** In bytes, exactly. */
  readonly length: number;
  /** Begins to make it. */
  readonly open: () => ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Asks for it, within a click, from a tab of its own, which closes as the download begins: what the browser refuses this one does not hold there. */
  readonly inOwnTab: boolean;
}

export interface StreamedDownloadOptions {
  /** Bytes that the browser has taken so far. */
  onProgress: (bytes: number) => void;
  signal: AbortSignal;
}

/** `cut`: the browser has stopped the worker in the middle, and may take half of it for the whole. `cancelled`: its person has stopped it. */
export type HandOver = 'handed' | 'cut' | 'cancelled';

/**
 * Hands the stream to the browser's downloads, as fast as these take it. Resolves once all of it has been taken, or it was stopped; rejects as the
 * stream does, and with `AbortError`. `undefined` if the worker does not answer, or the browser does not ask it for the download.
 */
export async function downloadStream(
  worker: ServiceWorker,
  { name, length, open, inOwnTab }: Streamed,
  { onProgress, signal }: StreamedDownloadOptions,
): Promise<HandOver | undefined> {
  const id = crypto.randomUUID();
  const channel = new MessageChannel();
  const port = channel.port1;
  if (!(await isHere(worker, { type: 'announce', id, name, length }, channel))) return undefined;
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = `${SCOPE}${id}/${encodeURIComponent(name)}`;
  const reader = open().getReader();
  const settled = new AbortController();
  let tab = null as Window | null;
  let onCut = () => {};
  const alive = setInterval(() => {
    void isHere(worker, { type: 'alive', id }).then((here) => here || onCut());
  }, ALIVE_INTERVAL_MS);
  try {
    return await new Promise<HandOver | undefined>((resolve, reject) => {
      let bytes = 0;
      /** Whoever still reads from the worker is not to wait for ever, nor to take half of it for the whole. */
      const giveUp = (outcome: HandOver | undefined) => {
        port.postMessage('failed');
        resolve(outcome);
      };
      const impatient = setTimeout(() => giveUp(undefined), PATIENCE_MS);
      const fail = (error: unknown) => {
        port.postMessage('failed');
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const giveMore = async () => {
        const piece = await readPiece(reader);
        if (piece === undefined) {
          port.postMessage(null);
          return resolve('handed');
        }
        bytes += piece.length;
        port.postMessage(piece, [piece.buffer]);
        onProgress(bytes);
      };
      onCut = () => giveUp('cut');
      signal.addEventListener('abort', () => fail(signal.reason), { signal: settled.signal });
      if (signal.aborted) return fail(signal.reason);
      port.onmessage = ({ data }: MessageEvent<'more' | 'cancelled'>) => {
        clearTimeout(impatient);
        if (data === 'more') giveMore().catch(fail);
        else resolve('cancelled');
      };
      if (inOwnTab && navigator.userActivation.isActive) tab = window.open(frame.src);
      if (!tab) document.body.append(frame);
    });
  } finally {
    settled.abort();
    clearInterval(alive);
    await reader.cancel().catch(() => undefined); // what it fails with has been told
    port.close();
    frame.remove();
    tab?.close();
  }
}

/** Joins what comes to pieces worth a message; `undefined` at the end. */
async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (length < PIECE_BYTES) {
    const { value } = await reader.read();
    if (!value) break;
    parts.push(value);
    length += value.length;
  }
  if (length === 0) return undefined;
  const piece = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    piece.set(part, at);
    at += part.length;
  }
  return piece;
}
