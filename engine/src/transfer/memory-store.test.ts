import { expect, test } from 'vitest';
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { hashBlock } from './hash.ts';
import { MemoryStore } from './memory-store.ts';
import { expectCode } from './testing/contract.ts';
import { LINK, blockOf, expectWhole, manifestOf, writeAll, writeBlocks } from './testing/kept-files.ts';
import { storeContract } from './testing/store-contract.ts';

test.each(storeContract)('$name', ({ run }) => {
  const first = new MemoryStore({ outlivesPage: true });
  return run({
    open: async (options) => first.beside(options),
    crash: async (store) => void (store as MemoryStore).reopened(),
  });
});

test('more than the cap finds no space, and goes on once there is room', async () => {
  const store = new MemoryStore({ capBytes: 2 * BLOCK_BYTES });
  const folder = await store.create(manifestOf(3 * BLOCK_BYTES), LINK);
  await writeBlocks(folder, 0, 0, 1, 1);
  expect(await store.available()).toBe(0);
  await expectCode(writeBlocks(folder, 0, 2), 'no-space');
  store.capBytes = 3 * BLOCK_BYTES;
  await writeBlocks(folder, 0, 2);
  await folder.flush();
  await expectWhole(folder, 0);
});

test('what is removed, discarded or lost makes room at once', async () => {
  const store = new MemoryStore();
  const room = () => store.available();
  const all = await room();
  const folder = await store.create(manifestOf(2 * BLOCK_BYTES, 10, 20), LINK);
  await writeAll(folder);
  expect(await room()).toBe(all - 2 * BLOCK_BYTES - 30);
  await folder.note([{ file: 0, end: { end: 'removed' } }]);
  expect(await room()).toBe(all - 30);
  await folder.note([{ file: 2, end: { end: 'freed', hash: 'aa', at: 5, saved: 'saved' } }]);
  expect(await room()).toBe(all - 10);
  await folder.flush();
  await folder.close();
  await store.remove(folder.folder, [1]);
  expect(await room()).toBe(all);
  const again = await store.take(folder.folder);
  await again.discard();
  expect(await room()).toBe(all);
  const lost = await store.create(manifestOf(10), LINK);
  await writeAll(lost);
  expect(await store.reopened().available()).toBe(all);
});

test('a block whose bytes have changed is found by a recheck, and makes room', async () => {
  const store = new MemoryStore();
  const folder = await store.create(manifestOf(BLOCK_BYTES + 1), LINK);
  const bytes = blockOf(folder.manifest, 0, 0);
  await folder.write(0, 0, bytes, await hashBlock(bytes));
  await writeBlocks(folder, 0, 1);
  await folder.flush();
  const before = await store.available();
  bytes[77]! ^= 1;
  expect([await folder.recheck(0, 0), await folder.recheck(0, 1), await folder.recheck(0, 0)]).toEqual([
    false,
    true,
    false,
  ]);
  expect(await store.available()).toBe(before + BLOCK_BYTES);
});

test('says itself that it ends with the page', () => {
  expect([new MemoryStore().outlivesPage, new MemoryStore({ outlivesPage: true }).reopened().outlivesPage]).toEqual([
    false,
    true,
  ]);
});
