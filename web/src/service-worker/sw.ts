// Gives bytes of a page an address. It serves nothing else, so that whichever build of the page is open, it stands in nobody's way.
//
// What a page makes as it goes, for the browser's downloads, which take one from an address only. The other end is storage/streamed-download.ts:
//
//   page ── announce { id, name, length } + port ──▶ worker
//   page ── a hidden frame asks for save/<id>/<name> ──▶ worker answers with a stream
//   worker ── 'more' ──▶ page ── bytes, or null at the end ──▶ worker, one piece at a time, as the browser's disk takes them
//   worker ── 'cancelled' ──▶ page, when its person has stopped the download
//
// And what a page has of a file, for the pictures and players of a frame that this worker controls. The other end is storage/served-files.ts:
//
//   page ── a frame asks for save/stage ──▶ worker answers with an empty document in which no script runs
//   frame ── asks for save/view/<id>, or a range of it ──▶ worker ── wanted { id, range } + port ──▶ every page
//   the page that has it ── 'here', then { status, headers, body } ──▶ worker ──▶ frame
//   worker ── 'cancelled' ──▶ page, when the frame does not want it any more
//
// It has no imports but types: it is one classic script.

const worker = self as unknown as ServiceWorkerGlobalScope;

interface Announced {
  readonly name: string;
  /** In bytes. */
  readonly length: number;
  readonly port: MessagePort;
  /** The browser has asked for it. */
  isTaken: boolean;
}

/** What pages hand over at this moment. It goes with the worker: a page that asks hears then that the download was cut. */
const announced = new Map<string, Announced>();
/** A page says at shorter intervals that it is still there; some browsers stop a worker that hears nothing for 30 s. In milliseconds. */
const STAY_MS = 20_000;
/** So soon a page says that it has what is wanted, in milliseconds. */
const PATIENCE_MS = 5_000;

/** In the frame's document there are a page's pictures and players, and nothing runs. */
const STAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "default-src 'none'; img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

worker.addEventListener('message', (event) => {
  event.waitUntil(new Promise((resolve) => setTimeout(resolve, STAY_MS)));
  const { type, id = '' } = event.data as { type: 'announce' | 'alive' | 'view'; id?: string };
  const port = event.ports[0];
  if (!port) return;
  if (type === 'announce')
    announced.set(id, { ...(event.data as { name: string; length: number }), port, isTaken: false });
  port.postMessage(type === 'view' || announced.has(id) ? 'here' : 'gone'); // one of before knows of no view
});

// A newer one takes over at once: what an older one has begun, it ends, and what it says to pages stays the same.
worker.addEventListener('install', () => void worker.skipWaiting());

worker.addEventListener('fetch', (event) => {
  const [id, viewed] = event.request.url.slice(worker.registration.scope.length).split('/');
  if (id === 'stage')
    return event.respondWith(new Response('<!doctype html><html data-stage></html>', { headers: STAGE_HEADERS }));
  if (id === 'view' && viewed) return event.respondWith(answerFor(viewed, event.request));
  const download = announced.get(id ?? '');
  if (id === undefined || !download || download.isTaken) return; // the server says that there is no such page
  download.isTaken = true;
  const { name, length, port } = download;
  const headers = {
    'Content-Type': 'application/octet-stream', // of another type, browsers add endings
    'Content-Length': String(length),
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, escapeMark)}`,
    'X-Content-Type-Options': 'nosniff',
  };
  event.respondWith(
    new Response(
      streamFrom(port, () => announced.delete(id)),
      { headers },
    ),
  );
});

/** What of a page's file a frame asks for; 404 if no page has it. */
async function answerFor(id: string, { headers, signal }: Request): Promise<Response> {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const ports = pages.map((page) => {
    const channel = new MessageChannel();
    page.postMessage({ type: 'wanted', id, range: headers.get('Range') }, [channel.port2]);
    return channel.port1;
  });
  return new Promise((resolve) => {
    const settle = (response: Response) => {
      clearTimeout(timer);
      for (const port of ports) port.close();
      resolve(response);
    };
    const timer = setTimeout(() => settle(new Response(null, { status: 404 })), PATIENCE_MS);
    signal.addEventListener('abort', () => {
      for (const port of ports) port.postMessage('cancelled');
      settle(new Response(null, { status: 503 }));
    });
    for (const port of ports)
      port.onmessage = ({ data }: MessageEvent<'here' | (ResponseInit & { body: BodyInit | null })>) => {
        if (data === 'here')
          clearTimeout(timer); // what it waits for comes from far
        else settle(new Response(data.body, data));
      };
  });
}

function streamFrom(port: MessagePort, onEnd: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      pull: (controller) =>
        new Promise<void>((resolve) => {
          port.onmessage = ({ data }: MessageEvent<Uint8Array<ArrayBuffer> | null | 'failed'>) => {
            if (data instanceof Uint8Array) controller.enqueue(data);
            else {
              onEnd();
              if (data === null) controller.close();
              else controller.error(new Error('The page could not go on.'));
            }
            resolve();
          };
          port.postMessage('more');
        }),
      cancel: () => {
        onEnd();
        port.postMessage('cancelled');
      },
    },
    { highWaterMark: 0 },
  );
}

/** RFC 8187 has these percent-encoded too. */
function escapeMark(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}
