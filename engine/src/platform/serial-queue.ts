/** Runs asynchronous work one piece after another, in the order in which it was handed over. */
export class SerialQueue {
  readonly #most: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `most` pieces may wait or run at a time. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Gives what the work gives, or `undefined` at once where there is no room: the work is then never begun. */
  push<T>(work: () => Promise<T> | T): Promise<T> | undefined {
    if (this.#waiting >= this.#most) return undefined;
    this.#waiting += 1;
    const result = this.#last.then(work).finally(() => (this.#waiting -= 1));
    this.#last = result.catch(() => undefined); // whoever handed the work over hears of it
    return result;
  }
}
