import { MEMORY_CAP_BYTES, MemoryStore } from '@tincan/engine/transfer/memory-store';
import { MemoryLedger } from '@tincan/engine/transfer/memory-ledger';
import type { Ledger, SourceHandle } from '@tincan/engine/transfer/ledger';
import type { OfferStore } from '@tincan/engine/transfer/store';
import { openStore } from './open-store.ts';

/** Where this page keeps what outlives it, where the browser lets it. */
export interface Storage {
  readonly store: OfferStore;
  readonly ledger: Ledger;
  /** The most that can be received, in bytes, where the browser gives a page no disk; else `undefined`. */
  readonly capBytes: number | undefined;
}

export async function openStorage(): Promise<Storage> {
  const store = await openStore();
  return { store, ledger: new MemoryLedger(), capBytes: store instanceof MemoryStore ? MEMORY_CAP_BYTES : undefined };
}

/** A file handle of the browser's. */
export function toSourceHandle(handle: FileSystemFileHandle): SourceHandle {
  return { open: () => handle.getFile(), ask: async () => true };
}
