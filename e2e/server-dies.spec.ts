import { sha256 } from './support/files.ts';
import { expect, test } from './support/test.ts';

const MIB = 1_048_576;

test('the server is killed in mid-transfer: the transfer goes on, and everyone is back when the server is', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openPerson()];
  const link = await alice.startRoom(server.url);
  await bob.join(link);
  const [bobAtAlice] = await alice.waitForPeers(1);
  await bob.waitForPeers(1);

  const original = await files.random('long.bin', 96 * MIB);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: 'long.bin' }, 1);
  await server.kill();
  const [running] = await bob.transfers({ name: 'long.bin' });
  expect(running?.state).toBe('active');
  await alice.waitForServerState('offline');

  const received = await bob.waitForTransfer({ name: 'long.bin' }, 'done');
  const sent = await alice.waitForTransfer({ name: 'long.bin' }, 'done');
  expect(sent.hash).toBe(received.hash);
  expect(await sha256((await bob.save('long.bin')).path)).toBe(await sha256(original));

  // Without the server, a new transfer begins and ends all the same.
  await bob.chooseFiles(await files.random('new.bin', 2 * MIB));
  await alice.accept();
  await alice.waitForTransfer({ name: 'new.bin' }, 'done');

  await server.restart();
  await Promise.all([alice, bob].map((person) => person.waitForServerState('online', 5_000)));
  expect(await alice.waitForPeers(1)).toEqual([bobAtAlice]);
  await carol.join(link);
  await Promise.all([alice, bob, carol].map((person) => person.waitForPeers(2)));
});

test('a server that is asked to stop says goodbye, and its clients come back by themselves', async ({
  server,
  openPerson,
}) => {
  const alice = await openPerson();
  await alice.startRoom(server.url);
  await alice.waitForServerState('online');
  expect(await server.terminate()).toBe(0);
  await alice.waitForServerState('offline');
  await server.restart();
  await alice.waitForServerState('online', 5_000);
});
