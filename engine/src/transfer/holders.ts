import { TAKE_TIMEOUT_MS } from './store.ts';
import { TincanError } from '../platform/errors.ts';

/** Who holds what in memory, as Web Locks do for pages: one at a time, and the next one waits. */
export class Holders {
  readonly #released = new Map<string, { promise: Promise<void>; resolve: () => void; holder: object }>();

  /** Waits until nobody has it and takes it for `holder`. Rejects with `busy` after `TAKE_TIMEOUT_MS`. */
  async take(name: string, holder: object): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new TincanError('busy', `${name} is held by another page`));
      }, TAKE_TIMEOUT_MS);
    });
    try {
      for (let held = this.#released.get(name); held; held = this.#released.get(name))
        await Promise.race([held.promise, late]);
    } finally {
      clearTimeout(timer);
    }
    let resolve: () => void = () => {};
    const promise = new Promise<void>((release) => (resolve = release));
    this.#released.set(name, { promise, resolve, holder });
  }

  /** Whether it is held by this one, or by anyone. */
  has(name: string, holder?: object): boolean {
    const held = this.#released.get(name);
    return held !== undefined && (holder === undefined || held.holder === holder);
  }

  /** Lets go of it, if it is this holder's. */
  release(name: string, holder: object): void {
    if (!this.has(name, holder)) return;
    this.#released.get(name)!.resolve();
    this.#released.delete(name);
  }

  /** What this one holds. */
  of(holder: object): string[] {
    return [...this.#released].filter(([, held]) => held.holder === holder).map(([name]) => name);
  }
}
