import { sha256 } from './support/files.ts';
import { expect, test, type Person } from './support/test.ts';
import { id } from './support/tincan-page.ts';

const MIB = 1_048_576;

/** Everyone in one room, all linked with all; their session ids as the first of them sees the others. */
async function meet(url: string, people: readonly [Person, ...Person[]]): Promise<string> {
  const [first, ...others] = people;
  const link = await first.startRoom(url);
  for (const each of others) await each.join(link);
  await Promise.all(people.map((person) => person.waitForPeers(others.length)));
  return link;
}

/** The safety words of each peer's card, in words. */
async function wordsOf(person: Person): Promise<string[]> {
  const shown = await person.tab.see(id('safety-words'));
  return shown.map(({ text }) => text.replace(/\s+/g, ' '));
}

const card = (person: Person, name: string) =>
  person.tab.page.locator(id('peer')).filter({ has: person.tab.page.getByText(name, { exact: true }) });

test('[WORDS-3] both pages of a link show the same six pictures, and every link has its own', async ({
  server,
  openPerson,
}) => {
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openPerson()];
  await meet(server.url, [alice, bob, carol]);
  const [ofAlice, ofBob, ofCarol] = await Promise.all([wordsOf(alice), wordsOf(bob), wordsOf(carol)]);
  const shared = (one: string[], other: string[]) => one.filter((words) => other.includes(words)).length;
  expect([shared(ofAlice, ofBob), shared(ofBob, ofCarol), shared(ofAlice, ofCarol)]).toEqual([1, 1, 1]);
  expect(new Set([...ofAlice, ...ofBob, ...ofCarol]).size).toBe(3);
  for (const words of ofAlice) expect(words).toMatch(/^(\P{ASCII}+ [A-Z][A-Za-z ]+ ?){6}$/u);
});

test('[WORDS-5] a peer is marked as verified, and the mark can be taken back', async ({ server, openPerson }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(server.url, [alice, bob]);
  await alice.tab.click(id('verify-peer'));
  await alice.waitFor('peer', ([peer]) => peer?.data['verified'] === 'true');
  await bob.waitFor('peer', ([peer]) => peer?.data['verified'] === 'false');
  await alice.tab.click('summary');
  await alice.tab.click(id('verify-peer'));
  await alice.waitFor('peer', ([peer]) => peer?.data['verified'] === 'false');
});

test('[INTRO-10] a peer who is blocked is gone, and its page does not get in again', async ({ server, openPerson }) => {
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openPerson()];
  for (const [person, name] of [
    [bob, 'Bob'],
    [carol, 'Carol'],
  ] as const)
    await person.rename(server.url, name);
  await meet(server.url, [alice, bob, carol]);
  await card(alice, 'Carol').getByRole('button', { name: 'Block' }).click();
  await alice.tab.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
  await alice.waitForPeers(1);
  await Promise.all([bob.waitForPeers(2), carol.waitForPeers(1)]);
  // Everyone comes back to a new server and says that it is there: carol still gets no answer.
  await server.kill();
  await server.restart();
  await Promise.all([alice, bob, carol].map((person) => person.waitForServerState('online', 10_000)));
  await bob.say('are you there?');
  await alice.waitForMessage('are you there?');
  expect(await alice.tab.see(id('peer'))).toHaveLength(1);
});

test('[LINK-11] the room moves to a fresh link: a running transfer goes on, and the old link leads nowhere', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob, carol, dave] = [await openPerson(), await openPerson(), await openPerson(), await openPerson()];
  for (const [person, name] of [
    [bob, 'Bob'],
    [carol, 'Carol'],
  ] as const)
    await person.rename(server.url, name);
  const oldLink = await meet(server.url, [alice, bob, carol]);
  const original = await files.random('long.bin', 64 * MIB);
  await alice.chooseFiles(original);
  await Promise.all([bob.accept(), carol.decline()]);
  await bob.waitForBytes({ name: 'long.bin', direction: 'receive' }, 1);

  await alice.tab.page.getByRole('button', { name: 'Invite' }).click();
  await alice.tab.page.getByRole('button', { name: 'New link' }).click();
  await alice.tab.page.getByRole('checkbox', { name: 'Carol' }).uncheck();
  await alice.tab.page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
  await bob.tab.page.getByRole('button', { name: 'Come along' }).click();

  const [freshLink] = await Promise.all([alice.shareLink(), alice.waitForPeers(1), bob.waitForPeers(1)]);
  expect(freshLink).not.toBe(oldLink);
  expect(bob.tab.page.url()).toBe(freshLink);
  await carol.waitFor('peer', (peers) => peers.length === 0);
  await bob.waitForTransfer({ name: 'long.bin', direction: 'receive' }, 'done');
  expect(await sha256((await bob.save('long.bin')).path)).toBe(await sha256(original));

  await dave.join(oldLink);
  await dave.waitForPeers(1); // carol, who stayed
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  await dave.join(freshLink);
  await Promise.all([dave, alice, bob].map((person) => person.waitForPeers(2)));
});
