// How fast a file goes while the page of its sender, or of its receiver, is hidden, beside the same with both seen: a browser lets a hidden page's own timers
// go off once a second. On an emulated path (Linux, as root) that is long enough to be paced.
import { expect, test, type Person } from '../e2e/support/test.ts';
import { meet } from '../e2e/support/tincan-page.ts';
import { Wan } from './support/wan.ts';

const SECONDS = Number(process.env['BENCH_S'] ?? 20);
const RUNS = Number(process.env['BENCH_RUNS'] ?? 3);
const RATE_MBIT = Number(process.env['BENCH_MBIT'] ?? 20);
/** A page has been hidden for so long before it is measured: browsers slow its timers down after ten seconds. */
const HIDDEN_FIRST_S = 12;

/** What has arrived durably of the only transfer, in bytes. */
async function bytesAt(bob: Person): Promise<number> {
  const [row] = await bob.transfers();
  return row?.bytes ?? 0;
}

async function measure(bob: Person): Promise<number> {
  const before = await bytesAt(bob);
  await new Promise((resolve) => setTimeout(resolve, 1_000 * SECONDS));
  return ((await bytesAt(bob)) - before) / 1e6 / SECONDS;
}

for (const who of ['sender', 'receiver'] as const) {
  test(`a hidden ${who}`, async ({ server, openPerson, files }) => {
    const wan = await Wan.start({ delayMs: 25, rateMbit: RATE_MBIT, queueKib: 256 });
    try {
      await wan.bring(server.port);
      const file = await files.random('long.bin', (RATE_MBIT * 1e6 * (SECONDS + HIDDEN_FIRST_S) * 2 * (RUNS + 1)) / 8);
      const open = async (side: 'a' | 'b') =>
        openPerson({
          command: await wan.chromiumCommand(side),
          canBeHidden: true,
          reach: (port) => wan.reach(side, port),
        });
      const [alice, bob] = [await open('a'), await open('b')];
      const { page } = (who === 'sender' ? alice : bob).tab;
      const other = await page.context().newPage();
      await page.bringToFront();
      await meet(alice, bob, server.url);
      await alice.chooseFiles(file);
      await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
      await bob.accept();
      await new Promise((resolve) => setTimeout(resolve, 8_000));
      const ratios: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        await page.bringToFront();
        expect(await page.evaluate(() => document.visibilityState)).toBe('visible');
        const seen = await measure(bob);
        await other.bringToFront();
        await new Promise((resolve) => setTimeout(resolve, 1_000 * HIDDEN_FIRST_S));
        const hidden = await measure(bob);
        expect(await page.evaluate(() => document.visibilityState)).toBe('hidden');
        ratios.push(hidden / seen);
        console.log(`${who}: seen ${seen.toFixed(2)} MB/s, hidden ${hidden.toFixed(2)}, ${(hidden / seen).toFixed(2)}`);
      }
      ratios.sort((a, b) => a - b);
      expect(ratios[Math.floor(ratios.length / 2)]).toBeGreaterThanOrEqual(0.8);
    } finally {
      await wan.stop();
    }
  });
}
