const WINDOW_MS = 5_000;

/** How fast a number of bytes grows, over the last five seconds. Pure: takes the time. */
export class Speed {
  readonly #samples: { at: number; bytes: number }[] = [];

  /** Notes the bytes so far at `now`, in milliseconds. */
  note(bytes: number, now: number): void {
    this.#samples.push({ at: now, bytes });
    // One sample from before the window is kept as its start.
    while (this.#samples.length > 2 && this.#samples[1]!.at <= now - WINDOW_MS) this.#samples.shift();
  }

  /** Bytes a second at the last note; `undefined` until a second of notes is there. */
  get bytesPerSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 1_000) return undefined;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1_000;
  }
}
