import { TincanError } from '@tincan/engine/platform/errors';
import { MemoryStore } from '@tincan/engine/transfer/memory-store';
import { OpfsStore } from './opfs-store.ts';
import type { OfferStore } from '@tincan/engine/transfer/store';

/**
 * Opens the best place that this browser has for received files: its private disk space, or else memory up to a cap. Rejects with `not-loaded` where
 * the worker could not be fetched: that says nothing about the browser.
 */
export async function openStore(): Promise<OfferStore> {
  try {
    return await OpfsStore.start();
  } catch (error) {
    if (error instanceof TincanError && error.code === 'not-loaded') throw error;
    console.info('No private disk space in this browser; received files are kept in memory.', error);
    return new MemoryStore();
  }
}
