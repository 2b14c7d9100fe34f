import { expect, test } from 'vitest';
import { passUntil, Visitor } from '@tincan/engine/room/testing/visits';
import { People } from './people.svelte.ts';
import { Sending } from './sending.svelte.ts';

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
