import { TincanError } from '@tincan/engine/platform/errors';
import { isFreed, type KeptOffer, type OfferStore } from '@tincan/engine/transfer/store';
import type { Leftover } from '../storage/leftovers.ts';

/** What is kept, as it was seen last, and who can delete it. */
interface Kept {
  readonly store: OfferStore;
  readonly offers: readonly KeptOffer[];
  readonly leftovers: readonly Leftover[];
}

/** Names a kept file: unlike any other's. */
export function keptId(folder: string, file: number): string {
  return `${folder}/${file}`;
}

/** The folder and the file's place in it that an id of `keptId` names. */
export function parseKeptId(id: string): { folder: string; file: number } {
  const slash = id.lastIndexOf('/');
  return { folder: id.slice(0, slash), file: Number(id.slice(slash + 1)) };
}

/**
 * Deletes kept files for good, with one call to the store for each folder: an offer may have 50,000 of them. Whatever fails, all others go; it
 * rejects at the end with an AggregateError of what did.
 */
export async function discardKept(ids: readonly string[], { store, offers, leftovers }: Kept): Promise<void> {
  const asked = new Set(ids);
  const removals = leftovers.filter(({ id }) => asked.has(id)).map((leftover) => leftover.discard());
  for (const { folder, manifest, ends } of offers) {
    const there = [...manifest.files.keys()].filter((file) => !isFreed(ends.get(file)));
    const files = there.filter((file) => asked.has(keptId(folder, file)));
    if (files.length > 0) removals.push(store.remove(folder, files.length < there.length ? files : undefined));
  }
  const failures = (await Promise.allSettled(removals)).flatMap((each) => (each.status === 'rejected' ? [each] : []));
  const errors = failures.map(({ reason }) => reason as unknown).filter((reason) => !isGone(reason));
  if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be deleted');
}

/** Another page was faster. */
function isGone(error: unknown): boolean {
  return error instanceof TincanError && error.code === 'gone';
}
