// A sender whose page was loaded anew is given its file again: the right one, another one, or the right one after another one.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { expect, it, vi } from 'vitest';
import { bytesOf } from '../transfer/testing/given-files.ts';
import { passUntil, Visitor } from './testing/visits.ts';

const NAME = 'file.bin';
const FILE = bytesOf(60 * BLOCK_BYTES);

async function inTheMiddle() {
  const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
  await passUntil(
    () => [...alice.exchanges.all].some(({ linked }) => linked),
    () => alice.page.view,
  );
  alice.offer(bob, { [NAME]: FILE });
  await passUntil(
    () => alice.sent[0]!.durable >= 8 * BLOCK_BYTES,
    () => [alice.view, bob.view],
  );
  return { alice, bob };
}

/** Alice's page is loaded anew and linked again, before anyone gives it its file. */
async function reloadedWithout(alice: Visitor, bob: Visitor): Promise<void> {
  await alice.reload();
  await passUntil(
    () => bob.received[0]!.there === 'file',
    () => [alice.view, bob.view],
  );
}

function changed(byte: number): Uint8Array<ArrayBuffer> {
  const other = FILE.slice();
  other[byte]! ^= 1;
  return other;
}

async function expectChanged(alice: Visitor, bob: Visitor): Promise<void> {
  await passUntil(
    () => [...alice.sent, ...bob.received].every(({ state }) => state === 'failed'),
    () => [alice.view, bob.view],
  );
  expect([alice.view.sent, bob.view.received]).toEqual([[`${NAME}: source-changed`], [`${NAME}: source-changed`]]);
}

/** By "try again" at either end, and then by giving this file. */
async function tryAgainWith(bytes: Uint8Array<ArrayBuffer>, by: 'alice' | 'bob', alice: Visitor, bob: Visitor) {
  for (const { sender, receiver } of (by === 'alice' ? alice : bob).exchanges.all)
    for (const side of [sender, receiver]) for (const { id } of side.files) side.resume(id);
  await passUntil(
    () => alice.exchanges.wanted.all.length === 1 && bob.received[0]!.there === 'file',
    () => [alice.view, bob.view],
  );
  expect(alice.give({ [NAME]: bytes })).toEqual([]);
}

async function expectArrived(bytes: Uint8Array<ArrayBuffer>, alice: Visitor, bob: Visitor): Promise<void> {
  await passUntil(
    () => alice.sent[0]!.state === 'done' && bob.received[0]!.state === 'done',
    () => [alice.view, bob.view],
  );
  expect(Buffer.compare(await bob.bytesOf(NAME), bytes)).toBe(0);
}

it.each(['alice', 'bob'] as const)(
  'another one is told apart long before its end; with the right one it goes on where it was, tried again by %s',
  async (by) => {
    const { alice, bob } = await inTheMiddle();
    await reloadedWithout(alice, bob);
    alice.give({ [NAME]: changed(5) });
    await expectChanged(alice, bob);
    const { durable } = bob.received[0]!;
    expect(durable).toBeGreaterThanOrEqual(8 * BLOCK_BYTES);
    expect(durable).toBeLessThan(FILE.length);
    bob.heard.length = 0;
    await tryAgainWith(FILE, by, alice, bob);
    await expectArrived(FILE, alice, bob);
    const frames = bob.heard.filter((what) => what === 'frame').length;
    expect(frames * 65_536).toBeLessThanOrEqual(FILE.length - durable + 16 * BLOCK_BYTES);
  },
);

it('one that has changed since, and is meant to be sent as it is now, is: only what differs comes anew', async () => {
  const { alice, bob } = await inTheMiddle();
  await reloadedWithout(alice, bob);
  alice.give({ [NAME]: changed(5) });
  await expectChanged(alice, bob);
  await tryAgainWith(changed(5), 'alice', alice, bob);
  await expectArrived(changed(5), alice, bob);
});

it('another one, which is tried again with and given up for the right one: nothing of it is left', async () => {
  const { alice, bob } = await inTheMiddle();
  await reloadedWithout(alice, bob);
  alice.give({ [NAME]: changed(5) });
  await expectChanged(alice, bob);
  const { durable } = bob.received[0]!;
  await tryAgainWith(changed(5), 'alice', alice, bob);
  await passUntil(
    () => bob.received[0]!.durable >= durable + 24 * BLOCK_BYTES,
    () => [alice.view, bob.view],
  );
  await reloadedWithout(alice, bob);
  alice.give({ [NAME]: FILE });
  await expectChanged(alice, bob);
  await tryAgainWith(FILE, 'alice', alice, bob);
  await expectArrived(FILE, alice, bob);
});

it('one that differs only in what had not arrived is told from the first by nobody, and arrives as it is now', async () => {
  const { alice, bob } = await inTheMiddle();
  await reloadedWithout(alice, bob);
  const other = changed(FILE.length - 1);
  alice.give({ [NAME]: other });
  await expectArrived(other, alice, bob);
});

it.each(['still active', 'done'] as const)(
  'a block of an earlier visit that proves bad when all else has arrived comes once more: the sender is %s',
  async (sender) => {
    const { alice, bob } = await inTheMiddle();
    if (sender === 'done') {
      // What the receiver would have noted does not reach its disk before it is killed.
      for (const { kept } of [...bob.exchanges.all].flatMap(({ receiver }) => receiver.keptOffers))
        kept!.folder.note = () => new Promise(() => {});
      await passUntil(
        () => alice.sent[0]!.state === 'done',
        () => [alice.view, bob.view],
      );
    }
    bob.kill();
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { store } = bob;
    const take = store.take.bind(store);
    vi.spyOn(store, 'take').mockImplementation(async (name) => {
      const folder = await take(name);
      const recheck = async (file: number, block: number) => {
        await gate;
        return block !== 0 && folder.recheck(file, block);
      };
      return { ...folder, recheck };
    });
    await bob.enter();
    await passUntil(
      () => bob.received[0]?.durable === FILE.length,
      () => [alice.view, bob.view],
    );
    bob.heard.length = 0;
    open();
    await expectArrived(FILE, alice, bob);
    expect(bob.heard.filter((what) => what === 'frame')).toHaveLength(16);
  },
);

it('what is whole is shown as whole from the first moment after a reload', async () => {
  const { alice, bob } = await inTheMiddle();
  for (const { kept } of [...bob.exchanges.all].flatMap(({ receiver }) => receiver.keptOffers)) {
    const note = kept!.folder.note.bind(kept!.folder);
    kept!.folder.note = async (notes) => {
      await note(notes);
      bob.kill(); // before its sender hears of it
    };
  }
  await passUntil(
    async () => (await bob.ends())[NAME] === 'done',
    () => [alice.view, bob.view],
  );
  await bob.enter();
  const shown: number[] = [];
  bob.exchanges.on('changed', () => shown.push(...bob.received.map(({ durable }) => durable)));
  await passUntil(
    () => bob.received[0]?.state === 'done',
    () => [alice.view, bob.view],
  );
  expect(new Set(shown)).toEqual(new Set([FILE.length]));
});
