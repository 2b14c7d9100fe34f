import type { Duplex } from 'node:stream';

/** Holds back what is written to a stream until the end of the loop turn, so that many messages cost one system call. */
export class Cork {
  readonly #held = new Set<Duplex>();

  hold(stream: Duplex): void {
    if (this.#held.has(stream)) return;
    stream.cork();
    this.#held.add(stream);
    if (this.#held.size === 1) {
      setImmediate(() => {
        this.#release();
      });
    }
  }

  #release(): void {
    for (const stream of this.#held) stream.uncork();
    this.#held.clear();
  }
}
