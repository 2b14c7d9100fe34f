/** What is kept with a finished file, so that a later visit can still save it. */
export interface FinishedAs {
  path: string;
  hash: string;
}

/** Where one received file goes. Calls may overlap; each promise settles once, and rejects with a TincanError `no-space` or `sink-failed`. */
export interface Sink {
  /** Writes bytes at an offset and takes them over: the caller must not touch them again. */
  write(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** After it, everything whose `write` had resolved before the call is durable. */
  flush(): Promise<void>;
  /** Flushes, closes, and gives the finished file, which is not in memory where the sink is a disk. */
  finish(as: FinishedAs): Promise<Blob>;
  /** Closes and deletes what was written. Harmless when repeated, and after `finish`. */
  discard(): Promise<void>;
}

/** Makes sinks. */
export interface SinkStore {
  /** Opens an empty sink. */
  open(): Promise<Sink>;
  /** Bytes that can still be written, as far as this is known. */
  available(): Promise<number>;
  /** Remembers that the person has saved this finished file, so that a later visit does not offer it for long. */
  markSaved(finished: Blob): Promise<void>;
  /** Ends everything; finished files stay for a later visit where the store outlives the page. */
  close(): void;
}
