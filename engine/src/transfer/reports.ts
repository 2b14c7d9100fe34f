import type { ReceiverMessage } from '@tincan/shared/link-message';
import { inBatches } from './batches.ts';
import { inGroups, toRanges } from './blocks.ts';
import type { ReceivingFile } from './incoming-file.ts';

/** How long news for the sender waits for others to share their message, in milliseconds. */
const DELAY_MS = 20;

/** What the sender is to be told of files; what becomes true in the same moment shares a message, and what is no news is not said. */
export class Reports {
  readonly #send: (message: ReceiverMessage) => void;
  readonly #durable = new Set<ReceivingFile>();
  readonly #complete = new Set<ReceivingFile>();
  readonly #done = new Set<ReceivingFile>();
  readonly #pauses = new Set<ReceivingFile>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (message: ReceiverMessage) => void) {
    this.#send = send;
  }

  durable(file: ReceivingFile): void {
    this.#note(this.#durable, file);
  }
  /** What is here already, at once: a sender whose page was loaded anew reads the file anew, and says the hashes of it. */
  have(file: ReceivingFile): void {
    if (file.handle === undefined || file.durable === 0) return;
    this.durable(file);
    for (const blocks of inGroups(toRanges(file.durableBlocks)))
      this.#send({ type: 'have', handle: file.handle, blocks });
  }
  /** It is whole, and its hash is to be compared. */
  complete(file: ReceivingFile): void {
    this.#note(this.#complete, file);
  }
  /** It is verified, and that stands on the disk. */
  done(file: ReceivingFile): void {
    this.#note(this.#done, file);
  }
  /** Why it is not asked for, or that it is again. */
  pause(file: ReceivingFile): void {
    this.#note(this.#pauses, file);
  }

  /** Says at once what is waiting: pauses first, so that nothing is asked for that is thought to be paused. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const why of ['person', 'space', 'none'] as const) {
      const handles = [...named(this.#pauses)].filter(({ file }) => file.here === why).map(({ handle }) => handle);
      for (const batch of inBatches(handles)) this.#send({ type: 'pause', handles: batch, why });
    }
    const durable = [...named(this.#durable)]
      .filter(({ file }) => !this.#complete.has(file))
      .map(({ handle, file }) => ({ handle, durable: file.durable }));
    for (const files of inBatches(durable)) this.#send({ type: 'durable', files });
    const complete = [...named(this.#complete)].map(({ handle, file }) => ({ handle, hash: file.hash! }));
    for (const files of inBatches(complete)) this.#send({ type: 'complete', files });
    const done = [...named(this.#done)].map(({ handle }) => handle);
    for (const handles of inBatches(done)) this.#send({ type: 'done', handles });
    this.clear();
  }

  /** Nothing of it will be heard any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const news of [this.#durable, this.#complete, this.#done, this.#pauses]) news.clear();
  }

  #note(news: Set<ReceivingFile>, file: ReceivingFile): void {
    news.add(file);
    this.#timer ??= setTimeout(() => this.flush(), DELAY_MS);
  }
}

function* named(files: Iterable<ReceivingFile>): Generator<{ file: ReceivingFile; handle: number }> {
  for (const file of files) if (file.handle !== undefined) yield { file, handle: file.handle };
}
