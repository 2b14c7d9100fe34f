/** The page is told of changes at most this often, in milliseconds. */
const REFRESH_MS = 100;
/** While something runs, speeds are looked at anew at least this often, in milliseconds. */
const IDLE_REFRESH_MS = 1_000;

/** Brings what the page shows up to date: soon after a change, at most ten times a second, and seldom where a look takes long. */
export class Refresher {
  readonly #look: () => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSoon = false;
  #lookedAt = 0;
  #costMs = 0;

  /** `look` says whether it has to be called again soon although nothing is known to have changed. */
  constructor(look: () => boolean) {
    this.#look = look;
  }

  /** Something has changed. */
  soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    clearTimeout(this.#timer);
    // With very many files a look at all of them takes long: it must not take most of the time.
    const pauseMs = Math.max(REFRESH_MS, 10 * this.#costMs);
    this.#timer = setTimeout(() => this.#refresh(), Math.max(0, pauseMs - (performance.now() - this.#lookedAt)));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #refresh(): void {
    this.#isSoon = false;
    this.#lookedAt = performance.now();
    const runs = this.#look();
    this.#costMs = performance.now() - this.#lookedAt;
    if (runs) this.#timer = setTimeout(() => this.#refresh(), IDLE_REFRESH_MS);
  }
}
