import { describe, expect, it } from 'vitest';
import type { TransferState, TransferView } from '../session/views.ts';
import { totalsOf, visibleRows } from './transfer-totals.ts';

function transfer(id: string, state: TransferState, more: Partial<TransferView> = {}): TransferView {
  return {
    key: id,
    id,
    peer: 'alice',
    name: '',
    direction: 'receive',
    path: id,
    size: 100,
    bytes: 0,
    state,
    why: undefined,
    hash: undefined,
    failure: undefined,
    bytesPerSecond: undefined,
    secondsLeft: undefined,
    canPause: false,
    canResume: false,
    kept: false,
    downloadsAs: undefined,
    saved: 'no',
    look: undefined,
    ...more,
  };
}

describe('totalsOf', () => {
  it('counts what stands in the contract', () => {
    const totals = totalsOf([
      transfer('a', 'done'),
      transfer('b', 'failed'),
      transfer('c', 'declined'),
      transfer('d', 'cancelled'),
    ]);
    expect(totals).toMatchObject({ total: 4, done: 1, failed: 1, open: 0, running: 0 });
  });

  it('takes the time left from what is accepted, not from what is only offered', () => {
    const totals = totalsOf([
      transfer('a', 'active', { bytes: 40, bytesPerSecond: 10 }),
      transfer('b', 'waiting'),
      transfer('c', 'offered', { size: 5_000 }),
    ]);
    expect(totals).toMatchObject({ open: 3, running: 2, bytesPerSecond: 10, secondsLeft: 16 });
  });

  it('leaves what will never arrive out of the whole', () => {
    const totals = totalsOf([transfer('a', 'active', { bytes: 50 }), transfer('b', 'declined', { size: 900 })]);
    expect(totals).toMatchObject({ bytes: 50, size: 100 });
  });

  it('tells saved from unsaved', () => {
    const totals = totalsOf([
      transfer('a', 'done', { kept: true, saved: 'handed' }),
      transfer('b', 'done', { kept: true }),
    ]);
    expect(totals).toMatchObject({ kept: 2, unsaved: 1, freeable: 100 });
  });
});

describe('visibleRows', () => {
  const ids = (rows: readonly TransferView[]) => rows.map((row) => row.id).join('');

  it('keeps the order of a list that fits', () => {
    const rows = [transfer('a', 'done'), transfer('b', 'active')];
    expect(visibleRows(rows, 2)).toBe(rows);
  });

  it('shows what moves first, then what failed, then what is unsaved', () => {
    const rows = [
      transfer('a', 'done', { kept: true, saved: 'handed' }),
      transfer('b', 'done', { kept: true }),
      transfer('c', 'failed'),
      transfer('d', 'offered'),
      transfer('e', 'active'),
      transfer('f', 'verifying'),
    ];
    expect(ids(visibleRows(rows, 5))).toBe('efcdb');
  });

  it('shows the latest of what has ended: what has just come is not below thousands', () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((name) => transfer(name, 'done', { kept: name < 'e' }));
    expect(ids(visibleRows([transfer('x', 'active'), ...rows], 4))).toBe('xbcd');
    expect(ids(visibleRows(rows.slice(2), 2))).toBe('cd');
  });
});
