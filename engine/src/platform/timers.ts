/** What calls back later. A hidden page's own timers do so once a second at most, so a page may bring better ones. */
export interface Timers {
  /** Calls back once after so many milliseconds; gives what prevents it, which may be called at any time. */
  after(ms: number, callback: () => void): () => void;
}

/** Of wherever this runs. */
export const ownTimers: Timers = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
