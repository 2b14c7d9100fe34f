import { MemoryStore } from '@tincan/engine/transfer/memory-sink';
import { OpfsSinks } from './opfs-sinks.ts';
import type { SinkStore } from '@tincan/engine/transfer/sink';

/** Opens the best place that this browser has for received files: its private disk space, or else memory up to a cap. */
export async function openSinks(directory: string): Promise<SinkStore> {
  try {
    return await OpfsSinks.start(directory);
  } catch (error) {
    console.info('No private disk space in this browser; received files are kept in memory.', error);
    return new MemoryStore();
  }
}
