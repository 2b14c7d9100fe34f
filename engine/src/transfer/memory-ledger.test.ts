import { expect, test } from 'vitest';
import { MemoryLedger } from './memory-ledger.ts';
import { expectCode } from './testing/contract.ts';
import { ledgerContract } from './testing/ledger-contract.ts';

test.each(ledgerContract)('$name', ({ run }) => {
  const first = new MemoryLedger();
  return run({
    open: async (options) => first.beside(options),
    handle: async (text) => ({ open: async () => new File([text], 'file'), ask: async () => true }),
  });
});

test('a page that is loaded anew finds what it had, and has what the old one held', async () => {
  const page = new MemoryLedger();
  const record = { offer: 'an offer', key: 'k', to: 'Bob', link: 'l', usedAt: Date.now(), files: [] };
  await page.keep(record, new Map());
  const next = page.reopened();
  expect(await next.list()).toEqual([record]);
  await next.take(record.offer);
  await expectCode(page.take(record.offer), 'busy');
});
