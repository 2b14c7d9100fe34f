// One kind of fault each, in a long transfer: what it made the sender send again, and how long it took until bytes arrived again.
import { expect, test, type Person } from '../../e2e/support/test.ts';
import { Wan } from '../support/wan.ts';
import { last, LongTransfer } from './long-transfer.ts';

const SHORT_CUT_S = 20;
const LONG_CUT_S = 90;

test('the receiver is reloaded at 10, 50 and 90 %', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });
  for (const share of [0.1, 0.5, 0.9]) await transfer.suffer('reload', share, () => bob.tab.reload());
  await transfer.finish('receiver reloaded');
});

test('the receiver’s browser is killed and opened again', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });
  await transfer.suffer('kill', 0.5, async () => {
    await bob.tab.kill();
    const again = await openPerson({ profileOf: bob.tab });
    await again.join(transfer.link);
    transfer.bob = again;
  });
  await transfer.finish('receiver killed');
});

test('the sender is reloaded in Chromium, where the file was dropped', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const give = (path: string) => alice.tab.dropFiles([path]);
  const transfer = await LongTransfer.start({ alice, bob, files, url: server.url, give });
  await transfer.suffer('reload', 0.5, async () => {
    await transfer.reloadSender();
    // The browser has kept the handle; its own question no program can answer.
    await alice.waitFor('reopen', (seen) => seen.length === 1);
    await alice.chooseFiles(transfer.original);
  });
  await transfer.finish('sender reloaded, Chromium');
});

test('the sender is reloaded in Firefox, and the file chosen again', async ({
  server,
  openPerson,
  openFirefox,
  files,
}) => {
  const [alice, bob] = [await openFirefox(), await openPerson()];
  const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });
  await transfer.suffer('reload', 0.5, async () => {
    await transfer.reloadSender();
    await alice.waitFor('transfer', ([row]) => row?.data['state'] === 'waiting');
    await alice.chooseFiles(transfer.original);
  });
  await transfer.finish('sender reloaded, Firefox');
});

test('both are closed and opened again', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });
  await transfer.suffer('both closed', 0.5, async () => {
    await transfer.probe.handleReload();
    await Promise.all([alice.tab.page.goto('about:blank'), bob.tab.page.goto('about:blank')]);
    await bob.tab.open(server.url);
    await bob.tab.click('[data-testid="partial"] [data-testid="resume"]');
    await alice.tab.open(server.url);
    await alice.chooseFiles(transfer.original);
    expect(await alice.shareLink()).toBe(transfer.link);
  });
  await transfer.finish('both closed');
});

test('the server is killed and started again', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });
  await transfer.suffer('server killed', 0.5, async () => {
    await server.kill();
    await server.restart();
    await Promise.all([alice, bob].map((person) => person.waitForServerState('online', 60_000)));
  });
  await transfer.finish('server killed');
});

for (const seconds of [SHORT_CUT_S, LONG_CUT_S]) {
  test(`the path is cut for ${seconds} s`, async ({ server, openPerson, files }) => {
    const [alice, bob] = [await openPerson(), await openPerson()];
    const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });
    await transfer.suffer(`cut ${seconds} s`, 0.5, () => cut(bob, seconds));
    await transfer.finish(`path cut ${seconds} s`);
  });
}

test('the receiver’s address changes', async ({ server, openPerson, files }) => {
  const wan = await Wan.start({ delayMs: 5, rateMbit: 200, queueKib: 1_024 });
  try {
    await wan.bring(server.port);
    const alice = await openPerson({ command: await wan.chromiumCommand('a') });
    const bob = await openPerson({ command: await wan.chromiumCommand('b') });
    const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });
    await transfer.suffer('address', 0.5, () => Promise.resolve(wan.changeAddress('b')));
    await transfer.finish('address changed');
  } finally {
    await wan.stop();
  }
});

async function cut({ tab }: Person, seconds: number): Promise<void> {
  const mend = await tab.cutNetwork();
  await last(1_000 * seconds);
  mend();
}
