import { randomId, toBase64Url } from '@tincan/shared/base64url';
import { claimOf } from '@tincan/shared/claim';
import { isLaneMessage, type LinkMessage } from '@tincan/shared/link-message';
import { BLOCK_BYTES, MAX_CLAIMS } from '@tincan/shared/limits';
import { describe, expect, it } from 'vitest';
import { network, pageOf } from '../rtc/testing/in-a-room.ts';
import { bytesOf } from '../transfer/testing/given-files.ts';
import { expectAllDone, inARoom, passUntil, untilAccepted, Visitor } from './testing/visits.ts';

/** What stands behind the # in the link of the one folder on a person's disk. */
async function linkAt({ store }: Visitor): Promise<string | undefined> {
  return (await store.list())[0]?.link.split('#')[1];
}

describe('claims', () => {
  it('of what was received whole go on to say so: it need not be offered anew to a page that was loaded anew', async () => {
    const { alice, bob } = await inARoom();
    const files = { 'file.bin': bytesOf(BLOCK_BYTES + 5), 'small.txt': bytesOf(10, 2) };
    alice.offer(bob, files);
    await expectAllDone(alice, bob, files);
    const [offer] = [...alice.exchanges.all].flatMap(({ sender }) => [...sender.offers]);
    for (const visit of ['the first', 'the second']) {
      const ready: unknown[] = [];
      alice.exchanges.on('ready', ({ claimed }) => ready.push(claimed));
      await bob.reload();
      await passUntil(
        () => ready.length > 0,
        () => alice.page.view,
      );
      expect(ready, visit).toEqual([[offer]]);
    }
    expect(bob.view.received).toEqual([]);
    expect([...alice.exchanges.all].filter(({ sender }) => [...sender.offers].length > 0)).toHaveLength(1);
  });

  it('of more than fit: what goes on comes first, then what has ended, the newest first', async () => {
    const bob = new Visitor('bob');
    const keyOf = (at: number) => toBase64Url(new Uint8Array(16).fill(at).with(15, at >> 8));
    const keep = async (at: number) => {
      const files = [{ id: randomId(), path: 'file.bin', size: BLOCK_BYTES }];
      const manifest = { offer: randomId(), key: keyOf(at), from: 'alice', acceptedAt: Date.now() + at, files };
      const folder = await bob.store.create(manifest, bob.link);
      if (at > 0) await folder.note([{ file: 0, end: { end: 'done', hash: '00' } }]);
      await folder.close();
    };
    const newest = MAX_CLAIMS + 50;
    await keep(0); // goes on, and is the oldest
    for (let at = newest; at > 0; at--) await keep(at);
    const [alice] = [await new Visitor('alice').enter(), await bob.enter()];
    const claims = () => alice.heard.flatMap((what) => (what !== 'frame' && what.type === 'claims' ? what.claims : []));
    await passUntil(
      () => claims().length > 0,
      () => alice.page.view,
    );
    const proofs = Array.from({ length: newest + 1 }, (_, at) =>
      claimOf(keyOf(at), { role: 'receiver', session: bob.page.session }, alice.page.session),
    );
    const ended = proofs.slice(1).reverse();
    expect(claims()).toEqual([proofs[0], ...ended].slice(0, MAX_CLAIMS));
  });

  it('of somebody else, or made up: they get nothing, and learn of nothing', async () => {
    const { alice, bob } = await inARoom();
    alice.offer(bob, { 'file.bin': bytesOf(3 * BLOCK_BYTES) });
    await untilAccepted(alice);
    await Promise.all([alice.reload(), bob.reload()]);
    const claimsOf = (visitor: Visitor) =>
      visitor.heard.flatMap((what) => (what !== 'frame' && what.type === 'claims' ? what.claims : []));
    await passUntil(
      () => claimsOf(alice).length > 0 && claimsOf(bob).length > 0,
      () => [alice.page.view, bob.page.view],
    );
    // Carol knows, never mind how, what the two have claimed before each other, and how a claim of hers would look.
    const overheard = [...claimsOf(alice), ...claimsOf(bob)];
    const heard: LinkMessage[] = [];
    const carol = pageOf('carol');
    carol.mesh.on('peer-added', ({ link, lanes }) => {
      link.on('up', () => link.send({ type: 'claims', claims: [...overheard, 'A'.repeat(43)] }));
      link.on('message', (message) => {
        if (!isLaneMessage(message)) heard.push(message);
      });
      lanes.on('frame', () => heard.push({ type: 'chat', id: 'a frame', text: '' }));
    });
    carol.enter();
    await passUntil(
      () => heard.filter(({ type }) => type === 'claims').length === 2,
      () => carol.view,
    );
    alice.give({ 'file.bin': bytesOf(3 * BLOCK_BYTES) });
    await expectAllDone(alice, bob, { 'file.bin': bytesOf(3 * BLOCK_BYTES) });
    expect(new Set(heard.map(({ type }) => type))).toEqual(new Set(['claims']));
    const { id } = alice.sent[0]!;
    const ids = [...alice.exchanges.all]
      .flatMap(({ sender }) => [...sender.offers])
      .flatMap((each) => [each.id, each.key]);
    for (const secret of [id, ...ids]) expect(JSON.stringify(heard)).not.toContain(secret);
  });

  it('of offers that nobody has: nothing comes of them', async () => {
    const { alice, bob } = await inARoom();
    alice.offer(bob, { 'file.bin': bytesOf(3 * BLOCK_BYTES) });
    await untilAccepted(alice);
    alice.kill();
    alice.ledger = new Visitor('nobody').ledger; // the browser's data was deleted
    await alice.enter();
    await passUntil(
      () => alice.heard.some((what) => what !== 'frame' && what.type === 'claims' && what.claims.length > 0),
      () => alice.page.view,
    );
    await passUntil(
      () => [...alice.exchanges.all].some(({ linked }) => linked),
      () => alice.page.view,
    );
    expect(alice.view).toEqual({ sent: [], received: [] });
    expect(bob.view.received).toEqual(['file.bin: active']);
  });
});

