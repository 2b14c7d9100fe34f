import { afterEach, expect, test, vi } from 'vitest';
import { Visitor, passUntil } from '@tincan/engine/room/testing/visits';
import { bytesOf } from '@tincan/engine/transfer/testing/given-files';
import type { Downloads } from '../storage/downloads.ts';
import { DiskFolder } from '../storage/testing/disk-folder.ts';
import { Saver } from './saver.ts';
import { TransferViews } from './transfer-views.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Alice offers Bob these files, and he accepts them with a place for them. */
async function acceptAndSave(files: Record<string, Uint8Array<ArrayBuffer>>, disk = new DiskFolder()) {
  const pickFile = vi.fn(() => disk.handle.getFileHandle('picked', { create: true }));
  vi.stubGlobal('window', { showDirectoryPicker: async () => disk.handle, showSaveFilePicker: pickFile });
  const [alice, bob] = [await new Visitor('alice').enter(), new Visitor('bob')];
  bob.accepts = false;
  await bob.enter();
  const views = new TransferViews(bob.exchanges);
  const saver = new Saver(bob.exchanges, views, {} as Downloads, () => {});
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
  return { alice, bob, saver, disk, pickFile };
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
