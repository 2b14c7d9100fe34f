/** Where one file's transfer stands, on either side; all but the first three are ends. */
export type FileState = 'offered' | 'active' | 'verifying' | 'done' | 'failed' | 'declined' | 'cancelled';

/** Why one side keeps a transfer from going on for now: its person wishes so, or it waits for room on the disk or for the file. */
export type Hold = 'none' | 'person' | 'space' | 'file';

/** Whether a file's transfer has not ended, one way or the other. */
export function isLive({ state }: { readonly state: FileState }): boolean {
  return state === 'offered' || state === 'active' || state === 'verifying';
}