describe('what is kept', () => {
  it.each(['who has left', 'who has not come since the page was loaded'])(
    'stays with the old link where its other end does not come along, and goes on by it: %s',
    async (who) => {
      const { alice, bob } = await inARoom();
      const carol = await new Visitor('carol').enter();
      await passUntil(
        () => [...alice.exchanges.all].filter(({ linked }) => linked).length === 2,
        () => alice.page.view,
      );
      const files = { 'bobs.bin': bytesOf(3 * BLOCK_BYTES, 1), 'carols.bin': bytesOf(3 * BLOCK_BYTES, 2) };
      alice.offer(bob, { 'bobs.bin': files['bobs.bin'] });
      alice.offer(carol, { 'carols.bin': files['carols.bin'] });
      alice.onHeard = () => {
        for (const { sender } of alice.exchanges.all) for (const { id } of sender.files) sender.pause(id);
      };
      await passUntil(
        () => alice.sent.every(({ here }) => here === 'person'),
        () => alice.view,
      );
      alice.onHeard = () => {};
      bob.kill();
      if (who !== 'who has left') await alice.reload();
      await passUntil(
        () => [...alice.exchanges.all].some(({ linked, sender }) => linked && [...sender.offers].length > 0),
        () => alice.page.view,
      );
      for (const [each, other] of [[alice, carol] as const, [carol, alice] as const]) {
        each.link = 'https://tincan.test/#moved';
        await each.exchanges.moveTo(each.link, [other.page.session]);
      }
      const links = (await alice.ledger.list()).map(({ link, files: [file] }) => `${file?.path} ${link.split('#')[1]}`);
      expect(links).toEqual(['bobs.bin room', 'carols.bin moved']);
      expect([await linkAt(bob), await linkAt(carol)]).toEqual(['room', 'moved']);
      expect(alice.view.sent.sort()).toEqual(['bobs.bin: active', 'carols.bin: active']);
      await alice.close();
      alice.link = 'https://tincan.test/#room';
      await Promise.all([alice.enter(), bob.enter()]);
      alice.give(files);
      await passUntil(
        async () => (await bob.ends())['bobs.bin'] === 'done',
        () => [alice.view, bob.view],
      );
    },
  );

  it('is found by the link of the room where the two have met last', async () => {
    const { alice, bob } = await inARoom();
    alice.offer(bob, { 'file.bin': bytesOf(40 * BLOCK_BYTES) });
    await untilAccepted(alice);
    for (const { sender } of alice.exchanges.all) for (const { id } of sender.files) sender.pause(id);
    for (const each of [alice, bob]) {
      each.link = 'https://tincan.test/#moved';
      await each.exchanges.moveTo(each.link, []);
    }
    expect([(await alice.ledger.list())[0]!.link, await linkAt(bob)]).toEqual(['https://tincan.test/#room', 'room']);
    network.cut();
    await passUntil(
      async () => (await alice.ledger.list())[0]!.link === alice.link && (await linkAt(bob)) === 'moved',
      () => [alice.page.view, bob.page.view],
    );
  });

  it('is found by the fresh link of a room that has moved', async () => {
    const { alice, bob } = await inARoom();
    alice.offer(bob, { 'file.bin': bytesOf(3 * BLOCK_BYTES) });
    await untilAccepted(alice);
    for (const [each, other] of [[alice, bob] as const, [bob, alice] as const]) {
      each.link = 'https://tincan.test/#moved';
      await each.exchanges.moveTo(each.link, [other.page.session]);
    }
    await Promise.all([alice.reload(), bob.reload()]);
    expect([bob.received.length, alice.exchanges.wanted.all.length]).toEqual([1, 1]);
    for (const each of [alice, bob]) each.link = 'https://tincan.test/#room';
    await Promise.all([alice.reload(), bob.reload()]);
    expect([bob.received.length, alice.exchanges.wanted.all.length]).toEqual([0, 0]);
  });

  it('is one page its to go on with: a second one says that it goes on elsewhere', async () => {
    const { alice, bob } = await inARoom();
    alice.offer(bob, { 'file.bin': bytesOf(40 * BLOCK_BYTES) });
    await untilAccepted(alice);
    for (const { sender } of alice.exchanges.all) for (const { id } of sender.files) sender.pause(id);
    for (const each of [alice, bob]) {
      const second = new Visitor(`${each.name}-too-`);
      [second.store, second.ledger] = [each.store.beside(), each.ledger.beside()];
      let entered = false;
      void second.enter().then(() => (entered = true));
      await passUntil(
        () => entered,
        () => second.name,
      );
      expect([second.exchanges.elsewhere, second.received.length, second.sent.length]).toEqual([1, 0, 0]);
    }
  });
});
