/** So long a call rings here at most, in milliseconds: who rings gives up before, but the word of that may be lost with a link. */
const MOST_RING_MS = 50_000;

/** Ends what rings for too long. */
export class RingLimit {
  readonly #end: (call: string) => void;
  /** Calls that ring, each with what ends that. */
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** `end` has to see to it that the call rings no more. */
  constructor(end: (call: string) => void) {
    this.#end = end;
  }

  /** These ring at present, and no others. */
  follow(calls: ReadonlySet<string>): void {
    for (const [call, timer] of this.#timers) {
      if (calls.has(call)) continue;
      clearTimeout(timer);
      this.#timers.delete(call);
    }
    for (const call of calls)
      if (!this.#timers.has(call))
        this.#timers.set(
          call,
          setTimeout(() => this.#end(call), MOST_RING_MS),
        );
  }
}
