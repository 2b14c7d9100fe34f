import { encodeFrame } from '@tincan/shared/frame';
import { toBase64Url } from '@tincan/shared/base64url';
import { parseLinkMessage, type ReceiverMessage, type SenderMessage } from '@tincan/shared/link-message';
import {
  BLOCK_BYTES,
  MAX_PATH_CHARS,
  PIECE_BYTES as PIECE,
  SMALL_FRAME_PAYLOAD_BYTES as HALF,
} from '@tincan/shared/limits';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashBlock, toHex } from './hash.ts';
import { MemoryStore } from './memory-store.ts';
import type { FrameLane } from './path.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { Source } from './source.ts';
import { bytesOf } from './testing/given-files.ts';
import { until } from './testing/linked-peers.ts';

const id = (n: number) => n.toString().padStart(22, 'A');
const digest = (n: number) => toBase64Url(new Uint8Array(32).fill(n));
const hex = (n: number) => n.toString(16).padStart(64, '0');

// What a peer can say that reads well: few handles, so that much of it is about something.
const handle = fc.integer({ min: 1, max: 6 });
const handles = fc.array(handle, { minLength: 1, maxLength: 4 });
const offerId = fc.integer({ min: 900, max: 903 }).map(id);
const size = fc.oneof(
  fc.constantFrom(0, 1, HALF, PIECE + 1, BLOCK_BYTES, 3 * BLOCK_BYTES + 7),
  fc.constantFrom(2 ** 53 - 1, 2 ** 52, 2 ** 40),
);
const reason = fc.constantFrom('cancelled', 'corrupt', 'unknown-transfer', 'source-changed' as const);
const place = fc.oneof(fc.nat(4), fc.nat(100), fc.constant(2 ** 33 - 1));
const count = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1_024, 1_025, 2 ** 53 - 1));
const ranges = fc.array(fc.tuple(place, count), { maxLength: 6 });

