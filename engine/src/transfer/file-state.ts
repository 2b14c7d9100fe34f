import type { TransferFailure } from './path.ts';

/** Where one file's transfer stands, on either side; all but the first three are ends. */
export type FileState = 'offered' | 'active' | 'verifying' | 'done' | 'failed' | 'declined' | 'cancelled';

/** Why one side keeps a transfer from going on for now: its person wishes so, or it waits for room on the disk or for the file. */
export type Hold = 'none' | 'person' | 'space' | 'file';

/** Where a received file is beside this store: `handed` to the browser's downloads, of which a page hears no more; `saved` by a write of ours that has ended. */
export type Saved = 'no' | 'handed' | 'saved';

/** What becomes of the copy of a received file: `moved` was saved and is not kept here, `freed` is not kept any more wherever it is. */
export type SavedHow = 'handed' | 'saved' | 'moved' | 'freed';

/** Whether a file's transfer has not ended, one way or the other. */
export function isLive({ state }: { readonly state: FileState }): boolean {
  return state === 'offered' || state === 'active' || state === 'verifying';
}

/** One file of an offer, seen from either end. Read it, do not change it. */
export interface TransferFile {
  readonly id: string;
  /** The relative path: as it was offered, or at the receiver cleaned and unlike every other of its offer. That of an empty folder ends with `/`. */
  readonly path: string;
  /** In bytes; 0 for a folder. */
  readonly size: number;
  /** When the sender's file was changed last, in milliseconds since 1970, where that is known. */
  readonly modified: number | undefined;
  readonly state: FileState;
  /** Why this side keeps it from going on for now. */
  readonly here: Hold;
  /** Why the other side does. */
  readonly there: Hold;
  /** Bytes that are durable at the receiver, as far as this side knows. */
  readonly durable: number;
  readonly hash: string | undefined;
  readonly failure: TransferFailure | undefined;
  /** At the receiver, in this visit or since an earlier one; the sender is not told. */
  readonly saved: Saved;
  /** The receiver does not keep it any more: its person needs it here no longer. */
  readonly freed: boolean;
}
