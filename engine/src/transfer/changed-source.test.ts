import { BLOCK_BYTES, PIECE_BYTES } from '@tincan/shared/limits';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Source } from './source.ts';
import { FileOnDisk, type Browser } from './testing/file-on-disk.ts';
import { acceptAll, bytesOf, expectedHash } from './testing/given-files.ts';
import { fileAt, LinkedPeers, openAt, until } from './testing/linked-peers.ts';

const SIZE = 8 * BLOCK_BYTES;
const OTHER = bytesOf(1_000, 7);

/** What somebody does to the file while it is being sent; the reading position is in the first half of it then. */
const CHANGES = {
  'overwritten behind the reading position': (file: FileOnDisk) => file.overwrite(100, OTHER),
  'overwritten before the reading position': (file: FileOnDisk) => file.overwrite(SIZE - 2_000, OTHER),
  truncated: (file: FileOnDisk) => file.truncate(SIZE - 1),
  deleted: (file: FileOnDisk) => file.delete(),
  touched: (file: FileOnDisk) => file.touch(),
};
type Change = keyof typeof CHANGES;

beforeEach(() => {
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Sends the file, and changes it once a quarter of it has arrived. Gives how it ended, the same on both sides. */
async function sendChanged(disk: FileOnDisk, source: Source, change: () => void): Promise<string> {
  const peers = new LinkedPeers();
  peers.onDelivered = () => {
    if (peers.frames < SIZE / 4 / PIECE_BYTES) return;
    peers.onDelivered = () => {};
    change();
  };
  peers.alice.sender.offer([{ path: 'file.bin', source }]);
  await acceptAll(peers);
  const sent = fileAt(peers.alice.sender.files, 'file.bin');
  const received = fileAt(peers.bob.receiver.files, 'file.bin');
  const hasEnded = (file: typeof sent) => file.state === 'done' || file.state === 'failed';
  await until(() => hasEnded(sent) && hasEnded(received), 'both have seen its end');
  expect([received.state, received.failure]).toEqual([sent.state, sent.failure]);
  if (sent.state === 'done') {
    expect(Buffer.compare(await openAt(peers.bob.receiver, 'file.bin'), disk.bytes!)).toBe(0);
    expect([sent.hash, received.hash]).toEqual([expectedHash(disk.bytes!), expectedHash(disk.bytes!)]);
  }
  return sent.failure ?? sent.state;
}

describe('[XFER-9] a file that changes while it is sent is never verified as what it is not', () => {
  const inFirefox: [Browser, boolean] = ['reads what is there', false];
  const inChromium: [Browser, boolean] = ['guards its files', false];
  const byHandle: [Browser, boolean] = ['guards its files', true];
  it.each<[Change, ...[Browser, boolean], string]>([
    ['overwritten behind the reading position', ...inFirefox, 'source-changed'],
    ['overwritten behind the reading position', ...inChromium, 'source-changed'],
    ['overwritten behind the reading position', ...byHandle, 'source-changed'],
    ['overwritten before the reading position', ...inFirefox, 'done'], // what has arrived is what it is now
    ['overwritten before the reading position', ...inChromium, 'source-changed'],
    ['overwritten before the reading position', ...byHandle, 'done'],
    ['truncated', ...inFirefox, 'source-changed'],
    ['truncated', ...inChromium, 'source-changed'],
    ['truncated', ...byHandle, 'source-changed'],
    ['deleted', ...inFirefox, 'source-unreadable'],
    ['deleted', ...inChromium, 'source-unreadable'],
    ['deleted', ...byHandle, 'source-unreadable'],
    ['touched', ...inFirefox, 'done'],
    ['touched', ...inChromium, 'source-changed'], // it cannot be read any more
    ['touched', ...byHandle, 'done'],
  ])('%s, in a browser that %s, opened anew: %s: %s', async (change, browser, canReopen, end) => {
    const disk = new FileOnDisk(bytesOf(SIZE));
    const source = new Source(disk.choose(browser), canReopen ? disk.reopen : undefined);
    expect(await sendChanged(disk, source, () => CHANGES[change](disk))).toBe(end);
  });

  it('also where it is written to once more while it is read for the last comparison', async () => {
    const disk = new FileOnDisk(bytesOf(2 * BLOCK_BYTES));
    const source = new Source(disk.choose('guards its files'), disk.reopen);
    await source.blockHash(0);
    await source.blockHash(1);
    disk.touch();
    let asked = 0;
    const hash = source.fileHash(() => {
      if (++asked === 2) disk.overwrite(0, OTHER); // the first block has been read again by then
      return true;
    });
    await expect(hash).rejects.toMatchObject({ code: 'source-changed' });
  });

  it('also where nobody waited for the end of the reading that would have shown it, and somebody asks again', async () => {
    const disk = new FileOnDisk(bytesOf(2 * BLOCK_BYTES));
    const source = new Source(disk.choose('guards its files'), disk.reopen);
    for (const block of [0, 1]) await source.blockHash(block);
    disk.overwrite(0, OTHER);
    await expect(source.fileHash(() => false)).rejects.toThrow();
    await expect(source.fileHash()).rejects.toMatchObject({ code: 'source-changed' });
  });

  it.each([100, BLOCK_BYTES / 2, BLOCK_BYTES * 2])('also of %d bytes of which nothing has been sent', async (size) => {
    const disk = new FileOnDisk(bytesOf(size));
    const source = new Source(disk.choose('guards its files'));
    disk.touch();
    await expect(source.readBlock(0)).rejects.toMatchObject({ code: 'source-changed' });
  });

  it('blames the file, and not the path, where a block that is asked for again is another one', async () => {
    const disk = new FileOnDisk(bytesOf(SIZE));
    const source = new Source(disk.choose('reads what is there'));
    await source.blockHash(3);
    disk.overwrite(3 * BLOCK_BYTES, OTHER);
    await source.readBlock(3);
    await expect(source.blockHash(3)).rejects.toMatchObject({ code: 'source-changed' });
    await expect(source.readBlock(0)).rejects.toMatchObject({ code: 'source-changed' });
  });
});

it('a file whose date is as it was is not read a second time', async () => {
  const disk = new FileOnDisk(bytesOf(3 * BLOCK_BYTES));
  const source = new Source(disk.choose('guards its files'), disk.reopen);
  for (const block of [0, 1, 2]) await source.blockHash(block);
  const read = vi.spyOn(source, 'readBlock');
  expect(await source.fileHash()).toBe(expectedHash(disk.bytes!));
  expect(read).not.toHaveBeenCalled();
});

it('a file of which nobody waits for the hash any more is not read to its end', async () => {
  const source = new Source(new Blob([bytesOf(4 * BLOCK_BYTES)]));
  const read = vi.spyOn(source, 'readBlock');
  await expect(source.fileHash(() => read.mock.calls.length < 2)).rejects.toThrow();
  expect(read).toHaveBeenCalledTimes(2);
});

it('what was sent is read once more before it is verified, but for bytes that cannot change', async () => {
  const bytes = bytesOf(3 * BLOCK_BYTES);
  for (const [given, reads] of [
    [new File([bytes], 'file.bin'), 6],
    [new Blob([bytes]), 3],
  ] as const) {
    const slice = vi.spyOn(given, 'slice');
    const source = new Source(given);
    for (const block of [0, 1, 2]) await source.blockHash(block);
    expect(await source.fileHash()).toBe(expectedHash(bytes));
    expect(slice).toHaveBeenCalledTimes(reads);
  }
});
