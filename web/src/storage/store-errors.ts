import { TincanError } from '@tincan/engine/platform/errors';

/** What a failed operation of the disk is to whoever asked for it. */
export function asStoreError(error: unknown): TincanError {
  if (error instanceof TincanError) return error as TincanError;
  const isFull = error instanceof Error && error.name === 'QuotaExceededError';
  return new TincanError(isFull ? 'no-space' : 'store-failed', String(error), { cause: error });
}
