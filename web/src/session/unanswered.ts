import type { StagedView, TransferView } from './views.ts';

/**
 * How many files this page offers, or would offer to whoever comes, that have not been answered: when it is closed, they are taken
 * back. One that several peers have not answered counts once.
 */
export function unansweredFiles(transfers: readonly TransferView[], staged: readonly StagedView[]): number {
  const sends = transfers.filter(({ direction }) => direction === 'send');
  // Whoever has left for good without an answer is as if nobody had been there.
  const offered = new Set(sends.filter(({ failure }) => failure !== 'peer-left').map(({ path }) => path));
  const open = sends.filter(({ state }) => state === 'offered').map(({ path }) => path);
  const offeredToNobody = staged.map(({ path }) => path).filter((path) => !offered.has(path));
  return new Set([...open, ...offeredToNobody]).size;
}
