import { inBatches } from './batches.ts';

/** Tells the other side something of transfers; what becomes true of several in the same turn shares a message, and the last word on each counts. */
export class Notices<Word> {
  readonly #send: (handles: number[], word: Word) => void;
  readonly #waiting = new Map<number, Word>();

  constructor(send: (handles: number[], word: Word) => void) {
    this.#send = send;
  }

  add(handle: number, word: Word): void {
    if (this.#waiting.size === 0) queueMicrotask(() => this.#flush());
    this.#waiting.set(handle, word);
  }

  #flush(): void {
    for (const word of new Set(this.#waiting.values())) {
      const handles = [...this.#waiting].filter(([, its]) => its === word).map(([handle]) => handle);
      for (const batch of inBatches(handles)) this.#send(batch, word);
    }
    this.#waiting.clear();
  }
}
