import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { expect, test } from 'vitest';
import { passUntil, Visitor } from '@tincan/engine/room/testing/visits';
import { People } from './people.svelte.ts';
import { Sending } from './sending.svelte.ts';

/** Alice and Bob, who are linked; he answers nothing. */
async function linked(): Promise<{ alice: Visitor; bob: Visitor }> {
  const [alice, bob] = [await new Visitor('alice').enter(), new Visitor('bob')];
  bob.accepts = false;
  await bob.enter();
  await passUntil(
    () => [...alice.exchanges.all].some((each) => each.linked),
    () => alice.page.view,
  );
  return { alice, bob };
}

const BYTES = new Uint8Array(3 * 1_048_576);
const picked = { path: 'file.bin', file: new File([BYTES], 'file.bin') };

test('a file that is sent to one person gets there, also while somebody else’s send waits for the same one', async () => {
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => new Visitor(name)) as [Visitor, Visitor, Visitor];
  const linked = () => [...alice.exchanges.all].filter((each) => each.linked).length;
  for (const each of [alice, bob, carol]) await each.enter();
  await passUntil(
    () => linked() === 2,
    () => alice.page.view,
  );
  alice.offer(bob, { 'file.bin': BYTES });
  await passUntil(
    () => alice.sent[0]!.state === 'active',
    () => alice.view,
  );
  await alice.reload();
  await passUntil(
    () => linked() === 2,
    () => alice.page.view,
  );
  const sending = new Sending(new People());
  sending.begin(alice.exchanges);
  sending.send([picked], carol.page.session);
  await passUntil(
    () => carol.received[0]?.state === 'done',
    () => [alice.view, carol.view],
  );
  expect(alice.exchanges.wanted.all.map(({ path }) => path)).toEqual(['file.bin']);
  sending.send([picked], bob.page.session);
  await passUntil(
    () => bob.received[0]?.state === 'done',
    () => [alice.view, bob.view],
  );
  expect([bob.received.length, alice.exchanges.wanted.all]).toEqual([1, []]);
});

test('[XFER-15] files are sent with their dates, and empty folders, which have none, with them', async () => {
  const { alice, bob } = await linked();
  const sending = new Sending(new People());
  sending.begin(alice.exchanges);
  const [dated, folder] = [new File(['x'], 'a.txt', { lastModified: 1_000_000_000_001 }), new File([], 'empty')];
  sending.send(
    [
      { path: 'tree/a.txt', file: dated },
      { path: 'tree/empty/', file: folder },
    ],
    bob.page.session,
  );
  await passUntil(
    () => bob.received.length === 2,
    () => bob.view,
  );
  expect(bob.received.map(({ path, modified }) => [path, modified])).toEqual([
    ['tree/a.txt', 1_000_000_000_001],
    ['tree/empty/', undefined],
  ]);
});

test('[XFER-1] more files than an offer may have, chosen in several goes, are offered in several to whoever comes', async () => {
  const alice = await new Visitor('alice').enter();
  const sending = new Sending(new People());
  sending.begin(alice.exchanges);
  const file = new File([], 'empty.txt');
  sending.send(Array.from({ length: MAX_FILES_PER_OFFER }, (_, index) => ({ path: `many/${index}`, file })));
  sending.send([{ path: 'one more', file }]);
  const bob = new Visitor('bob');
  bob.accepts = false;
  await bob.enter();
  await passUntil(
    () => bob.received.length > MAX_FILES_PER_OFFER,
    () => [alice.page.view, bob.received.length],
  );
  expect(bob.received.length).toBe(MAX_FILES_PER_OFFER + 1);
  for (const { receiver } of bob.exchanges.all)
    expect([...receiver.offers].every(({ files }) => files.length <= MAX_FILES_PER_OFFER)).toBe(true);
});

test('a file that is kept for whoever comes counts as offered once somebody has come, and not when they have left without an answer', async () => {
  const alice = await new Visitor('alice').enter();
  const sending = new Sending(new People());
  sending.begin(alice.exchanges);
  sending.send([picked, { path: 'other.bin', file: picked.file }]);
  await passUntil(
    () => sending.staged.length === 2,
    () => sending.staged,
  );
  const offered = () => sending.staged.map(({ isOffered }) => isOffered());
  expect(offered()).toEqual([false, false]);
  const bob = new Visitor('bob');
  bob.accepts = false;
  await bob.enter();
  await passUntil(
    () => bob.received.length === 2,
    () => bob.view,
  );
  expect(offered()).toEqual([true, true]);
  await bob.close();
  await passUntil(
    () => offered().every((each) => !each),
    () => [alice.view, offered()],
  );
});
