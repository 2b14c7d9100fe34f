/** Calls `handler` whenever the page or its network comes back: nothing known before can be trusted then. */
function onWakeUp(handler: () => void): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener('online', handler, { signal });
  // Only a page that comes back from the back/forward cache; the first `pageshow` is the loading itself.
  addEventListener('pageshow', (event) => event.persisted && handler(), { signal });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && handler(), { signal });
  return () => listening.abort();
}

/** Hears of the page coming back, and of its end; gives what stops that. A page that may be shown again has not ended. */
export function listenToPage({ onWakeUp: wake, onGone }: { onWakeUp: () => void; onGone: () => void }): () => void {
  const stopWakeUp = onWakeUp(wake);
  const handlePageHide = (event: PageTransitionEvent) => {
    if (!event.persisted) onGone();
  };
  addEventListener('pagehide', handlePageHide);
  return () => {
    stopWakeUp();
    removeEventListener('pagehide', handlePageHide);
  };
}

/** What the connection to the server is told of the page that it serves. */
export const pageEnvironment = {
  isVisible: () => document.visibilityState === 'visible',
  onWakeUp,
};
