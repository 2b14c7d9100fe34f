import { sha256 } from './support/files.ts';
import { expect, test } from './support/test.ts';
import { meet } from './support/tincan-page.ts';

const MIB = 1_048_576;

test('a file of 64 MiB goes across, is saved as it was, and hardly touches the server', async ({
  server,
  startProxy,
  openPerson,
  files,
}) => {
  const proxy = await startProxy(server);
  const [alice, bob] = [await openPerson(), await openPerson()];
  const link = await alice.startRoom(proxy.url);
  await bob.join(link);
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);

  const original = await files.random('holiday.bin', 64 * MIB);
  await alice.chooseFiles(original);
  await bob.accept();
  const received = await bob.waitForTransfer({ direction: 'receive' }, 'done');
  const sent = await alice.waitForTransfer({ direction: 'send' }, 'done');
  expect(received.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(sent.hash).toBe(received.hash);

  const saved = await bob.save('holiday.bin');
  expect(saved.name).toBe('holiday.bin');
  expect(await sha256(saved.path)).toBe(await sha256(original));
  await bob.waitFor('save', ([button]) => button?.text === 'Sent to downloads'); // and leaving loses nothing
  expect(proxy.fromClients).toBeGreaterThan(0);
  expect(proxy.fromClients).toBeLessThan(65_536);
  expect([...alice.tab.problems, ...bob.tab.problems]).toEqual([]);
});

test('files chosen on the home page wait for whoever opens the link', async ({ server, openPerson, files }) => {
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openPerson()];
  await alice.tab.open(server.url);
  await alice.chooseFiles(await files.random('a.bin', 1_000), await files.random('b.bin', 2_000));
  const link = await alice.shareLink();
  for (const guest of [bob, carol]) {
    await guest.join(link);
    await guest.accept();
    await guest.waitForDone(2);
  }
  await alice.waitForDone(4);
});

test('files go both ways at once, and texts too', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);

  await alice.chooseFiles(await files.random('from-alice.bin', 12 * MIB));
  await bob.chooseFiles(await files.random('from-bob.bin', 12 * MIB));
  await Promise.all([alice.accept(), bob.accept()]);
  await alice.say('Is it <b>there</b>?');
  await bob.waitForMessage('Is it <b>there</b>?');
  await bob.say('나왔다');
  await alice.waitForMessage('나왔다');
  await Promise.all([alice.waitForDone(2), bob.waitForDone(2)]);
  const [sent] = await alice.transfers({ name: 'from-bob.bin' });
  const [received] = await bob.transfers({ name: 'from-bob.bin' });
  expect(sent?.hash).toBe(received?.hash);
});

test('one file goes to two receivers at once, and two senders send to one', async ({ server, openPerson, files }) => {
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openPerson()];
  const link = await alice.startRoom(server.url);
  await bob.join(link);
  await carol.join(link);
  await Promise.all([alice, bob, carol].map((person) => person.waitForPeers(2)));

  const original = await files.random('to-both.bin', 8 * MIB);
  await alice.chooseFiles(original);
  await Promise.all([bob.accept(), carol.accept()]);
  const received = await Promise.all(
    [bob, carol].map((person) => person.waitForTransfer({ direction: 'receive' }, 'done')),
  );
  const sent = await alice.waitForTransfers({ direction: 'send' }, 'done', 2);
  expect(new Set([...received, ...sent].map(({ hash }) => hash)).size).toBe(1);

  await bob.chooseFiles(await files.random('from-bob.bin', 8 * MIB));
  await carol.chooseFiles(await files.random('from-carol.bin', 8 * MIB));
  await alice.waitFor('incoming-offer', (offers) => offers.length === 2);
  await alice.accept();
  await alice.accept();
  await alice.waitForTransfers({ direction: 'receive' }, 'done', 2);
});
