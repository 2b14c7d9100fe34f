import { BLOCK_BYTES } from '@tincan/shared/limits';
import { describe, expect, it } from 'vitest';
import { MemoryLedger } from '../transfer/memory-ledger.ts';
import { MemoryStore } from '../transfer/memory-store.ts';
import { bytesOf } from '../transfer/testing/given-files.ts';
import { expectAllDone, inARoom, passSome, passUntil, untilAccepted, Visitor } from './testing/visits.ts';

const FILES = {
  'file.bin': bytesOf(BLOCK_BYTES + 300_000, 1),
  'small.txt': bytesOf(10, 2),
  'empty.txt': bytesOf(0, 3),
};

describe('a page that is loaded anew', () => {
  const HEARD_AT_MOST = 45;

  it.each(['seen at once by the other side', 'still linked, as the other side sees it'])(
    "the receiver's, after any message: %s",
    async (how) => {
      let cuts = 0;
      for (let at = 1; at < HEARD_AT_MOST; at++) {
        const { alice, bob } = await inARoom();
        let reloaded: Promise<void> | undefined;
        let heard = 0;
        bob.onHeard = () => {
          if (bob.heard.includes('frame') && ++heard === at) reloaded = bob.reload({ seen: how.startsWith('seen') });
        };
        alice.offer(bob, FILES);
        await expectAllDone(alice, bob, FILES);
        await reloaded;
        if (reloaded) cuts += 1;
        alice.kill();
        bob.kill();
      }
      expect(cuts).toBeGreaterThan(20);
    },
  );

  it.each(['the sender', 'both'])('%s, after any message, and the files are given again', async (who) => {
    let cuts = 0;
    for (let at = 1; at < HEARD_AT_MOST; at++) {
      const { alice, bob } = await inARoom();
      let reloaded: Promise<unknown> | undefined;
      let heard = 0;
      const from = who === 'both' ? bob : alice;
      from.onHeard = () => {
        if (alice.heard.every((what) => what === 'frame' || what.type !== 'accept') || ++heard !== at) return;
        const all = who === 'both' ? [alice, bob] : [alice];
        // Not in the same breath: that an offer was accepted takes a moment to be written down.
        const breath = new Promise((resolve) => setTimeout(resolve, 0));
        reloaded = breath.then(() => Promise.all(all.map((each) => each.reload()))).then(() => alice.give(FILES));
      };
      alice.offer(bob, FILES);
      await expectAllDone(alice, bob, FILES);
      await reloaded;
      if (reloaded) cuts += 1;
      alice.kill();
      bob.kill();
    }
    expect(cuts).toBeGreaterThan(3);
  });

  it('and a file that is another one now: both sides say so, and what had arrived stays', async () => {
    const { alice, bob } = await inARoom();
    const file = bytesOf(40 * BLOCK_BYTES);
    alice.offer(bob, { 'file.bin': file });
    await passUntil(
      () => alice.sent[0]!.durable > 0,
      () => [alice.view, bob.view],
    );
    await alice.reload();
    const changed = file.slice();
    changed[5]! ^= 1;
    expect(alice.give({ 'file.bin': changed })).toEqual([]);
    await passUntil(
      () => [...alice.sent, ...bob.received].every(({ state }) => state === 'failed'),
      () => [alice.view, bob.view],
    );
    expect([alice.view.sent, bob.view.received]).toEqual([['file.bin: source-changed'], ['file.bin: source-changed']]);
    expect(bob.received[0]!.durable).toBeGreaterThanOrEqual(BLOCK_BYTES);
  });
});

describe('a disk without room', () => {
  it('is looked at again, whichever session of the sender waits for it', async () => {
    const { alice, bob } = await inARoom();
    const files = { 'file.bin': bytesOf(40 * BLOCK_BYTES) };
    const room = bob.store.capBytes;
    alice.offer(bob, files);
    await untilAccepted(alice);
    bob.store.capBytes = 12 * BLOCK_BYTES;
    await passUntil(
      () => bob.received[0]!.here === 'space',
      () => bob.view,
    );
    await alice.reload();
    alice.give(files);
    await passUntil(
      () => alice.sent[0]!.there === 'space',
      () => alice.view,
    );
    bob.store.capBytes = room;
    await expectAllDone(alice, bob, files);
  });
});

