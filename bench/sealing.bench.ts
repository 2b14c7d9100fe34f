// What sealing costs: of the time from opening a room's link to a connected peer, how much goes into deriving keys,
// sealing and opening. The page notes both itself (performance marks and measures) until its first peer is connected.
import { expect, test } from '../e2e/support/test.ts';

const RUNS = Number(process.env['BENCH_RUNS'] ?? 10);

interface Run {
  /** From the start of the navigation to the first connected peer, in milliseconds. */
  connected: number;
  derive: number;
  seal: number;
  open: number;
  pieces: number;
}

/** Runs in the page. */
function readMeasures(): Run {
  const total = (name: string) =>
    performance.getEntriesByName(`tincan:${name}`, 'measure').reduce((sum, { duration }) => sum + duration, 0);
  const pieces = performance.getEntriesByType('measure').filter(({ name }) => name.startsWith('tincan:')).length;
  const [mark] = performance.getEntriesByName('tincan:connected', 'mark');
  return {
    connected: mark?.startTime ?? NaN,
    derive: total('derive'),
    seal: total('seal'),
    open: total('open'),
    pieces,
  };
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

test('the share of sealing in connecting', async ({ server, openPerson }) => {
  const alice = await openPerson();
  const link = await alice.startRoom(server.url);
  await alice.waitForServerState('online');
  const shares: number[] = [];
  console.log('run   connected ms  derive ms  seal ms  open ms  pieces  share');
  for (let run = 1; run <= RUNS; run++) {
    const bob = await openPerson();
    await bob.join(link);
    await bob.waitForPeers(1);
    const { connected, derive, seal, open, pieces } = await bob.tab.page.evaluate(readMeasures);
    const share = (derive + seal + open) / connected;
    shares.push(share);
    const cells = [connected, derive, seal, open].map((ms) => ms.toFixed(1).padStart(10));
    console.log(
      `${String(run).padEnd(4)}${cells.join('')}${String(pieces).padStart(8)}${(100 * share).toFixed(1).padStart(7)} %`,
    );
    await bob.tab.page.goto('about:blank');
    await alice.waitFor('peer', (peers) => peers.length === 0);
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const range = `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}`;
  console.log(`median share ${percent(median(shares))}, range ${range}, ${RUNS} runs`);
  expect(median(shares)).toBeLessThan(0.05);
});
