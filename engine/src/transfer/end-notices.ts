import type { StopReason } from '@tincan/shared/link-message';
import { inBatches } from './batches.ts';

/** Tells the other side which transfers have ended; those that end in the same turn for the same reason share a message. */
export class EndNotices {
  readonly #send: (handles: number[], reason: StopReason) => void;
  readonly #waiting = new Map<StopReason, number[]>();

  constructor(send: (handles: number[], reason: StopReason) => void) {
    this.#send = send;
  }

  add(handle: number, reason: StopReason): void {
    if (this.#waiting.size === 0) queueMicrotask(() => this.#flush());
    const handles = this.#waiting.get(reason);
    if (handles) handles.push(handle);
    else this.#waiting.set(reason, [handle]);
  }

  #flush(): void {
    for (const [reason, handles] of this.#waiting) {
      for (const batch of inBatches(handles)) this.#send(batch, reason);
    }
    this.#waiting.clear();
  }
}
