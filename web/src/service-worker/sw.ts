// Hands over to the browser's downloads what a page makes as it goes: a browser takes a download from an address only, and this worker answers for one.
// It serves nothing else, so that whichever build of the page is open, it stands in nobody's way. Its other end is storage/streamed-download.ts.
//
//   page ── announce { id, name, length } + port ──▶ worker
//   page ── a hidden frame asks for save/<id>/<name> ──▶ worker answers with a stream
//   worker ── 'more' ──▶ page ── bytes, or null at the end ──▶ worker, one piece at a time, as the browser's disk takes them
//   worker ── 'cancelled' ──▶ page, when its person has stopped the download
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

worker.addEventListener('message', (event) => {
  event.waitUntil(new Promise((resolve) => setTimeout(resolve, STAY_MS)));
  const { type, id } = event.data as { type: 'announce' | 'alive'; id: string };
  const port = event.ports[0];
  if (!port) return;
  if (type === 'announce')
    announced.set(id, { ...(event.data as { name: string; length: number }), port, isTaken: false });
  port.postMessage(announced.has(id) ? 'here' : 'gone');
});

worker.addEventListener('fetch', (event) => {
  const [id] = event.request.url.slice(worker.registration.scope.length).split('/');
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
