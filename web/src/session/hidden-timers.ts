import { TincanError } from '@tincan/engine/platform/errors';
import { ownTimers, type Timers } from '@tincan/engine/platform/timers';

/** A message to the worker: call back with this number after so many milliseconds. */
export interface TimerRequest {
  readonly id: number;
  readonly ms: number;
}

/** What the worker says once, when it has come; after that, the numbers of what is due. */
export const READY = 0;

/** What is needed of a worker. */
export type TimerWorker = Pick<Worker, 'postMessage' | 'addEventListener'>;

/**
 * The page's own timers while it is seen, and a worker's while it is hidden: browsers do not slow these down. Resolves when the worker has come; rejects
 * with `not-loaded` where it could not be fetched.
 */
export function startHiddenTimers({
  isHidden = () => document.visibilityState === 'hidden',
  worker = new Worker(new URL('./hidden-timers.worker.ts', import.meta.url), { type: 'module' }),
}: { isHidden?: () => boolean; worker?: TimerWorker } = {}): Promise<Timers> {
  const waiting = new Map<number, () => void>();
  let last = READY;
  const timers: Timers = {
    after(ms, callback) {
      if (!isHidden()) return ownTimers.after(ms, callback);
      const id = ++last;
      waiting.set(id, callback);
      worker.postMessage({ id, ms } satisfies TimerRequest);
      return () => waiting.delete(id);
    },
  };
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', () => {
      reject(new TincanError('not-loaded', 'the clock of a hidden page could not be fetched'));
    });
    worker.addEventListener('message', ({ data }) => {
      const id = data as number;
      if (id === READY) resolve(timers);
      const callback = waiting.get(id);
      waiting.delete(id);
      callback?.();
    });
  });
}
