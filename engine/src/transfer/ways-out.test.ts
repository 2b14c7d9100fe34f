// Whatever a transfer stands still for, there is a way on: without anyone's doing, or by "try again".
import type { ReceiverMessage, SenderMessage } from '@tincan/shared/link-message';
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TincanError } from '../platform/errors.ts';
import { MemoryStore } from './memory-store.ts';
import { SendingOffer } from './outgoing-offer.ts';
import { Sender } from './sender.ts';
import { Source } from './source.ts';
import { SpaceWatch } from './space-watch.ts';
import type { OfferFolder } from './store.ts';
import { acceptAll, bytesOf, ChangedStore, expectArrived, offer } from './testing/given-files.ts';
import { fileAt, LinkedPeers, until } from './testing/linked-peers.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('another try', () => {
  const FILES = { 'file.bin': bytesOf(2 * BLOCK_BYTES) };
  const ends = ['the sender', 'the receiver'] as const;

  function tryAgain({ alice, bob }: LinkedPeers, who: (typeof ends)[number]): void {
    const side = who === 'the sender' ? alice.sender : bob.receiver;
    side.resume(fileAt(side.files, 'file.bin').id);
  }

  async function expectBothFailed({ alice, bob }: LinkedPeers): Promise<void> {
    const both = [fileAt(alice.sender.files, 'file.bin'), fileAt(bob.receiver.files, 'file.bin')];
    await until(() => both.every(({ state }) => state === 'failed'), 'both see that it has failed');
  }

  /** A disk that fails until it is plugged in again. */
  class Unplugged {
    works = false;
    async use<Result>(work: () => Promise<Result>): Promise<Result> {
      if (!this.works) throw new TincanError('store-failed', 'unplugged');
      return work();
    }
  }

  async function expectTriedAgain(
    who: (typeof ends)[number],
    disk: Unplugged,
    change: (folder: OfferFolder) => Partial<OfferFolder>,
  ): Promise<void> {
    const peers = new LinkedPeers({ bob: new ChangedStore(change) });
    offer(peers, FILES);
    await acceptAll(peers);
    await expectBothFailed(peers);
    disk.works = true;
    tryAgain(peers, who);
    await expectArrived(peers, FILES);
  }

  beforeEach(() => {
    for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  });

  it.each(ends)(
    'by %s, where all of it is on the disk and the file could not be read for the comparison',
    async (who) => {
      const peers = new LinkedPeers();
      const source = new Source(new Blob([FILES['file.bin']]));
      const fileHash = source.fileHash.bind(source);
      source.fileHash = () => Promise.reject(new TincanError('source-unreadable', 'unplugged'));
      peers.alice.sender.offer([{ path: 'file.bin', source }]);
      await acceptAll(peers);
      await expectBothFailed(peers);
      source.fileHash = fileHash;
      tryAgain(peers, who);
      await expectArrived(peers, FILES);
    },
  );

  it.each(ends)('by %s, where the hashes on the disk could not be read', async (who) => {
    const disk = new Unplugged();
    await expectTriedAgain(who, disk, (folder) => ({ hashes: (file) => disk.use(() => folder.hashes(file)) }));
  });

  it.each(ends)('by %s, where what was written could not be made durable', async (who) => {
    const disk = new Unplugged();
    await expectTriedAgain(who, disk, (folder) => ({ flush: () => disk.use(() => folder.flush()) }));
  });
});

describe('a disk', () => {
  it('that has just room for a file takes all of it', async () => {
    const peers = new LinkedPeers({ bob: new MemoryStore({ capBytes: 9 * BLOCK_BYTES }) });
    const files = { 'file.bin': bytesOf(9 * BLOCK_BYTES) };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
  });

  it('that cannot be asked for its room for once is asked again', async () => {
    vi.useFakeTimers();
    try {
      const error = vi.spyOn(console, 'warn').mockReturnValue();
      let isFull = true;
      let asked = 0;
      const available = () => (++asked === 1 ? Promise.reject(new Error('busy')) : Promise.resolve(Infinity));
      const onRoom = () => (isFull = false);
      const watch = new SpaceWatch({ available, needed: () => 1, isFull: () => isFull, onRoom, onFull: () => {} });
      watch.handleFull();
      await vi.advanceTimersByTimeAsync(60_000);
      expect([asked, isFull, error.mock.calls.length]).toEqual([2, false, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not looked at any more when the page has left, although it was just being looked at', async () => {
    vi.useFakeTimers();
    try {
      let tell: (bytes: number) => void = () => {};
      const available = () => new Promise<number>((resolve) => (tell = resolve));
      const onRoom = vi.fn();
      const watch = new SpaceWatch({ available, needed: () => 1, isFull: () => true, onRoom, onFull: () => {} });
      watch.lookNow();
      watch.stop();
      tell(0);
      await vi.advanceTimersByTimeAsync(0);
      expect([vi.getTimerCount(), onRoom.mock.calls.length]).toEqual([0, 0]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('one file after the other', () => {
  const names = Array.from({ length: 8 }, (_, i) => `${i}.bin`);

  it.each(['paused by the receiver', 'paused by the sender', 'cancelled by the receiver', 'cancelled by the sender'])(
    '%s, faster than a slow path takes what was asked for: the last one arrives',
    async (how) => {
      const peers = new LinkedPeers();
      let slow = true;
      peers.stands = () => slow;
      const files = Object.fromEntries(names.map((name, i) => [name, bytesOf(16 * BLOCK_BYTES, i + 1)]));
      const last = { [names.at(-1)!]: files[names.at(-1)!]! };
      offer(peers, files);
      await acceptAll(peers);
      await peers.settle();
      for (const name of names.slice(0, -1)) {
        const side = how.endsWith('receiver') ? peers.bob.receiver : peers.alice.sender;
        const { id } = fileAt(side.files, name);
        if (how.startsWith('paused')) side.pause(id);
        else side.cancel([id]);
        const other = how.endsWith('receiver') ? peers.alice.sender : peers.bob.receiver;
        const isTold = ({ there, state } = fileAt(other.files, name)) => there === 'person' || state === 'cancelled';
        await until(() => isTold(), 'it is told');
        await peers.settle();
      }
      expect([...peers.alice.sender.files].map(({ failure }) => failure)).toEqual(names.map(() => undefined));
      slow = false;
      peers.goOn();
      const name = Object.keys(last)[0]!;
      await until(() => fileAt(peers.alice.sender.files, name).state === 'done', 'the last one is done');
    },
  );
});

it('files of an earlier visit that are to be given again are held in few messages, and are gone on with in few', () => {
  const said: (SenderMessage | ReceiverMessage)[] = [];
  const sender = new Sender({ path: { send: (message) => void said.push(message), openLanes: () => {} } });
  const files = Array.from({ length: 1_000 }, (_, i) => ({ id: String(i).padStart(22, 'A'), path: `${i}`, size: 1 }));
  const id = 'A'.repeat(22);
  const record = { offer: id, key: id, to: 'Bob', link: '', usedAt: 0, files };
  sender.adopt(SendingOffer.restore(record));
  const holds = () => said.filter(({ type }) => type === 'hold');
  const handlesHeld = () => holds().reduce((sum, hold) => sum + ('handles' in hold ? hold.handles.length : 0), 0);
  sender.handleLinkUp();
  return Promise.resolve()
    .then(() => expect([holds().length, handlesHeld()]).toEqual([2, 1_000]))
    .then(() => {
      for (const file of files) sender.give(file.id, new Source(new Blob(['x'])));
    })
    .then(() => expect([holds().length, handlesHeld()]).toEqual([4, 2_000]));
});
