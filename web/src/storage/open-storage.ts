import { TincanError } from '@tincan/engine/platform/errors';
import type { Ledger, SourceHandle } from '@tincan/engine/transfer/ledger';
import { MEMORY_CAP_BYTES, MemoryStore } from '@tincan/engine/transfer/memory-store';
import type { OfferStore } from '@tincan/engine/transfer/store';
import { openLedger } from './open-ledger.ts';
import { openStore } from './open-store.ts';
import { PickedFile } from './picked-file.ts';
import { openPlaces, type Places } from './places.ts';

/** Where this page keeps what outlives it, where the browser lets it. */
export interface Storage {
  readonly store: OfferStore;
  readonly ledger: Ledger;
  readonly places: Places;
  /** The most that can be received, in bytes, where the browser gives a page no disk; else `undefined`. */
  readonly capBytes: number | undefined;
}

/** Rejects only where a part of the page could not be fetched, see `isNotLoaded`. */
export async function openStorage(): Promise<Storage> {
  const [store, ledger, places] = await Promise.all([openStore(), openLedger(), openPlaces()]);
  return { store, ledger, places, capBytes: store instanceof MemoryStore ? MEMORY_CAP_BYTES : undefined };
}

/** Whether the storage could not be opened because a part of the page could not be fetched: loading the page anew may help. */
export function isNotLoaded(error: unknown): boolean {
  return error instanceof TincanError && error.code === 'not-loaded';
}

/** A file handle of the browser's. */
export function toSourceHandle(handle: FileSystemFileHandle): SourceHandle {
  return new PickedFile(handle);
}
