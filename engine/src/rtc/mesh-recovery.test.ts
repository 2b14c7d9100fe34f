import { describe, expect, test } from 'vitest';
import { sessionOf } from './testing/fake-room.ts';
import { network, pageOf, pair, pass, room } from './testing/in-a-room.ts';

describe('the server', () => {
  test('[INTRO-5] [INTRO-6] dies and comes back with new addresses: links live, nobody is doubled', async () => {
    const { alice, bob } = await pair();
    const before = alice.address;
    room.kill();
    await pass(60_000);
    expect(alice.mesh.peer(bob.session)?.link.send({ type: 'chat', id: 'x'.repeat(22), text: 'still there?' })).toBe(
      true,
    );
    room.running = true;
    bob.enter();
    await pass(4_000);
    alice.enter();
    await pass(60_000);
    expect(alice.address).not.toBe(before);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
    expect(network.connections).toHaveLength(2);
    expect(alice.events).toEqual(['peer-added bob', 'link-up bob']);
    const carol = pageOf('carol').enter();
    await pass(100);
    expect(carol.view).toBe('alice connected, bob connected');
  });

  test.each([
    ['alice', 'bob'],
    ['bob', 'alice'],
  ])('[INTRO-8] and path both go: the link comes back as soon as %s, then %s are back', async (first, second) => {
    const pages = await pair();
    room.kill();
    network.cut();
    await pass(120_000);
    expect([pages.alice.view, pages.bob.view]).toEqual(['bob reconnecting', 'alice reconnecting']);
    room.running = true;
    pages[first as 'alice'].enter();
    await pass(30_000);
    pages[second as 'alice'].enter();
    await pass(100);
    expect([pages.alice.view, pages.bob.view]).toEqual(['bob connected', 'alice connected']);
    expect(pages.alice.events).not.toContain('peer-removed bob');
  });

  test('[INTRO-6] a peer-left does not close a live link; its end, without the peer coming back, removes the peer', async () => {
    const { alice, bob } = await pair();
    bob.drop();
    await pass(60_000);
    expect(alice.view).toBe('bob connected');
    network.cut();
    await pass(44_000);
    expect(alice.view).toBe('bob reconnecting');
    await pass(2_000);
    expect(alice.view).toBe('');
  });

  test('[CALL-2] a peer whose call flows on is kept, though its link and its address are gone; it goes after the call', async () => {
    const { alice, bob } = await pair();
    alice.mesh.peer(bob.session)?.media.setWanted(true);
    bob.mesh.peer(alice.session)?.media.setWanted(true);
    await pass(100);
    expect(network.open('call').length).toBe(1);
    bob.drop();
    network.cut(network.open('link'));
    await pass(120_000);
    expect([alice.view, network.open('call').length]).toEqual(['bob reconnecting', 1]);
    network.cut();
    await pass(46_000);
    expect(alice.view).toBe('');
  });

  test('[INTRO-7] comes back without a peer that no link leads to: the peer is removed after 45 s, and not before', async () => {
    const { alice } = await pair();
    room.kill();
    network.cut();
    await pass(100_000);
    room.running = true;
    alice.enter();
    await pass(40_000);
    room.kill(); // the wait counts only while the server is there
    await pass(100_000);
    room.running = true;
    alice.enter();
    await pass(44_900);
    expect(alice.view).toBe('bob reconnecting');
    await pass(200);
    expect(alice.view).toBe('');
  });

  test('[INTRO-7] a peer that vanishes is removed when the server says that it left', async () => {
    const { alice, bob } = await pair();
    bob.drop();
    network.silent = true;
    await pass(29_000);
    expect(alice.view).toBe('bob reconnecting');
    await pass(2_000);
    expect(alice.view).toBe('');
    expect(alice.events.slice(-2)).toEqual(['link-down bob', 'peer-removed bob']);
  });

  test('[INTRO-5] a dropped socket that comes back within the grace changes nothing', async () => {
    const { alice, bob } = await pair();
    const address = bob.address;
    bob.drop();
    await pass(10_000);
    bob.enter();
    await pass(1_000);
    expect(bob.address).toBe(address);
    expect(alice.events).toEqual(['peer-added bob', 'link-up bob']);
    expect(network.connections).toHaveLength(2);
  });

  test.each([
    ['alice', 'bob'],
    ['bob', 'alice'],
  ])('[INTRO-8] dies over an offer, %s comes back before %s: it is made again without delay', async (first) => {
    const [alice, bob] = [pageOf('alice').enter(), pageOf('bob').enter()];
    while (network.connections.length === 0) await pass(1);
    await pass(1); // alice's offer is on its way, and will be lost
    room.kill();
    room.running = true;
    (first === 'alice' ? alice : bob).enter();
    await pass(20);
    (first === 'alice' ? bob : alice).enter();
    await pass(500);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  });

  test('[INTRO-8] an offer that went to an address that is no more is made again to the new one', async () => {
    const [alice, bob] = [pageOf('alice').enter(), pageOf('bob')];
    await pass(10);
    bob.enter();
    await pass(3); // alice's offer is on its way
    bob.leave();
    bob.enter();
    await pass(500);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  });
});

