import { expect, it } from 'vitest';
import { MemoryStore } from './memory-store.ts';
import { acceptAll, bytesOf, expectArrived, offer } from './testing/given-files.ts';
import { fileAt, LinkedPeers } from './testing/linked-peers.ts';

const FILES = { 'a.bin': bytesOf(600), 'b.bin': bytesOf(400) };

it.each([
  { outlivesPage: false, left: 400, opens: false, room: 'makes room at once in memory' },
  { outlivesPage: true, left: 1_000, opens: true, room: 'stays for a while on a disk' },
])('what was saved $room; what was handed to the downloads stays until its person frees it', async (each) => {
  const store = new MemoryStore({ outlivesPage: each.outlivesPage });
  const room = await store.available();
  const used = async () => room - (await store.available());
  const peers = new LinkedPeers({ bob: store });
  offer(peers, FILES);
  await acceptAll(peers);
  await expectArrived(peers, FILES);
  const { receiver } = peers.bob;
  const [a, b] = [fileAt(receiver.files, 'a.bin'), fileAt(receiver.files, 'b.bin')];

  await receiver.noteSaved([a.id, b.id], 'handed');
  expect([a.saved, b.saved, await used()]).toEqual(['handed', 'handed', 1_000]);
  await receiver.noteSaved([a.id], 'saved');
  expect([a.saved, await used()]).toEqual(['saved', each.left]);
  expect((await receiver.open(a.id)) !== undefined).toBe(each.opens);
  await receiver.noteSaved([a.id, b.id], 'freed');
  expect([a.saved, b.saved, a.freed, b.freed, await used()]).toEqual(['saved', 'handed', true, true, 0]);
  expect([a.state, b.state]).toEqual(['done', 'done']);
});
