import { afterEach, expect, test, vi } from 'vitest';
import { Visitor, passUntil } from '@tincan/engine/room/testing/visits';
import { bytesOf } from '@tincan/engine/transfer/testing/given-files';
import type { Downloads } from '../storage/downloads.ts';
import { MemoryPlaces } from '../storage/places.ts';
import { DiskFolder } from '../storage/testing/disk-folder.ts';
import { Saver } from './saver.ts';
import { TransferViews } from './transfer-views.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Alice offers Bob these files, and he accepts them with a place for them. */
async function acceptAndSave(
  files: Record<string, Uint8Array<ArrayBuffer>>,
  disk = new DiskFolder(),
  picked?: FileSystemFileHandle,
) {
  const pickFile = vi.fn(async () => picked ?? disk.handle.getFileHandle('picked', { create: true }));
  vi.stubGlobal('window', { showDirectoryPicker: async () => disk.handle, showSaveFilePicker: pickFile });
  const [alice, bob] = [await new Visitor('alice').enter(), new Visitor('bob')];
  bob.accepts = false;
  await bob.enter();
  const views = new TransferViews(bob.exchanges);
  const places = new MemoryPlaces();
  const saver = new Saver(bob.exchanges, views, { downloads: {} as Downloads, places }, () => {});
  await passUntil(
    () => [...alice.exchanges.all].some(({ linked }) => linked),
    () => alice.page.view,
  );
  alice.offer(bob, files);
  await passUntil(
    () => views.offers().length === 1,
    () => bob.view,
  );
  const [offer] = views.offers();
  expect(await saver.choosePlace(offer!)).toBe(true);
  for (const { receiver } of bob.exchanges.all) await receiver.accept(offer!.id);
  return { alice, bob, saver, disk, pickFile, places };
}

const savedOf = ({ received }: Visitor) => received.map(({ path, saved, freed }) => `${path}: ${saved}, ${freed}`);

test('a file and an empty folder go into a picked folder: no folder is written over a file', async () => {
  const { bob, saver, disk, pickFile } = await acceptAndSave({ 'p/a.txt': bytesOf(3), 'p/empty/': bytesOf(0) });
  await passUntil(
    () => (saver.look(), bob.received.every(({ freed }) => freed)),
    () => bob.view,
  );
  expect(Object.keys(disk.tree).sort()).toEqual(['p/a.txt', 'p/empty/']);
  expect([pickFile.mock.calls.length, savedOf(bob)]).toEqual([0, ['p/a.txt: saved, true', 'p/empty/: saved, true']]);
});

test('what cannot be written is tried once, and kept; the others go on', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const disk = new DiskFolder();
  disk.failAt('bad.txt', new Error('broken'));
  const files = { 'bad.txt': bytesOf(3), 'b.txt': bytesOf(4), 'large.bin': bytesOf(3_000_000) };
  const { bob, saver } = await acceptAndSave(files, disk);
  await passUntil(
    () => (saver.look(), bob.received.filter(({ freed }) => freed).length === 2),
    () => bob.view,
  );
  saver.look();
  expect(saver.view.unsaved).toEqual([{ path: 'bad.txt', why: 'failed' }]);
  expect(savedOf(bob)).toEqual(['bad.txt: no, false', 'b.txt: saved, true', 'large.bin: saved, true']);
});

test('a file that was picked and got nothing is deleted again; one that was saved stays, and neither is asked for again', async () => {
  for (const outcome of ['saved', 'cancelled'] as const) {
    const remove = vi.fn(async () => undefined);
    const disk = new DiskFolder();
    const handle = await disk.handle.getFileHandle('picked', { create: true });
    Object.assign(handle, { remove, getFile: async () => new Blob([]) });
    const { bob, saver, places } = await acceptAndSave({ 'a.bin': bytesOf(3_000_000) }, disk, handle);
    const [exchange] = [...bob.exchanges.all].filter(({ receiver }) => [...receiver.offers].length > 0);
    const [offer] = exchange!.receiver.offers;
    expect((await places.find([offer!.id])).size).toBe(1);
    if (outcome === 'cancelled') exchange!.receiver.cancel([offer!.files[0]!.id]);
    await passUntil(
      () => (saver.look(), bob.received.every(({ freed, state }) => freed || state === 'cancelled')),
      () => bob.view,
    );
    await expect.poll(async () => (await places.find([offer!.id])).size).toBe(0);
    await expect.poll(() => remove.mock.calls.length).toBe(outcome === 'cancelled' ? 1 : 0);
  }
});

test('after a reload it goes on, and into the place that was picked', async () => {
  const { alice, bob, places, disk } = await acceptAndSave({ 'p/a.bin': bytesOf(3_000_000), 'p/b.bin': bytesOf(40) });
  await passUntil(
    () => bob.received.some(({ durable }) => durable > 0),
    () => bob.view,
  );
  await bob.reload();
  const saver = new Saver(
    bob.exchanges,
    new TransferViews(bob.exchanges),
    { downloads: {} as Downloads, places },
    () => {},
  );
  await saver.restore();
  await passUntil(
    () => (saver.look(), bob.received.length === 2 && bob.received.every(({ freed }) => freed)),
    () => [bob.view, alice.page.view],
  );
  expect(Object.keys(disk.tree).sort()).toEqual(['p/a.bin', 'p/b.bin']);
});

test('whoever leaves in the middle of the saving finds the place again: it goes on from there', async () => {
  const disk = new DiskFolder();
  const { bob, saver, places } = await acceptAndSave({ 'p/a.bin': bytesOf(40), 'p/b.bin': bytesOf(3_000_000) }, disk);
  const letGo = disk.holdAt('b.bin');
  await passUntil(
    () => (saver.look(), Object.keys(disk.tree).length === 2),
    () => [bob.view, disk.tree],
  );
  const [offer] = [...bob.exchanges.all].flatMap(({ receiver }) => [...receiver.offers]);
  saver.close();
  letGo();
  await expect.poll(() => saver.view.unsaved).toEqual([{ path: 'p/b.bin', why: 'stopped' }]);
  expect([Object.keys(disk.tree), (await places.find([offer!.id])).size]).toEqual([['p/a.bin'], 1]);
});
