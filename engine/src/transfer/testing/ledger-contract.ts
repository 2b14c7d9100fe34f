// What every implementation of the Ledger port must keep.
import { randomId } from '@tincan/shared/base64url';
import { KEEP_UNFINISHED_MS } from '../expiry.ts';
import type { Ledger, OfferRecord, SourceHandle } from '../ledger.ts';
import { expectCode, expectSame, type ContractCase } from './contract.ts';

/** Where a case runs: nothing is remembered yet. */
export interface LedgerBench {
  /** Opens the ledger as one more page of the application does. */
  open(options?: { now?: () => number }): Promise<Ledger>;
  /** A file that can be opened again, with this text in it. */
  handle(text: string): Promise<SourceHandle>;
}

const NONE: ReadonlyMap<string, SourceHandle> = new Map();

function recordOf(files: number, usedAt = Date.now()): OfferRecord {
  return {
    offer: randomId(),
    key: randomId(),
    to: 'Bob',
    link: 'https://tincan.test/#room',
    usedAt,
    files: Array.from({ length: files }, (_, file) => ({
      id: randomId(),
      path: `file ${file}`,
      size: file,
      modified: 1_600_000_000_000 + file,
    })),
  };
}

export const ledgerContract: readonly ContractCase<LedgerBench>[] = [
  {
    name: 'remembers an offer, and what its files can be opened with',
    run: async (bench) => {
      const [page, next] = [await bench.open(), await bench.open()];
      const record = recordOf(3);
      const [first, second] = [record.files[0]!, record.files[1]!];
      await page.keep(
        record,
        new Map([
          [first.id, await bench.handle('one')],
          [second.id, await bench.handle('two')],
        ]),
      );
      await page.close();
      expectSame(await next.list(), [record], 'the list');
      const handles = await next.take(record.offer);
      expectSame([...handles.keys()].sort(), [first.id, second.id].sort(), 'the files with handles');
      expectSame(await (await handles.get(second.id)?.open())?.text(), 'two', 'the text of a file');
    },
  },
  {
    name: 'keeping an offer again replaces it',
    run: async (bench) => {
      const page = await bench.open();
      const record = recordOf(2);
      await page.keep(record, new Map([[record.files[0]!.id, await bench.handle('one')]]));
      const changed = { ...record, to: 'Carol', files: record.files.slice(1) };
      await page.keep(changed, NONE);
      expectSame(await page.list(), [changed], 'the list');
      expectSame((await page.take(record.offer)).size, 0, 'the number of handles');
    },
  },
  {
    name: 'forgets files that have ended, and an offer with the last of them',
    run: async (bench) => {
      const [page, next] = [await bench.open(), await bench.open()];
      const record = recordOf(3);
      const ids = record.files.map(({ id }) => id) as [string, string, string];
      const handle = await bench.handle('one');
      await page.keep(record, new Map(ids.map((id) => [id, handle])));
      await page.end(record.offer, [ids[1], 'unknown']);
      await page.end('unknown', [ids[0]]);
      expectSame(
        (await next.list())[0]?.files.map(({ id }) => id),
        [ids[0], ids[2]],
        'the files left',
      );
      await page.moveTo(record.offer, 'https://tincan.test/#another');
      await page.moveTo('unknown', 'https://tincan.test/#another');
      expectSame((await next.list())[0]?.link, 'https://tincan.test/#another', 'the link');
      await page.close();
      expectSame([...(await next.take(record.offer)).keys()].sort(), [ids[0], ids[2]].sort(), 'the handles left');
      await Promise.all([next.end(record.offer, [ids[0]]), next.end(record.offer, [ids[2]])]);
      expectSame(await page.list(), [], 'the list');
      await expectCode(page.take(record.offer), 'gone');
      await expectCode(next.take(record.offer), 'gone'); // and nobody has it
    },
  },
  {
    name: 'one page at a time has an offer',
    run: async (bench) => {
      const [alice, bob] = [await bench.open(), await bench.open()];
      const record = recordOf(1);
      await alice.keep(record, NONE);
      await alice.take(record.offer);
      await expectCode(bob.take(record.offer), 'busy');
      const bobs = bob.take(record.offer);
      await alice.close();
      await bobs;
      await expectCode(alice.take(record.offer), 'busy');
    },
  },
  {
    name: 'forgets what was not used for more than a week, unless a page has it',
    run: async (bench) => {
      const page = await bench.open();
      const now = Date.now();
      const [old, held, recent] = [
        recordOf(1, now - KEEP_UNFINISHED_MS - 1_000),
        recordOf(1, now - KEEP_UNFINISHED_MS - 1_000),
        recordOf(1, now - KEEP_UNFINISHED_MS + 60_000),
      ];
      for (const record of [old, held, recent]) await page.keep(record, NONE);
      await page.close();
      const next = await bench.open({ now: () => now });
      await next.take(held.offer);
      const names = (await (await bench.open({ now: () => now })).list()).map(({ offer }) => offer);
      expectSame(names.sort(), [held.offer, recent.offer].sort(), 'the offers left');
      await expectCode(next.take(old.offer), 'gone');
    },
  },
  {
    name: 'an offer is used when it is taken, when files of it end, and when it moves',
    run: async (bench) => {
      const page = await bench.open();
      const now = Date.now();
      const [unused, taken, ended, moved] = [recordOf(2, now), recordOf(2, now), recordOf(2, now), recordOf(2, now)];
      for (const record of [unused, taken, ended, moved]) await page.keep(record, NONE);
      await page.close();
      const later = now + KEEP_UNFINISHED_MS - 60_000;
      const next = await bench.open({ now: () => later });
      await next.take(taken.offer);
      await next.end(ended.offer, [ended.files[0]!.id]);
      await next.moveTo(moved.offer, 'https://tincan.test/#another');
      await next.close();
      const aWeekAfter = async (time: number) => {
        const last = await bench.open({ now: () => time + KEEP_UNFINISHED_MS + 1_000 });
        return (await last.list()).map(({ offer }) => offer).sort();
      };
      expectSame(await aWeekAfter(now), [taken.offer, ended.offer, moved.offer].sort(), 'a week after they were kept');
      expectSame(await aWeekAfter(later), [], 'a week after they were used');
    },
  },
];
