// What a sender remembers of its accepted offers over visits: the port. A page keeps it on the browser's disk, a test in memory.

/** One file of an offer that was made. */
export interface OfferedFile {
  /** The transfer's id. */
  readonly id: string;
  /** The relative path as it was offered. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** When it was changed last, in milliseconds since 1970, where that is known. */
  readonly modified?: number | undefined;
}

/** An accepted offer whose files have not all ended. */
export interface OfferRecord {
  /** The offer's id. */
  readonly offer: string;
  /** Its resume key. */
  readonly key: string;
  /** What the receiver called itself. */
  readonly to: string;
  /** The link of the room where the receiver is found. */
  readonly link: string;
  /** When it was last kept, taken, moved, or files of it ended: milliseconds since 1970. */
  readonly usedAt: number;
  /** Without those that have ended. */
  readonly files: readonly OfferedFile[];
}

/** How to get a file again without its person, where the browser gives a page that: may ask for permission, which takes a click. */
export interface SourceHandle {
  /** The file as it is now; `undefined` while the browser wants a click first. Rejects if it is gone. */
  open(): Promise<File | undefined>;
  /** Asks the browser for permission; only within a click. Whether it was given. */
  ask(): Promise<boolean>;
}

export interface Ledger {
  /** What is remembered survives this page. */
  readonly outlivesPage: boolean;
  /**
   * Remembers an offer and, by the files' ids, what they can be opened with again, and holds it. Repeating it replaces it. Rejects with `busy` as
   * `take` does.
   */
  keep(record: OfferRecord, handles: ReadonlyMap<string, SourceHandle>): Promise<void>;
  /** These files have ended; an offer without files is forgotten. */
  end(offer: string, files: readonly string[]): Promise<void>;
  /** The room has moved. */
  moveTo(offer: string, link: string): Promise<void>;
  /** What is remembered and was used in the last 7 days; what was not, and nobody holds, is forgotten. */
  list(): Promise<OfferRecord[]>;
  /**
   * Takes hold of an offer for this page and gives what its files can be opened with, by their ids. Rejects with `busy` if another page has it and does not
   * let go within 3 s, `gone` if it is not remembered any more.
   */
  take(offer: string): Promise<ReadonlyMap<string, SourceHandle>>;
  /** Lets go of every offer that is held; all are kept. */
  close(): Promise<void>;
}
