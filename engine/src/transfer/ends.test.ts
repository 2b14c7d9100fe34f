import type { ReceiverMessage, SenderMessage } from '@tincan/shared/link-message';
import { expect, it, vi } from 'vitest';
import { TincanError } from '../platform/errors.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { Source } from './source.ts';
import { acceptAll, bytesOf, ChangedStore, expectArrived, offer } from './testing/given-files.ts';
import { fileAt, LinkedPeers, until } from './testing/linked-peers.ts';

it('nobody is told that a file is done before that stands on the disk', async () => {
  const notes: (() => void)[] = [];
  const store = new ChangedStore((folder) => ({
    note: async (...args) => {
      await new Promise<void>((resolve) => notes.push(resolve));
      await folder.note(...args);
    },
  }));
  const peers = new LinkedPeers({ bob: store });
  let settled = 0;
  peers.alice.sender.on('settled', () => (settled += 1));
  const files = { 'file.bin': bytesOf(100_000) };
  offer(peers, files);
  await acceptAll(peers);
  await until(() => notes.length === 1, 'it is to be noted');
  await peers.settle();
  expect([fileAt(peers.bob.receiver.files, 'file.bin').state, settled]).toEqual(['verifying', 0]);
  notes[0]!();
  await expectArrived(peers, files);
  await until(() => settled === 1, 'the sender hears of it');
});

it('where it cannot be noted, the person has the file and the sender goes on remembering it, until it can', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  let works = false;
  const store = new ChangedStore((folder) => ({
    note: async (...args) => {
      if (!works) throw new TincanError('no-space', 'full');
      await folder.note(...args);
    },
  }));
  const peers = new LinkedPeers({ bob: store });
  let settled = 0;
  peers.alice.sender.on('settled', () => (settled += 1));
  const files = { 'file.bin': bytesOf(100_000) };
  offer(peers, files);
  await acceptAll(peers);
  await expectArrived(peers, files);
  await peers.settle();
  peers.cut();
  peers.restore();
  await peers.settle();
  expect(settled).toBe(0);
  works = true;
  peers.cut();
  peers.restore();
  await until(() => settled === 1, 'the sender hears of it');
  const [kept] = await store.list();
  expect([...kept!.ends.values()].map(({ end }) => end)).toEqual(['done']);
});

it('a handle is never used twice, so that what comes late from an earlier link is about nothing', async () => {
  const said: (SenderMessage | ReceiverMessage)[] = [];
  const sender = new Sender({ path: { send: (message) => void said.push(message), openLanes: () => {} } });
  const source = new Source(new Blob(['x']));
  let tell: (hash: string) => void = () => {};
  source.fileHash = () => new Promise((resolve) => (tell = resolve));
  sender.handleLinkUp();
  sender.offer([{ path: 'a', source }]);
  sender.handleMessage({ type: 'complete', files: [{ handle: 1, hash: '0'.repeat(64) }] });
  for (let link = 0; link < 3; link++) {
    sender.handleLinkDown();
    sender.handleLinkUp();
    sender.offer([{ path: `b${link}`, source: new Source(new Blob(['y'])) }]);
  }
  tell('0'.repeat(64));
  await until(() => said.some(({ type }) => type === 'verified'), 'it says so late');
  const handles = said.flatMap((message) =>
    message.type === 'offer' ? message.entries.map(({ handle }) => handle) : [],
  );
  expect(new Set(handles).size).toBe(handles.length);
});

it('frames that come when a file has ended, or is on its way to be compared, change nothing', async () => {
  const peers = new LinkedPeers();
  const frames: ArrayBuffer[] = [];
  const handle = peers.bob.receiver.handleFrame.bind(peers.bob.receiver);
  peers.bob.receiver.handleFrame = (frame) => {
    frames.push(frame.slice(0));
    handle(frame);
  };
  const files = { 'file.bin': bytesOf(100_000) };
  offer(peers, files);
  await acceptAll(peers);
  await expectArrived(peers, files);
  const arrivedBytes = peers.bob.receiver.arrived.bytes;
  expect(arrivedBytes).toBe(100_000);
  for (const frame of frames) {
    new Uint8Array(frame).fill(7, 16);
    handle(frame);
    handle(frame.slice(0, 30)); // off the grid: of a file that is received it would be the end
  }
  await expectArrived(peers, files);
  expect(peers.bob.receiver.arrived.bytes).toBe(arrivedBytes);
});

it('a sender that comes back as another session, in the moment in which a file is noted, hears that it is done', async () => {
  let noted: () => void = () => {};
  const store = new ChangedStore((folder) => ({
    note: async (...args) => {
      await new Promise<void>((resolve) => (noted = resolve));
      await folder.note(...args);
    },
  }));
  const receiver = (said: string[]) => {
    const each = new Receiver({
      path: { send: (message) => void said.push(message.type), openLanes: () => {} },
      store,
    });
    each.handleLinkUp();
    return each;
  };
  const id = (last: string) => last.padStart(22, 'A');
  const offerAs = (handle: number): SenderMessage => ({
    ...{ type: 'offer', offer: id('g'), key: id('A'), keeps: true, files: 1, bytes: 0, start: 0 },
    entries: [{ id: id('Q'), handle, path: 'empty', size: 0 }],
  });
  const [toFirst, toSecond]: [string[], string[]] = [[], []];
  const [first, second] = [receiver(toFirst), receiver(toSecond)];
  first.handleMessage(offerAs(1));
  await first.accept(id('g'));
  await until(() => toFirst.includes('complete'), 'it is whole');
  const hash = fileAt(first.files, 'empty').hash!;
  first.handleMessage({ type: 'verified', files: [{ handle: 1, hash }] });
  const [going] = first.keptOffers;
  first.release(going!);
  second.adopt(going!);
  second.handleMessage(offerAs(1));
  second.handleMessage({ type: 'hold', handles: [1], why: 'file' }); // it cannot compare before its person gives the file
  await until(() => toSecond.includes('complete'), 'it is to be compared again');
  noted();
  await until(() => fileAt(second.files, 'empty').state === 'done', 'it is noted');
  expect(toSecond).not.toContain('done');
  second.handleMessage({ type: 'hold', handles: [1], why: 'none' });
  await until(() => toSecond.includes('done'), 'it hears so');
});