describe('a peer', () => {
  it('who leaves for good before accepting: what was offered has ended, at both', async () => {
    const { alice, bob } = await inARoom();
    [alice.accepts, bob.accepts] = [false, false];
    alice.offer(bob, FILES);
    bob.offer(alice, { 'back.txt': bytesOf(10) });
    await passUntil(
      () => alice.received.length + bob.received.length === 4,
      () => [alice.view, bob.view],
    );
    await bob.close();
    await passUntil(
      () => alice.sent.every(({ state }) => state === 'failed'),
      () => alice.view,
    );
    expect(alice.view).toEqual({
      sent: Object.keys(FILES).map((path) => `${path}: peer-left`),
      received: [], // what nobody has accepted is shown nowhere
    });
  });

  it('who has left while the files for them were chosen: they have ended, and do not wait', async () => {
    const { alice, bob } = await inARoom();
    await bob.close();
    await passUntil(
      () => alice.page.view.length === 0,
      () => alice.page.view,
    );
    alice.offer(bob, { 'late.txt': bytesOf(10) });
    expect(alice.view.sent).toEqual(['late.txt: peer-left']);
  });

  it('who comes again and again, each time as somebody else, leaves nothing behind but what is shown', async () => {
    const bob = await new Visitor('bob').enter();
    bob.accepts = false;
    const attacker = new Visitor('attacker');
    const offered = async () => {
      await attacker.enter();
      await passUntil(
        () => [...attacker.exchanges.all].some(({ linked }) => linked),
        () => attacker.page.view,
      );
      attacker.offer(bob, FILES);
      await passUntil(
        () => bob.received.length === 3,
        () => bob.view,
      );
    };
    const isForgotten = () => [...bob.exchanges.all].length === 1; // what waits for somebody
    for (const leave of [() => attacker.close(), async () => attacker.kill()]) {
      await offered();
      await leave();
      await passUntil(isForgotten, () => [bob.view, bob.page.view]);
      await passSome(1_000);
      expect([isForgotten(), bob.received.length]).toEqual([true, 0]);
    }
    bob.accepts = true;
    await offered();
    await passUntil(
      () => bob.received.every(({ state }) => state === 'done'),
      () => bob.view,
    );
    await attacker.close();
    await passSome(1_000);
    expect(bob.view.received).toEqual(Object.keys(FILES).map((path) => `${path}: done`));
  });

  it('who comes back as another session takes along what goes on, and leaves nothing of the one before', async () => {
    const { alice, bob } = await inARoom();
    alice.offer(bob, { 'file.bin': bytesOf(40 * BLOCK_BYTES) });
    await untilAccepted(alice);
    const before = bob.page.session;
    await bob.reload();
    await passUntil(
      () => [...alice.exchanges.all].every(({ peer }) => peer !== before),
      () => alice.page.view,
    );
    await expectAllDone(alice, bob, { 'file.bin': bytesOf(40 * BLOCK_BYTES) });
  });

  it('who is not linked has no claim to room on the disk', async () => {
    const { alice, bob } = await inARoom();
    bob.store.capBytes = 3 * BLOCK_BYTES;
    const carol = await new Visitor('carol').enter();
    await passUntil(
      () => [...carol.exchanges.all].filter(({ linked }) => linked).length === 2,
      () => carol.page.view,
    );
    alice.offer(bob, { 'large.bin': bytesOf(2 * BLOCK_BYTES + 5) });
    await untilAccepted(alice);
    alice.kill();
    await passUntil(
      () => !bob.page.view.includes('alice1 connected'),
      () => bob.page.view,
    );
    carol.offer(bob, { 'other.bin': bytesOf(BLOCK_BYTES) });
    await passUntil(
      () => carol.sent[0]!.state === 'done',
      () => [bob.view, carol.view],
    );
  });
});

describe('an offer that one side does not keep', () => {
  const begun = async (alice: Visitor, bob: Visitor) => {
    await Promise.all([alice.enter(), bob.enter()]);
    await passUntil(
      () => [...alice.exchanges.all].some(({ linked }) => linked),
      () => alice.page.view,
    );
    alice.offer(bob, { 'file.bin': bytesOf(40 * BLOCK_BYTES) });
    await passUntil(
      () => (bob.received[0]?.durable ?? 0) > 0,
      () => [alice.view, bob.view],
    );
    for (const { sender } of alice.exchanges.all) for (const { id } of sender.files) sender.pause(id);
  };
  const hasLeft = ({ page, exchanges }: Visitor) =>
    passUntil(
      () => [...exchanges.all].some(({ left }) => left),
      () => page.view,
    );

  it('is not remembered by a sender whose receiver keeps nothing: it has ended for both when the sender leaves', async () => {
    const [alice, bob] = [new Visitor('alice'), new Visitor('bob')];
    bob.store = new MemoryStore();
    await begun(alice, bob);
    expect(await alice.ledger.list()).toEqual([]);
    await alice.close();
    await hasLeft(bob);
    await alice.enter();
    expect([alice.view.sent, bob.view.received]).toEqual([[], ['file.bin: peer-left']]);
  });

  it('has ended when a receiver leaves that keeps nothing', async () => {
    const [alice, bob] = [new Visitor('alice'), new Visitor('bob')];
    bob.store = new MemoryStore();
    await begun(alice, bob);
    await bob.close();
    await hasLeft(alice);
    expect(alice.view.sent).toEqual(['file.bin: peer-left']);
    await alice.close();
    await alice.enter();
    expect(alice.view.sent).toEqual([]);
  });

  it('has ended when a sender leaves that keeps nothing, and what has arrived is freed', async () => {
    const [alice, bob] = [new Visitor('alice'), new Visitor('bob')];
    alice.ledger = new MemoryLedger();
    await begun(alice, bob);
    await alice.close();
    await hasLeft(bob);
    expect(bob.view.received).toEqual(['file.bin: peer-left']);
    await bob.close();
    await bob.enter();
    expect(bob.view.received).toEqual([]);
    expect(await bob.store.available()).toBe(bob.store.capBytes);
  });
});
