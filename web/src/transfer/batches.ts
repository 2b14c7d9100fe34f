import { LINK_BATCH_CHARS, MAX_BATCH_ENTRIES } from '@tincan/shared/limits';

/** Splits entries so that each batch fits one control message: by number and by length as JSON. */
export function* inBatches<T>(entries: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  let chars = 0;
  for (const entry of entries) {
    const length = JSON.stringify(entry).length + 1;
    if (batch.length === MAX_BATCH_ENTRIES || (batch.length > 0 && chars + length > LINK_BATCH_CHARS)) {
      yield batch;
      batch = [];
      chars = 0;
    }
    batch.push(entry);
    chars += length;
  }
  if (batch.length > 0) yield batch;
}
