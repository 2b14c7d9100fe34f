/** Calls `handler` whenever the page or its network comes back: nothing known before can be trusted then. */
export function onWakeUp(handler: () => void): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener('online', handler, { signal });
  // Only a page that comes back from the back/forward cache; the first `pageshow` is the loading itself.
  addEventListener('pageshow', (event) => event.persisted && handler(), { signal });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && handler(), { signal });
  return () => listening.abort();
}

/** What the connection to the server is told of the page that it serves. */
export const pageEnvironment = {
  isVisible: () => document.visibilityState === 'visible',
  onWakeUp,
};
