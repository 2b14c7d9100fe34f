// Whether pages keep memory of transfers that have ended: ten, one after the other, between the same two pages (Linux only).
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../e2e/support/files.ts';
import { expect, test, type Person } from '../../e2e/support/test.ts';
import { rendererOf, residentBytes } from '../support/renderer.ts';
import { HOUR_MS, last, MIB, print, SIZE } from './long-transfer.ts';

const ROUNDS = 10;
const MOST_GROWN = 30 * MIB;
const SETTLE_S = 5;
const ACTION_MS = 60_000;

/** What the page's process takes when there is nothing to do and no garbage left. */
async function idleBytes(person: Person, pid: number): Promise<number> {
  const session = await person.tab.page.context().newCDPSession(person.tab.page);
  // Allocators give pages back to the system some time after the last use.
  await last(1_000 * SETTLE_S);
  await session.send('HeapProfiler.collectGarbage');
  await last(1_000 * SETTLE_S);
  await session.detach();
  return residentBytes(pid);
}

/** Leaves the room, deletes what was received, and comes back, all of it in the same page. */
async function deleteReceived({ tab }: Person, name: string): Promise<void> {
  const link = tab.page.url();
  tab.page.setDefaultTimeout(ACTION_MS);
  await tab.page.getByRole('button', { name: 'Leave the room' }).click();
  const partial = tab.page.locator(`[data-testid="partial"][data-name="${name}"]`);
  await partial.locator('[data-testid="cancel"]').click();
  await partial.waitFor({ state: 'detached' });
  await tab.evaluate((hash) => (location.hash = hash), new URL(link).hash);
}

test(`${ROUNDS} transfers between two pages`, async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(server.url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  const pids = { sender: await rendererOf(alice), receiver: await rendererOf(bob) };
  let path = await files.random('round-0.bin', SIZE);
  const original = await sha256(path);
  const idle: { sender: number; receiver: number }[] = [];

  for (let round = 1; round <= ROUNDS; round++) {
    const name = `round-${round}.bin`;
    const next = join(dirname(path), name);
    await rename(path, next);
    path = next;
    const start = performance.now();
    await alice.chooseFiles(path);
    await bob.accept();
    const received = await bob.waitForTransfer({ name }, 'done', HOUR_MS);
    const seconds = (performance.now() - start) / 1_000;
    expect((await alice.waitForTransfer({ name }, 'done')).hash).toBe(received.hash);
    const saved = await bob.save(name);
    const isEqual = (await sha256(saved.path)) === original;
    await rm(saved.path, { force: true });
    await bob.waitFor('save', ([button]) => button?.text === 'In downloads');
    await deleteReceived(bob, name);
    await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
    const measured = round === 1 || round === ROUNDS;
    const now = measured && {
      sender: await idleBytes(alice, pids.sender),
      receiver: await idleBytes(bob, pids.receiver),
    };
    if (now) idle.push(now);
    print({
      soak: 'memory',
      round,
      mib: SIZE / MIB,
      seconds: Math.round(seconds),
      savedFile: isEqual ? 'equal' : 'DIFFERENT',
      ...(now && { senderIdleMib: Math.round(now.sender / MIB), receiverIdleMib: Math.round(now.receiver / MIB) }),
    });
    expect(isEqual).toBe(true);
  }

  for (const side of ['sender', 'receiver'] as const) {
    const grown = idle.at(-1)![side] - idle[0]![side];
    print({ soak: 'memory', side, grownMib: Math.round(grown / MIB), limitMib: MOST_GROWN / MIB });
    expect(grown, `the ${side} keeps memory of transfers that have ended`).toBeLessThanOrEqual(MOST_GROWN);
  }
  expect([await rendererOf(alice), await rendererOf(bob)]).toEqual([pids.sender, pids.receiver]);
});
