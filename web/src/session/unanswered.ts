import type { StagedView, TransferView } from './views.ts';

/**
 * How many files this page offers, or would offer to whoever comes, that have not been answered: when it is closed, they are taken
 * back. One that several peers have not answered counts once.
 */
export function unansweredFiles(transfers: readonly TransferView[], staged: readonly StagedView[]): number {
  const sends = transfers.filter(({ direction }) => direction === 'send');
  const open = new Set(sends.filter(({ state }) => state === 'offered').map(({ path }) => path));
  return open.size + staged.filter(({ isOffered }) => !isOffered()).length;
}
