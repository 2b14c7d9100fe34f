// What the head of the transfer list says, and which rows stand under it.
import { isOpen, type TransferView } from '../session/views.ts';

export interface TransferTotals {
  total: number;
  done: number;
  failed: number;
  /** Not yet ended, in whatever state. */
  open: number;
  /** Accepted and not yet ended: leaving now would lose them. */
  running: number;
  /** Received, whole, and kept in this browser. */
  kept: number;
  unsaved: number;
  /** Kept here although it was saved, or handed to the downloads; in bytes. */
  freeable: number;
  /** Of everything that has arrived or may still arrive, in bytes. */
  bytes: number;
  size: number;
  bytesPerSecond: number;
  secondsLeft: number | undefined;
}

export function totalsOf(transfers: readonly TransferView[]): TransferTotals {
  const totals: TransferTotals = {
    total: transfers.length,
    done: 0,
    failed: 0,
    open: 0,
    running: 0,
    kept: 0,
    unsaved: 0,
    freeable: 0,
    bytes: 0,
    size: 0,
    bytesPerSecond: 0,
    secondsLeft: undefined,
  };
  let left = 0;
  for (const transfer of transfers) {
    const { state } = transfer;
    const open = isOpen(state);
    if (open) totals.open += 1;
    if (open && state !== 'offered') {
      totals.running += 1;
      left += transfer.size - transfer.bytes;
    }
    if (state === 'done') totals.done += 1;
    if (state === 'failed') totals.failed += 1;
    if (transfer.kept) totals.kept += 1;
    if (transfer.kept && transfer.saved === 'no') totals.unsaved += 1;
    if (transfer.kept && transfer.saved !== 'no') totals.freeable += transfer.size;
    if (open || state === 'done') {
      totals.bytes += transfer.bytes;
      totals.size += transfer.size;
    }
    totals.bytesPerSecond += transfer.bytesPerSecond ?? 0;
  }
  if (totals.bytesPerSecond > 0) totals.secondsLeft = left / totals.bytesPerSecond;
  return totals;
}

/** At most `limit` rows. A short list keeps its order; of a long one, those that move come first, then failed ones, then the latest of the others. */
export function visibleRows(transfers: readonly TransferView[], limit: number): readonly TransferView[] {
  if (transfers.length <= limit) return transfers;
  const groups: TransferView[][] = [[], [], [], [], []];
  for (const transfer of transfers) groups[rank(transfer)]?.push(transfer);
  const rows: TransferView[] = [];
  for (const [order, group] of groups.entries()) {
    const left = limit - rows.length;
    if (left > 0) rows.push(...(order < KEPT ? group.slice(0, left) : group.slice(-left)));
  }
  return rows;
}

const KEPT = 3;

function rank({ state, kept, saved }: TransferView): number {
  if (isOpen(state) && state !== 'offered') return 0;
  if (state === 'failed') return 1;
  if (state === 'offered') return 2;
  return kept && saved === 'no' ? KEPT : KEPT + 1;
}
