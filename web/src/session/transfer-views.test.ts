import { expect, test } from 'vitest';
import { passUntil, Visitor } from '@tincan/engine/room/testing/visits';
import { bytesOf } from '@tincan/engine/transfer/testing/given-files';
import { TransferViews } from './transfer-views.ts';

const FILES = {
  'a.txt': new Uint8Array(10),
  'b.txt': new Uint8Array(20),
  'c.txt': new Uint8Array(30),
  'd.txt': new Uint8Array(40),
  'large.bin': new Uint8Array(40 * 1_048_576),
};

/** Where the small received files are beside the browser's own copy, as the page shows it, and whether there is one. */
function savedOf({ exchanges }: Visitor): string[] {
  const small = new TransferViews(exchanges).transfers(0).filter(({ path }) => path !== 'large.bin');
  return small.map(({ path, saved, kept }) => `${path}: ${saved}${kept ? '' : ', freed'}`);
}

test('what was saved is so after a reload, in an offer that goes on', async () => {
  const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
  const reachable = () => [...alice.exchanges.all].some(({ linked }) => linked);
  await passUntil(reachable, () => alice.page.view);
  alice.offer(bob, FILES);
  const isDone = (path: string) => bob.received.some((file) => file.path === path && file.state === 'done');
  await passUntil(
    () => Object.keys(FILES).every((path) => path === 'large.bin' || isDone(path)),
    () => bob.view,
  );
  for (const { sender } of alice.exchanges.all) for (const { id } of sender.files) sender.pause(id);
  for (const { receiver } of bob.exchanges.all) {
    const idsOf = (...paths: string[]) =>
      [...receiver.files].flatMap(({ id, path }) => (paths.includes(path) ? [id] : []));
    await receiver.noteSaved(idsOf('a.txt'), 'handed');
    await receiver.noteSaved(idsOf('b.txt', 'c.txt', 'large.bin'), 'saved');
    await receiver.noteSaved(idsOf('b.txt'), 'handed'); // is not less for that
    await receiver.noteSaved(idsOf('c.txt'), 'freed');
  }
  const expected = ['a.txt: handed', 'b.txt: saved', 'c.txt: saved, freed', 'd.txt: no'];
  expect([savedOf(bob), isDone('large.bin')]).toEqual([expected, false]);
  await bob.reload();
  expect(savedOf(bob)).toEqual(expected);
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

test('[XFER-14] an empty folder is counted apart from the files, and is no download', async () => {
  const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
  bob.accepts = false;
  await passUntil(
    () => [...alice.exchanges.all].some(({ linked }) => linked),
    () => alice.page.view,
  );
  alice.offer(bob, { 'tree/a.txt': bytesOf(10), 'tree/b.txt': bytesOf(0), 'tree/empty/': bytesOf(0) });
  const views = new TransferViews(bob.exchanges);
  await passUntil(
    () => views.offers().length === 1,
    () => bob.view,
  );
  const [offer] = views.offers();
  expect(offer).toMatchObject({ files: 2, folders: 1, bytes: 10 });
  expect(offer!.preview.map(({ path }) => path)).toEqual(['tree/a.txt', 'tree/b.txt', 'tree/empty/']);
  for (const { receiver } of bob.exchanges.all) await receiver.accept(offer!.id);
  await passUntil(
    () => bob.received.every(({ state }) => state === 'done'),
    () => bob.view,
  );
  expect(views.transfers(0).map(({ path, kept }) => [path, kept])).toEqual([
    ['tree/a.txt', true],
    ['tree/b.txt', true],
    ['tree/empty/', true],
  ]);
});
