import { MemoryStore } from '@tincan/engine/transfer/memory-store';
import { OpfsStore } from './opfs-store.ts';
import type { OfferStore } from '@tincan/engine/transfer/store';

/** Opens the best place that this browser has for received files: its private disk space, or else memory up to a cap. */
export async function openStore(): Promise<OfferStore> {
  try {
    return await OpfsStore.start();
  } catch (error) {
    console.info('No private disk space in this browser; received files are kept in memory.', error);
    return new MemoryStore();
  }
}
