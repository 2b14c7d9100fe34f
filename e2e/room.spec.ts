import { networkInterfaces } from 'node:os';
import { expect, test } from './support/test.ts';

const MIB = 1_048_576;

test('a file that was received and not saved is there at the next visit', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(server.url));
  await alice.waitForPeers(1);
  await alice.chooseFiles(await files.random('kept.bin', MIB + 1), await files.random('saved.bin', 10));
  await bob.accept();
  await bob.save('saved.bin');
  await bob.waitForTransfer({ name: 'kept.bin', direction: 'receive' }, 'done');

  await bob.tab.page.goto('about:blank');
  await bob.tab.open(server.url);
  const partials = await bob.waitFor('partial', (seen) => seen.length === 2);
  expect(Object.fromEntries(partials.map(({ data }) => [data['name'], data['saved']]))).toEqual({
    'kept.bin': 'no',
    'saved.bin': 'handed',
  });
  const save = '[data-testid="partial"][data-name="kept.bin"] [data-testid="save"]';
  const [saved] = await bob.tab.download(save, [MIB + 1]);
  expect(saved?.name).toBe('kept.bin');
});

test('the operator’s notice reaches everyone who is connected', async ({ startServer, openPerson }) => {
  const server = await startServer({ ADMIN_TOKEN: 'a-token-for-this-test' });
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(server.url));
  await Promise.all([alice.waitForServerState('online'), bob.waitForServerState('online')]);
  const answer = await fetch(`${server.url}/admin/notice`, {
    method: 'POST',
    headers: { authorization: 'Bearer a-token-for-this-test', 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'Back in five minutes' }),
  });
  expect(answer.ok).toBe(true);
  for (const person of [alice, bob]) {
    await person.waitFor('notice', ([notice]) => notice?.text.includes('Back in five minutes') ?? false);
  }
});

test('a plain http address of another device shows the way to the secure one, which works', async ({
  startServer,
  openPerson,
}) => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  expect(address, 'a machine without a network address cannot run the tests').toBeDefined();
  const server = await startServer({ HTTPS_PORT: '0', TLS_DIR: test.info().outputPath('tls') });
  const { securePort } = (await (await fetch(`${server.url}/health`)).json()) as { securePort: number };
  const alice = await openPerson();
  await alice.tab.open(`http://${address}:${server.port}/#AAAAAAAAAAAAAAAAAAAAAA`);
  const link = alice.tab.page.locator('a[href^="https://"]');
  await link.waitFor();
  expect(await link.getAttribute('href')).toBe(`https://${address}:${securePort}/#AAAAAAAAAAAAAAAAAAAAAA`);
});

test('the page keeps its content security policy, and its secret to itself', async ({ server, openPerson }) => {
  const alice = await openPerson();
  const requests: string[] = [];
  alice.tab.page.on('request', (request) => requests.push(request.url()));
  const link = await alice.startRoom(server.url);
  await alice.waitForServerState('online');
  const secret = new URL(link).hash.slice(1);
  expect(secret.length).toBeGreaterThanOrEqual(22);
  expect(requests.filter((url) => !url.startsWith(server.url))).toEqual([]);
  expect(server.output).not.toContain(secret);
  const answer = await fetch(server.url);
  expect(answer.headers.get('content-security-policy')).toMatch(/script-src 'self'(;|$)/);
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  expect(alice.tab.problems).toEqual([]);
});

test('a peer who reloads is not doubled, and one who leaves is gone', async ({ server, openPerson }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(server.url));
  const [before] = await alice.waitForPeers(1);
  await bob.tab.reload();
  await alice.waitFor(
    'peer',
    (peers) => peers.length === 1 && peers[0]?.data['state'] === 'connected' && peers[0].data['peer-id'] !== before,
  );
  await bob.tab.page.goto('about:blank');
  await alice.waitFor('peer', (peers) => peers.length === 0);
});

test('leaving a room by the back button with an unsaved file asks, and keeps the file either way', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const link = await alice.startRoom(server.url);
  await bob.tab.open(server.url);
  await bob.tab.page.evaluate((url) => (location.href = url), link);
  await alice.waitForPeers(1);
  await alice.chooseFiles(await files.random('kept.bin', 1_000));
  await bob.accept();
  await bob.waitForTransfer({ name: 'kept.bin' }, 'done');

  await bob.tab.page.goBack();
  const dialog = bob.tab.page.getByRole('dialog');
  await dialog.waitFor();
  expect(bob.tab.page.url()).toBe(link);
  await dialog.getByRole('button').last().click();
  await bob.waitFor('start-room', (seen) => seen.length === 1);
  await bob.waitFor('partial', ([partial]) => partial?.data['name'] === 'kept.bin');
});
