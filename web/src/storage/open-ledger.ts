import { MemoryLedger } from '@tincan/engine/transfer/memory-ledger';
import { BrowserLedger } from './browser-ledger.ts';
import type { Ledger } from '@tincan/engine/transfer/ledger';

/** Opens what this browser has to remember sent offers with: its database, or else memory until the page is closed. */
export async function openLedger(): Promise<Ledger> {
  try {
    return await BrowserLedger.open();
  } catch (error) {
    console.info('No database in this browser; offers are remembered until the page is closed.', error);
    return new MemoryLedger();
  }
}
