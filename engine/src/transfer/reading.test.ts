// What somebody looks at while it arrives.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { expect, it } from 'vitest';
import { ReceivingFile } from './incoming-file.ts';
import { acceptAll, bytesOf, expectArrived, offer } from './testing/given-files.ts';
import { fileAt, LinkedPeers } from './testing/linked-peers.ts';

const MIB = BLOCK_BYTES;
const never = new AbortController().signal;

it('any byte of a file that arrives is there soon, whatever is to come before it, and from any place to the end of its block', async () => {
  const peers = new LinkedPeers();
  const files = { 'before.bin': bytesOf(40 * MIB, 1), 'film.bin': bytesOf(80 * MIB + 77, 2) };
  offer(peers, files);
  await acceptAll(peers);
  const { receiver } = peers.bob;
  const film = fileAt(peers.bob.receiver.files, 'film.bin');
  for (const at of [0, 60 * MIB + 12_345, 80 * MIB + 70, 3 * MIB - 1, 60 * MIB]) {
    const before = peers.frames;
    const end = Math.min(files['film.bin'].length, (Math.floor(at / MIB) + 1) * MIB);
    for (let from = at; from < end;) {
      const bytes = await receiver.read(film.id, from, never);
      expect(bytes).toEqual(files['film.bin'].slice(from, from + bytes.length));
      from += bytes.length;
      expect(from).toBeLessThanOrEqual(end);
    }
    expect(peers.frames - before).toBeLessThan(6 * 16); // with what comes in between, and was asked for before
  }
  expect(film.state).toBe('active');
  await expectArrived(peers, files);
  expect(await receiver.read(film.id, 80 * MIB + 70, never)).toEqual(files['film.bin'].slice(80 * MIB + 70));
});

it('who waits is told when nothing will come: the file was stopped, or is not there', async () => {
  const peers = new LinkedPeers();
  offer(peers, { 'film.bin': bytesOf(20 * MIB) });
  await acceptAll(peers);
  const { receiver } = peers.bob;
  const { id } = fileAt(peers.bob.receiver.files, 'film.bin');
  const stopped = expect(receiver.read(id, 19 * MIB, never)).rejects.toMatchObject({ code: 'gone' });
  receiver.cancel([id]);
  await stopped;
  await expect(receiver.read(id, 0, never)).rejects.toMatchObject({ code: 'gone' });
  await expect(receiver.read('another', 0, never)).rejects.toMatchObject({ code: 'gone' });
});

it('one that does not want to wait any more, does not; of very many the oldest are told that they wait in vain', async () => {
  const file = new ReceivingFile({ id: 'x', path: 'x', size: 40 * MIB });
  const reason = new Error('enough');
  const stop = new AbortController();
  const stopped = expect(file.whenHere(3 * MIB, stop.signal)).rejects.toBe(reason);
  await expect(file.whenHere(3 * MIB, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(file.isRead).toBe(true);
  stop.abort(reason);
  await stopped;
  expect(file.isRead).toBe(false);

  const outcomes = Array.from({ length: 12 }, (_, block) =>
    file.whenHere(block * MIB + 5, new AbortController().signal).catch((error: unknown) => error),
  );
  for (const oldest of outcomes.slice(0, 4)) expect(await oldest).toMatchObject({ code: 'gone' });
  const open = file.openNext()!;
  expect(open.block).toBe(11); // who came last comes first
  file.closeWritten(open);
  expect(await outcomes[11]).toBe(undefined);
  file.endReads();
  for (const left of outcomes.slice(4, 11)) expect(await left).toMatchObject({ code: 'gone' });
});
