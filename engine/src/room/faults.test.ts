import { BLOCK_BYTES, PIECE_BYTES as PIECE } from '@tincan/shared/limits';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { network } from '../rtc/testing/in-a-room.ts';
import { bytesOf } from '../transfer/testing/given-files.ts';
import { passSome, passUntil, Visitor } from './testing/visits.ts';

const sizes = fc.array(fc.oneof(fc.constantFrom(0, 1, PIECE), fc.nat(2 * PIECE), fc.nat(3 * BLOCK_BYTES)), {
  minLength: 1,
  maxLength: 6,
});
const FAULTS = [
  ...['lanes lost', 'link lost', 'receiver loaded anew', 'sender loaded anew', 'both loaded anew'],
  ...['disk full', 'paused by the receiver', 'paused by the sender'],
] as const;
const plan = fc.array(
  fc.record({
    after: fc.integer({ min: 1, max: 25 }),
    fault: fc.constantFrom(...FAULTS),
    seen: fc.boolean(),
    ms: fc.nat(3_000),
  }),
  { maxLength: 4 },
);

it('whatever befalls lanes, link, pages and disk: in the end everything has arrived, and nothing is left to remember', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, plan, async (fileSizes, faults) => {
      const files = Object.fromEntries(fileSizes.map((size, i) => [`${i}.bin`, bytesOf(size, i + 1)]));
      const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
      const room = bob.store.capBytes;
      await passUntil(
        () => network.open().length > 0,
        () => alice.page.view,
      );
      alice.offer(bob, files);
      await passUntil(
        async () => (await alice.ledger.list()).length > 0,
        () => alice.view,
      );
      let due = 0;
      for (const each of [alice, bob]) each.onHeard = () => (due += 1);
      const isOver = async () =>
        (await alice.ledger.list()).length === 0 && Object.values(await bob.ends()).every((end) => end === 'done');
      const goOn = () => {
        bob.store.capBytes = room;
        alice.give(files);
        for (const { sender } of alice.exchanges.all)
          for (const { id, here, state } of sender.files)
            if (here === 'person' || state === 'failed') sender.resume(id);
        for (const { receiver } of bob.exchanges.all)
          for (const { id, here, state } of receiver.files)
            if (here === 'person' || state === 'failed') receiver.resume(id);
      };
      for (const { after, fault, seen, ms } of faults) {
        due = 0;
        for (let turn = 0; turn < 100 && due < after && !(await isOver()); turn++) await passSome(5);
        if (fault === 'lanes lost') network.cut(network.connections.filter(({ label }) => label !== 'link'));
        if (fault === 'link lost') network.cut();
        if (fault === 'receiver loaded anew') await bob.reload({ seen });
        if (fault === 'sender loaded anew') await alice.reload({ seen });
        if (fault === 'both loaded anew') await Promise.all([bob.reload(), alice.reload()]);
        if (fault === 'disk full') bob.store.capBytes = room - (await bob.store.available());
        if (fault.startsWith('paused')) {
          for (const { sender } of alice.exchanges.all)
            for (const { id } of sender.files) if (fault === 'paused by the sender') sender.pause(id);
          for (const { receiver } of bob.exchanges.all)
            for (const { id } of receiver.files) if (fault === 'paused by the receiver') receiver.pause(id);
        }
        await passSome(ms);
        goOn();
      }
      await passUntil(isOver, () => [
        alice.view,
        bob.view,
        alice.page.view,
        alice.sent.map(({ here, there }) => [here, there]),
        bob.received.map(({ here, there }) => [here, there]),
      ]);
      for (const [path, bytes] of Object.entries(files))
        expect(Buffer.compare(await bob.bytesOf(path), bytes), path).toBe(0);
      alice.kill();
      bob.kill();
    }),
    { seed: 20_26, numRuns: 80 },
  );
});
