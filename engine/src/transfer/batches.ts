import { LINK_BATCH_BYTES, MAX_BATCH_ENTRIES } from '@tincan/shared/limits';

const encoder = new TextEncoder();

/** Splits entries so that each batch fits one control message: by number and by length as JSON. */
export function* inBatches<T>(entries: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const length = encoder.encode(JSON.stringify(entry)).length + 1;
    if (batch.length === MAX_BATCH_ENTRIES || (batch.length > 0 && bytes + length > LINK_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += length;
  }
  if (batch.length > 0) yield batch;
}
