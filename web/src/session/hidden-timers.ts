import { ownTimers, type Timers } from '@tincan/engine/platform/timers';

/** A message to the worker: call back with this number after so many milliseconds. */
export interface TimerRequest {
  readonly id: number;
  readonly ms: number;
}

/** What is needed of a worker. */
export type TimerWorker = Pick<Worker, 'postMessage' | 'addEventListener'>;

/** The page's own timers while it is seen, and a worker's while it is hidden: browsers do not slow these down. Without the worker, the page's own. */
export function startHiddenTimers({
  isHidden = () => document.visibilityState === 'hidden',
  worker = new Worker(new URL('./hidden-timers.worker.ts', import.meta.url), { type: 'module' }),
}: { isHidden?: () => boolean; worker?: TimerWorker } = {}): Timers {
  const waiting = new Map<number, () => void>();
  let last = 0;
  let isThere = true;
  worker.addEventListener('message', ({ data }) => {
    const id = data as number;
    const callback = waiting.get(id);
    waiting.delete(id);
    callback?.();
  });
  worker.addEventListener('error', () => {
    console.warn('The timers of a hidden page could not be loaded: what this page sends is slower while it is hidden.');
    isThere = false;
    for (const callback of waiting.values()) ownTimers.after(0, callback);
    waiting.clear();
  });
  return {
    after(ms, callback) {
      if (!isThere || !isHidden()) return ownTimers.after(ms, callback);
      const id = ++last;
      waiting.set(id, callback);
      worker.postMessage({ id, ms } satisfies TimerRequest);
      return () => waiting.delete(id);
    },
  };
}
