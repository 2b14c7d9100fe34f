import { expect, test } from 'vitest';
import { passUntil, Visitor } from '@tincan/engine/room/testing/visits';
import { bytesOf } from '@tincan/engine/transfer/testing/given-files';
import { TransferViews } from './transfer-views.ts';

const FILES = { 'a.txt': new Uint8Array(10), 'b.txt': new Uint8Array(20), 'large.bin': new Uint8Array(40 * 1_048_576) };

/** Which of the received files are saved, as the page shows it. */
function savedOf({ exchanges }: Visitor): string[] {
  const views = new TransferViews(exchanges).transfers(0);
  return views.filter(({ direction, saved }) => direction === 'receive' && saved).map(({ path }) => path);
}

test('what was saved is so after a reload, in an offer that goes on', async () => {
  const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
  const reachable = () => [...alice.exchanges.all].some(({ linked }) => linked);
  await passUntil(reachable, () => alice.page.view);
  alice.offer(bob, FILES);
  const isDone = (path: string) => bob.received.some((file) => file.path === path && file.state === 'done');
  await passUntil(
    () => isDone('a.txt') && isDone('b.txt'),
    () => bob.view,
  );
  for (const { sender } of alice.exchanges.all) for (const { id } of sender.files) sender.pause(id);
  for (const { receiver } of bob.exchanges.all)
    for (const { id, path } of receiver.files) if (path === 'a.txt') await receiver.markSaved(id);
  expect([savedOf(bob), isDone('large.bin')]).toEqual([['a.txt'], false]);
  await bob.reload();
  expect(savedOf(bob)).toEqual(['a.txt']);
});

test('what ended since its peer has left for good cannot be tried again', async () => {
  const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
  bob.accepts = false;
  await passUntil(
    () => [...alice.exchanges.all].some(({ linked }) => linked),
    () => alice.page.view,
  );
  alice.offer(bob, { 'file.bin': bytesOf(10) });
  const views = new TransferViews(alice.exchanges);
  const see = () => views.transfers(0).map(({ state, failure, canResume }) => [state, failure, canResume]);
  expect(see()).toEqual([['offered', undefined, false]]);
  await bob.close();
  await passUntil(
    () => alice.sent[0]!.state === 'failed',
    () => alice.view,
  );
  expect(see()).toEqual([['failed', 'peer-left', false]]);
});
