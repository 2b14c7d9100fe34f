// How long received files are kept: policy, for every store alike.
import type { FileEnd, Manifest } from './store.ts';

/** For so long an unfinished offer is kept after it was last written to, in milliseconds. */
export const KEEP_UNFINISHED_MS = 7 * 86_400_000;
/** For so long a file that was saved is kept, in milliseconds: its person may think again. */
export const KEEP_SAVED_MS = 3_600_000;

/**
 * What of a folder that nobody holds is to be deleted: all of it, or these files. What is done is kept until its person says
 * otherwise, or a write of ours has ended: of a download, no page hears whether it has.
 */
export function expiredOf(
  { manifest, ends }: { manifest: Manifest; ends: ReadonlyMap<number, FileEnd> },
  writtenAt: number,
  now: number,
): 'all' | readonly number[] {
  const unfinished = [...manifest.files.keys()].filter((file) => !ends.has(file));
  if (unfinished.length > 0 && now - writtenAt <= KEEP_UNFINISHED_MS) return [];
  const all = [...ends.values()];
  if (all.some(({ end }) => end === 'done' || end === 'handed')) return unfinished;
  const savedAt = all.reduce((latest, end) => ('at' in end ? Math.max(latest, end.at) : latest), -Infinity);
  return unfinished.length > 0 || now - savedAt > KEEP_SAVED_MS ? 'all' : [];
}
