import { TincanError } from '@tincan/engine/platform/errors';
import type * as Pairing from '@tincan/engine/verify/pairing';

/**
 * What pairing by a spoken code takes: a part of the page that is loaded by those who need it. Rejects with `not-loaded` where it cannot be
 * fetched, as when the server has another build of the page by now.
 */
export async function loadPairing(): Promise<typeof Pairing> {
  try {
    return await import('@tincan/engine/verify/pairing');
  } catch (cause) {
    throw new TincanError('not-loaded', 'the pairing could not be fetched', { cause });
  }
}
