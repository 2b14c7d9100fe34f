// The service worker of a page: it gives what the page has an address.

/** Beside the page, wherever that is served; it serves nothing but what lies below this. */
export const SCOPE = './save/';
/** How often the worker is asked whether it is still there, in milliseconds: within its own time to stay. */
export const ALIVE_INTERVAL_MS = 10_000;
/** For so long a worker may be silent before something else is tried, in milliseconds. */
export const PATIENCE_MS = 5_000;

/** Gives the worker of this moment: a newer one may take the place of the last at any time. */
export type PageWorker = () => ServiceWorker | null;

/** Makes a worker ready. `undefined` where the browser lets the page have none, as some do under a certificate that nobody has vouched for. */
export async function startPageWorker(): Promise<PageWorker | undefined> {
  try {
    const registration = await navigator.serviceWorker.register('./sw.js', { scope: SCOPE });
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    // The browser looks for a newer one only when something below the scope is opened.
    if (registration.active)
      void registration
        .update()
        .catch((error: unknown) => console.info('No newer service worker was looked for.', error));
    if (worker) await activated(worker);
    return () => registration.active;
  } catch (error) {
    console.info(
      'The browser lets this page have no service worker; archives are made on the disk first, and what arrives is shown when it is whole.',
      error,
    );
    return undefined;
  }
}

function activated(worker: ServiceWorker): Promise<void> {
  if (worker.state === 'activated') return Promise.resolve();
  return new Promise((resolve) => {
    worker.addEventListener('statechange', () => {
      if (worker.state === 'activated' || worker.state === 'redundant') resolve();
    });
  });
}

/** Whether the worker knows of a download, or how to show files; it answers on the channel of this question. */
export function isHere(worker: ServiceWorker, question: object, channel = new MessageChannel()): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE_MS);
    channel.port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data === 'here');
    };
    worker.postMessage(question, [channel.port2]);
  });
}
