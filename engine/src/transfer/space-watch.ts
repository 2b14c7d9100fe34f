import { BLOCK_BYTES } from '@tincan/shared/limits';

/** Below this the disk counts as full, unless all that is to come fits: browsers, and whatever else is on the disk, need some of it. */
const LEAST_FREE_BYTES = 8 * BLOCK_BYTES;
/** How often the free space is looked at while files are received, in milliseconds: asking takes a browser some. */
const LOOK_INTERVAL_MS = 5_000;
/** A disk that says that it has room, and fails all the same, is tried ever more seldom, up to this. */
const MAX_RETRY_MS = 60_000;

export interface SpaceWatchOptions {
  /** Bytes that can still be written. */
  available: () => Promise<number>;
  /** Bytes that are still to come. */
  needed: () => number;
  /** Something waits for room. */
  isFull: () => boolean;
  onRoom: () => void;
  onFull: () => void;
}

/** Looks after the disk while files are received: says when it is nearly full, and when there is room again. */
export class SpaceWatch {
  readonly #options: SpaceWatchOptions;
  readonly #leastFreeBytes: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = LOOK_INTERVAL_MS;
  #lookedAt = -Infinity;
  #stopped = false;

  constructor(options: SpaceWatchOptions, leastFreeBytes = LEAST_FREE_BYTES) {
    this.#options = options;
    this.#leastFreeBytes = leastFreeBytes;
  }

  /** Something was written. Looks at the free space now and then. */
  handleWritten(now = performance.now()): void {
    this.#retryMs = LOOK_INTERVAL_MS;
    if (now - this.#lookedAt < LOOK_INTERVAL_MS) return;
    this.#lookedAt = now;
    void this.#look();
  }

  /** Something waits for room from now on. */
  handleFull(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
  }

  /** Somebody has made room, most likely. */
  lookNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#retryMs = LOOK_INTERVAL_MS;
    void this.#look();
  }

  /** Nothing is looked at any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { available, needed, isFull, onRoom, onFull } = this.#options;
    try {
      const free = await available();
      if (this.#stopped) return;
      if (free < Math.min(this.#leastFreeBytes, needed())) onFull();
      else if (isFull()) onRoom();
    } catch (error) {
      console.warn('The free space could not be looked at; a write will tell.', error);
    }
    if (isFull()) this.handleFull();
  }
}