const fromSender: fc.Arbitrary<SenderMessage> = fc.oneof(
  fc
    .record({
      offer: offerId,
      entries: fc.array(fc.record({ handle, path: fc.string({ maxLength: 12 }), size, id: fc.nat(9).map(id) }), {
        minLength: 1,
        maxLength: 3,
      }),
      start: fc.constantFrom(0, 0, 0, 1),
      more: fc.constantFrom(0, 0, 1),
      key: fc.constantFrom(id(7), id(8)),
      keeps: fc.boolean(),
    })
    .map(({ entries, more, ...rest }) => {
      const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
      return { type: 'offer' as const, files: entries.length + more, bytes, entries, ...rest };
    }),
  fc.record({
    type: fc.constant('hashes' as const),
    hashes: fc.array(fc.record({ handle, block: place, hash: fc.nat(3).map(digest) }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('verified' as const),
    files: fc.array(fc.record({ handle, hash: fc.nat(3).map(hex) }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('hold' as const), handles, why: fc.constantFrom('person', 'file', 'none' as const) }),
  fc.record({ type: fc.constant('withdraw' as const), handles, reason }),
);

const fromReceiver: fc.Arbitrary<ReceiverMessage> = fc.oneof(
  fc.record({ type: fc.constant('accept' as const), offer: offerId, keeps: fc.boolean() }),
  fc.record({ type: fc.constant('decline' as const), offer: offerId }),
  fc.record({
    type: fc.constant('want' as const),
    lane: fc.nat(2),
    epoch: fc.integer({ min: 1, max: 3 }),
    wants: fc.array(fc.record({ handle, pieces: ranges, durable: size }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('durable' as const),
    files: fc.array(fc.record({ handle, durable: size }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('have' as const), handle, blocks: ranges }),
  fc.record({
    type: fc.constant('complete' as const),
    files: fc.array(fc.record({ handle, hash: fc.nat(3).map(hex) }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('done' as const), handles }),
  fc.record({ type: fc.constant('pause' as const), handles, why: fc.constantFrom('person', 'space', 'none' as const) }),
  fc.record({ type: fc.constant('stop' as const), handles, reason }),
);

const happening = fc.constantFrom('link down', 'link up', 'lane opens', 'lane closes', 'accepted', 'a turn');
const frame = fc.record({ frame: fc.constantFrom(1, 2, 3, 9), at: place, bytes: fc.constantFrom(1, 7, HALF, PIECE) });

it('whatever a sender says, in whatever order: nothing throws, little is held, and what another one sends arrives', async () => {
  const steps = fc.array(fc.oneof(fromSender, fromSender, frame, happening), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const store = new MemoryStore();
      const receiver = new Receiver({ path: { send: () => {}, openLanes: () => {} }, store });
      let epoch = 1;
      receiver.handleLinkUp();
      receiver.handleLaneOpened({ index: 0, epoch });
      for (const step of all) {
        if (step === 'link down') receiver.handleLinkDown();
        else if (step === 'link up') receiver.handleLinkUp();
        else if (step === 'lane opens') receiver.handleLaneOpened({ index: 0, epoch: ++epoch });
        else if (step === 'lane closes') receiver.handleLaneClosed({ index: 0, epoch });
        else if (step === 'a turn') await new Promise(setImmediate);
        else if (step === 'accepted') {
          for (const { id, state } of [...receiver.offers])
            if (state === 'open')
              await receiver.accept(id).catch((error: { code: string }) => expect(error.code).toBe('no-space'));
        } else if ('frame' in step) {
          receiver.handleFrame(
            encodeFrame(step.frame, Math.min(step.at * PIECE, 2 ** 52), new Uint8Array(step.bytes)).buffer,
          );
        } else receiver.handleMessage(step);
      }
      expect(store.capBytes - (await store.available())).toBeLessThanOrEqual(16 * BLOCK_BYTES);
      await expectHonest(receiver);
      receiver.close();
    }),
    { seed: 20_26, numRuns: 150 },
  );
});

/** On the same receiver, an offer with handles of its own: it arrives. */
async function expectHonest(receiver: Receiver): Promise<void> {
  const bytes = bytesOf(PIECE + 5);
  receiver.handleLinkDown();
  receiver.handleLinkUp();
  receiver.handleLaneOpened({ index: 0, epoch: 99 });
  const entries = [{ id: id(77), handle: 77, path: 'honest.bin', size: bytes.length }];
  receiver.handleMessage({
    type: 'offer',
    offer: id(977),
    key: id(7),
    keeps: true,
    files: 1,
    bytes: bytes.length,
    start: 0,
    entries,
  });
  await receiver.accept(id(977));
  const hash = await hashBlock(bytes);
  for (let at = 0; at < bytes.length; at += PIECE)
    receiver.handleFrame(encodeFrame(77, at, bytes.subarray(at, at + PIECE)).buffer);
  receiver.handleMessage({ type: 'hashes', hashes: [{ handle: 77, block: 0, hash: toBase64Url(hash) }] });
  const file = receiver.fileOf(id(77));
  await until(() => file?.state === 'verifying' && file.hash !== undefined, 'it is whole');
  receiver.handleMessage({ type: 'verified', files: [{ handle: 77, hash: toHex(await hashBlock(hash)) }] });
  await until(() => file?.state === 'done', 'it is verified');
}

it("whatever a receiver says, in whatever order: nothing throws, little waits, and it ends nobody else's transfer", async () => {
  const steps = fc.array(fc.oneof(fromReceiver, fromReceiver, happening), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const source = new Source(new Blob([bytesOf(3 * BLOCK_BYTES + 5)]));
      let said = 0;
      let sent = 0;
      const sender = new Sender({ path: { send: () => void (said += 1), openLanes: () => {} } });
      const laneOf = (epoch: number): FrameLane => ({
        ...{ index: 0, epoch, maxMessageBytes: 262_144, full: false },
        send: () => void (sent += 1),
        drained: async () => {},
      });
      let lane = laneOf(1);
      sender.handleLinkUp();
      sender.handleLaneOpened(lane);
      for (const path of ['a', 'b', 'c']) sender.offer([{ path, source }]);
      for (const step of all) {
        if (step === 'link down') sender.handleLinkDown();
        else if (step === 'link up') sender.handleLinkUp();
        else if (step === 'lane opens') sender.handleLaneOpened((lane = laneOf(lane.epoch + 1)));
        else if (step === 'lane closes') sender.handleLaneClosed(lane);
        else if (typeof step === 'string') await new Promise(setImmediate);
        else sender.handleMessage(step);
      }
      for (const { size, durable } of sender.files) expect(durable).toBeLessThanOrEqual(size);
      // An honest exchange with the same source, from another receiver.
      const other = new Sender({ path: { send: () => {}, openLanes: () => {} } });
      other.handleLinkUp();
      let frames = 0;
      other.handleLaneOpened({ ...laneOf(1), send: () => void (frames += 1) });
      other.offer([{ path: 'honest', source }]);
      const wants = [{ handle: 1, pieces: [[0, 49] satisfies [number, number]], durable: 0 }];
      other.handleMessage({ type: 'want', lane: 0, epoch: 1, wants });
      await until(() => frames === 49, 'all of it goes out');
      sender.handleLinkDown();
      expect(said).toBeLessThan(2_000);
      expect(sent).toBeLessThanOrEqual(50 * 49);
    }),
    { seed: 20_26, numRuns: 100 },
  );
});

it('what was never verified is not done, whatever the receiver says', () => {
  const sender = new Sender({ path: { send: () => {}, openLanes: () => {} } });
  const settled: string[] = [];
  sender.on('settled', ({ files }) => settled.push(...files.map(({ path }) => path)));
  sender.handleLinkUp();
  const { id: offer } = sender.offer([{ path: 'a', source: new Source(new Blob(['a'])) }]);
  sender.handleMessage({ type: 'accept', offer, keeps: true });
  sender.handleMessage({ type: 'done', handles: [1] });
  expect([[...sender.files][0]!.state, settled]).toEqual(['active', []]);
});

it('names without end, of offers that never become whole, are not held: they are declined', () => {
  const declined: string[] = [];
  const receiver = new Receiver({
    path: { send: (message) => void (message.type === 'decline' && declined.push(message.offer)), openLanes: () => {} },
    store: new MemoryStore(),
  });
  receiver.handleLinkUp();
  const path = 'x'.repeat(MAX_PATH_CHARS);
  let next = 0;
  for (let part = 0; part < 800; part++) {
    const entries = Array.from({ length: 15 }, () => ({ id: id(++next), handle: next, path, size: 0 }));
    const offer = { key: id(7), keeps: true, files: 50_000, bytes: 0, start: part * 15, entries };
    receiver.handleMessage({ type: 'offer', offer: id(900), ...offer });
  }
  expect(declined.length).toBeGreaterThan(0);
});

it('an offer whose key is no key is not read: it could not be claimed, and would stop every other claim', () => {
  const offer = {
    type: 'offer',
    offer: id(900),
    keeps: true,
    files: 1,
    bytes: 0,
    start: 0,
    entries: [{ id: id(1), handle: 1, path: 'x', size: 0 }],
  };
  expect(parseLinkMessage(JSON.stringify({ ...offer, key: 'A'.repeat(22) })).ok).toBe(true);
  expect(parseLinkMessage(JSON.stringify({ ...offer, key: `${'A'.repeat(21)}B` })).ok).toBe(false);
});

it('hashes that are asked for again and again are told once', async () => {
  let told = 0;
  const sender = new Sender({
    path: {
      send: (message) => void (message.type === 'hashes' && (told += message.hashes.length)),
      openLanes: () => {},
    },
  });
  sender.handleLinkUp();
  sender.offer([{ path: 'a', source: new Source(new Blob([bytesOf(3 * BLOCK_BYTES)])) }]);
  const blocks = Array.from({ length: 64 }, (): [number, number] => [0, 2 ** 30]);
  for (let i = 0; i < 200; i++) sender.handleMessage({ type: 'have', handle: 1, blocks });
  await until(() => told >= 3, 'they are told');
  for (let i = 0; i < 200; i++) sender.handleMessage({ type: 'have', handle: 1, blocks });
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect(told).toBe(3);
  sender.handleLinkDown();
  sender.handleLinkUp();
  sender.handleMessage({ type: 'have', handle: 2, blocks });
  await until(() => told === 6, 'they are told on the next link');
});