test('[INTRO-8] an offer that could not be sent is not waited for', async () => {
  const { alice, bob } = await pair();
  network.cut();
  while (network.connections.length === 2) await pass(1);
  alice.drop();
  await pass(50);
  alice.enter(); // under the same address: bob has nothing to tell
  await pass(1_000);
  expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
});

test('[INTRO-7] a session whose address now belongs to another is not there any more', async () => {
  const { alice, bob } = await pair();
  const address = bob.address ?? '';
  alice.mesh.handleIntroduction({ address, session: sessionOf('dave') }, { kind: 'presence' });
  bob.mesh.handleServerState('offline'); // he says nothing more
  network.silent = true;
  await pass(60_000);
  expect(alice.events).toContain('peer-removed bob');
});

describe('the path', () => {
  test('[LINK-4] [INTRO-8] cut: reconnecting, then connected again by itself with a higher epoch', async () => {
    const { alice, bob } = await pair();
    const heardBefore = bob.heard.length;
    network.cut();
    expect([alice.view, bob.view]).toEqual(['bob reconnecting', 'alice reconnecting']);
    await pass(1_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
    expect(bob.heard.slice(heardBefore).flatMap((said) => (said.kind === 'link' ? [said.epoch] : []))).toEqual([2, 2]);
    expect(alice.events).toEqual(['peer-added bob', 'link-up bob', 'link-down bob', 'link-up bob']);
  });

  test('[INTRO-8] the larger side alone has lost it: it asks, and the smaller one begins anew', async () => {
    const { alice, bob } = await pair();
    network.silent = true;
    const end = network.connections.find(({ initiator }) => !initiator);
    end?.close();
    network.silent = false;
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice reconnecting']);
    await pass(8_000); // at most 5 s until he asks, and 2 s in which alice hears nothing of him
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
    expect(alice.events.filter((event) => event === 'link-up bob')).toHaveLength(2);
  });

  test('[LINK-5] silent: found after 8 s on both sides, and mended when it carries again', async () => {
    const { alice, bob } = await pair();
    network.silent = true;
    await pass(7_900);
    expect(alice.view).toBe('bob connected');
    await pass(3_000);
    expect([alice.view, bob.view]).toEqual(['bob reconnecting', 'alice reconnecting']);
    network.silent = false;
    await pass(30_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  });

  test('[LINK-6] never opens: tried again and again, and not doubled', async () => {
    network.blocked = true;
    const [alice, bob] = [pageOf('alice').enter(), pageOf('bob').enter()];
    await pass(60_000);
    expect([alice.view, bob.view]).toEqual(['bob connecting', 'alice connecting']);
    expect(network.connections.length).toBeGreaterThan(4);
    expect(network.connections.length).toBeLessThan(16);
    network.blocked = false;
    await pass(25_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  });

  test('[INTRO-8] fails at once, every time: tried again with growing pauses', async () => {
    const [alice, bob] = [pageOf('alice').enter(), pageOf('bob').enter()];
    for (let half = 0; half < 120; half++) {
      network.cut();
      await pass(500);
    }
    const attempts = network.connections.filter(({ initiator }) => initiator).length;
    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(25);
    await pass(10_000);
    expect([alice.view, bob.view]).toEqual(['bob connected', 'alice connected']);
  });

  test('[INTRO-8] is tried at once after waking up, and with the first pause after that', async () => {
    const { alice, bob } = await pair();
    bob.drop(); // so that he does not ask for a link
    for (let round = 0; round < 6; round++) {
      network.cut();
      await pass(3_000);
    }
    network.cut();
    const before = network.connections.length;
    await pass(300);
    expect(network.connections).toHaveLength(before);
    alice.mesh.handleWakeUp();
    await pass(1);
    expect(network.connections).toHaveLength(before + 1);
    network.cut();
    await pass(300);
    expect(network.connections).toHaveLength(before + 2);
  });
});
