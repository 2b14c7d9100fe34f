// A hostile signaling server in front of real browsers. The same and more attacks run against the client code alone in
// engine/src/room/hostile-server.test.ts; here the page itself shows what becomes of them.
import { expect, test, type Person } from './support/test.ts';
import { id } from './support/tincan-page.ts';

/** Flips one bit of what was sealed. */
function spoil(payload: string): string {
  const bytes = Buffer.from(payload, 'base64url');
  bytes[bytes.length - 9]! ^= 4;
  return bytes.toString('base64url');
}

const wordsOf = async (person: Person) => (await person.tab.see(id('safety-words'))).map(({ text }) => text);

/** Waits until the page says aloud that something was refused. */
const waitForAlert = (person: Person, sentence: RegExp) =>
  person.tab.page.getByRole('alert').filter({ hasText: sentence }).first().waitFor({ timeout: 15_000 });

test('changes every sealed description: nobody is connected, the page says so, and it is tried again', async ({
  server,
  openPerson,
  startHostileProxy,
}) => {
  const proxy = await startHostileProxy(server);
  let meddling = true;
  const announced = new Set<string>();
  proxy.deliver = (message, to) => {
    // The first payload from an address is its presence; without it, nobody would even try.
    const isFirst = message.type === 'signal' && !announced.has(message.from);
    if (message.type === 'signal') announced.add(message.from);
    to.say(
      message.type === 'signal' && meddling && !isFirst ? { ...message, payload: spoil(message.payload) } : message,
    );
  };
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(proxy.url));
  await Promise.race([alice, bob].map((person) => waitForAlert(person, /Something interfered with the connection/)));
  for (const person of [alice, bob])
    for (const peer of await person.tab.see(id('peer'))) expect(peer.data['state']).toBe('connecting');
  meddling = false;
  await Promise.all([alice.waitForPeers(1, 60_000), bob.waitForPeers(1, 60_000)]);
  expect(await wordsOf(alice)).toEqual(await wordsOf(bob));
});

test('puts unsealed descriptions of its own in place: they are not even looked at', async ({
  server,
  openPerson,
  startHostileProxy,
}) => {
  const proxy = await startHostileProxy(server);
  const offer = { kind: 'link', session: 'm'.repeat(22), epoch: 1, signal: { type: 'offer', sdp: 'v=0\r\n' } };
  const payload = Buffer.from(JSON.stringify(offer)).toString('base64url');
  proxy.deliver = (message, to) => to.say(message.type === 'signal' ? { ...message, payload } : message);
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(proxy.url));
  await waitForAlert(alice, /does not belong to this room/);
  expect(await alice.tab.see(id('peer'))).toEqual([]);
  expect(await bob.tab.see(id('peer'))).toEqual([]);
});

test('sends everything twice, back to its sender, and to a third: two meet once, and see the same pictures', async ({
  server,
  openPerson,
  startHostileProxy,
}) => {
  const proxy = await startHostileProxy(server);
  proxy.deliver = (message, to) => {
    to.say(message);
    if (message.type !== 'signal') return;
    to.say(message);
    proxy.victims.find((victim) => victim.id === message.from)?.say({ ...message, from: to.id! });
  };
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(proxy.url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  expect(await wordsOf(alice)).toEqual(await wordsOf(bob));
  await alice.say('still only us');
  await bob.waitForMessage('still only us');
});

test('mixes two rooms, and invents peers in both: nobody meets a stranger', async ({
  server,
  openPerson,
  startHostileProxy,
}) => {
  const proxy = await startHostileProxy(server);
  const heard: { from: string; payload: string }[] = [];
  proxy.deliver = (message, to) => {
    to.say(message);
    if (message.type === 'welcome')
      to.say({
        ...message,
        resume: 'invented',
        peers: [...message.peers, ...proxy.victims.flatMap((each) => each.id ?? [])],
      });
    if (message.type !== 'signal') return;
    heard.push(message);
    for (const victim of proxy.victims) for (const each of heard) victim.say({ type: 'signal', ...each });
  };
  const [alice, bob, mallory] = [await openPerson(), await openPerson(), await openPerson()];
  await mallory.startRoom(proxy.url);
  await bob.join(await alice.startRoom(proxy.url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  expect(await wordsOf(alice)).toEqual(await wordsOf(bob));
  await waitForAlert(mallory, /does not belong to this room/);
  expect(await mallory.tab.see(id('peer'))).toEqual([]);
});

test('says that everybody left and sends garbage while two are linked: a transfer does not notice', async ({
  server,
  openPerson,
  startHostileProxy,
  files,
}) => {
  const proxy = await startHostileProxy(server);
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(proxy.url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  const [one, other] = proxy.victims;
  for (const [victim, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    for (let count = 0; count < 50; count++)
      victim!.say({ type: 'signal', from: peer!.id!, payload: Buffer.from(`garbage ${count}`).toString('base64url') });
    victim!.say({ type: 'peer-left', id: peer!.id!, reason: 'left' });
  }
  await alice.chooseFiles(await files.random('still.bin', 2 * 1_048_576));
  await bob.accept();
  await bob.waitForTransfer({ name: 'still.bin' }, 'done');
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
});
