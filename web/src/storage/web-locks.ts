import { asStoreError } from './store-errors.ts';

/** Locks that end with the page or the worker that has them, however it ends. */
export interface Locks {
  /** Takes a lock and gives what lets go of it; `undefined` if others do not let go in time. 0 does not wait. */
  take(name: string, timeoutMs: number): Promise<Release | undefined>;
  /** The names of all that are held, by whomever. */
  held(): Promise<ReadonlySet<string>>;
}

/** Resolves once others can have the lock. */
export type Release = () => Promise<void>;

/** The browser's own locks, which all pages of an origin share. */
export class WebLocks implements Locks {
  take(name: string, timeoutMs: number): Promise<Release | undefined> {
    const options = timeoutMs > 0 ? { signal: AbortSignal.timeout(timeoutMs) } : { ifAvailable: true };
    return new Promise((resolve, reject) => {
      const ended: Promise<void> = navigator.locks
        .request(name, options, (lock) => {
          if (!lock) return resolve(undefined);
          return new Promise<void>((letGo) => {
            resolve(() => {
              letGo();
              return ended;
            });
          });
        })
        .catch((error: unknown) => {
          if (error instanceof DOMException && error.name === 'TimeoutError') resolve(undefined);
          else reject(asStoreError(error));
        });
    });
  }

  async held(): Promise<ReadonlySet<string>> {
    const { held = [] } = await navigator.locks.query();
    return new Set(held.flatMap(({ name }) => name ?? []));
  }
}
