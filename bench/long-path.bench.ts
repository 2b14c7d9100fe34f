// How fast a file goes across a long path, from disk to disk, beside one TCP connection and one bare data channel on the same path in the same run; and
// how long nothing arrives. On an emulated path (Linux, as root).
import { expect, test, type Person } from '../e2e/support/test.ts';
import { meet } from '../e2e/support/tincan-page.ts';
import { connectRaw, sendRawFor } from './raw-channel.ts';
import { measureTcp, type Arrivals } from './support/tcp-path.ts';
import { Wan, type WanOptions } from './support/wan.ts';

const SECONDS = Number(process.env['BENCH_S'] ?? 60);
const RUNS = Number(process.env['BENCH_RUNS'] ?? 1);
const STANDSTILL_RUNS = Number(process.env['BENCH_STANDSTILL_RUNS'] ?? 20);
const STANDSTILL_S = 15;
const LONGEST_PAUSE_MS = 2_000;
const QUEUE_KIB = 1_024;
/** A machine that does not carry 200 Mbit/s through two browsers measures a part of it, with a queue of the same part. */
const PART = Number(process.env['BENCH_PART'] ?? 1);

interface LongPath extends Omit<WanOptions, 'queueKib'> {
  readonly timesRaw: number;
  readonly ofTcp: number;
}

const PATHS: Record<string, LongPath> = {
  '20 ms': { delayMs: 10, rateMbit: 200, timesRaw: 2, ofTcp: 0.6 },
  '100 ms': { delayMs: 50, rateMbit: 200, timesRaw: 3, ofTcp: 0.8 },
  '100 ms, 0.1 % lost': { delayMs: 50, rateMbit: 200, lossPercent: 0.1, timesRaw: 10, ofTcp: 0.8 },
  '100 ms, 1 % lost': { delayMs: 50, rateMbit: 50, lossPercent: 1, timesRaw: 10, ofTcp: 0.8 },
};

/** Between two moments, in seconds from the start: in MB/s. */
function rateOf(arrivals: Arrivals, to: number, from = 0): number {
  const bytesBy = (seconds: number) => arrivals.filter(([ms]) => ms <= 1_000 * seconds).at(-1)?.[1] ?? 0;
  return (bytesBy(to) - bytesBy(from)) / 1e6 / (to - from);
}

/** The longest time without anything new, from the first arrival to the end. */
function longestPauseMs(arrivals: Arrivals, seconds: number): number {
  let longest = 0;
  let [at, before] = arrivals.find(([, bytes]) => bytes > 0) ?? [0, 0];
  for (const [ms, bytes] of [...arrivals, [1_000 * seconds, Infinity] as const]) {
    if (bytes <= before || ms > 1_000 * seconds) continue;
    longest = Math.max(longest, ms - at);
    [at, before] = [ms, bytes];
  }
  return longest;
}

/** Runs in the page: what the first transfer counts as durable, by milliseconds since now. */
function watchBytes(): void {
  const start = performance.now();
  const arrived: [number, number][] = [];
  Object.assign(window, { arrived });
  setInterval(() => {
    const row = document.querySelector<HTMLElement>('[data-testid="transfer"][data-direction="receive"]');
    arrived.push([performance.now() - start, Number(row?.dataset['bytes'] ?? 0)]);
  }, 100);
}

declare global {
  interface Window {
    arrived?: [number, number][];
  }
}

/** Sends a file that is too large for the time, and stops it then. */
async function measureTincan(alice: Person, bob: Person, file: string, seconds: number): Promise<Arrivals> {
  await alice.chooseFiles(file);
  await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
  await bob.tab.evaluate(watchBytes, undefined);
  await bob.accept();
  await new Promise((resolve) => setTimeout(resolve, 1_000 * seconds));
  return (await bob.tab.evaluate(() => window.arrived, undefined))!;
}

for (const [name, whole] of Object.entries(PATHS)) {
  const path = { ...whole, rateMbit: PART * whole.rateMbit };
  test(`a long path: ${name}`, async ({ server, openPerson, files }) => {
    const wan = await Wan.start({ ...path, queueKib: PART * QUEUE_KIB });
    try {
      await wan.bring(server.port);
      const file = await files.random('long.bin', ((path.rateMbit * 1e6) / 8) * SECONDS);
      const alice = await openPerson({ command: await wan.chromiumCommand('a') });
      const bob = await openPerson({ command: await wan.chromiumCommand('b') });
      const [rawSender, rawReceiver] = [
        await alice.tab.page.context().newPage(),
        await bob.tab.page.context().newPage(),
      ];
      for (let run = 0; run < RUNS; run++) {
        const tcp = await measureTcp(wan, SECONDS);
        await Promise.all([rawSender.bringToFront(), rawReceiver.bringToFront()]);
        await connectRaw(rawSender, rawReceiver);
        const raw = await sendRawFor(rawSender, rawReceiver, SECONDS);
        await Promise.all([alice.tab.page.bringToFront(), bob.tab.page.bringToFront()]);
        await meet(alice, bob, server.url);
        const tincan = await measureTincan(alice, bob, file, SECONDS);
        const [ours, bare, best] = [tincan, raw, tcp].map((arrivals) => rateOf(arrivals, SECONDS));
        const pause = longestPauseMs(tincan, SECONDS);
        const fifths = [1, 2, 3, 4, 5].map((part) =>
          rateOf(tincan, (part * SECONDS) / 5, ((part - 1) * SECONDS) / 5).toFixed(1),
        );
        console.log(
          `${name}, ${path.rateMbit} Mbit/s, ${SECONDS} s: Tincan ${ours!.toFixed(2)} MB/s, one bare channel ${bare!.toFixed(2)}, TCP ${best!.toFixed(2)}; ` +
            `${(ours! / bare!).toFixed(1)} times the channel, ${(ours! / best!).toFixed(2)} of TCP; longest pause ${(pause / 1_000).toFixed(1)} s`,
        );
        console.log(`  each fifth: ${fifths.join(' ')} MB/s`);
        expect.soft(ours! / bare!, 'times one bare channel').toBeGreaterThanOrEqual(path.timesRaw);
        expect.soft(ours! / best!, 'of TCP').toBeGreaterThanOrEqual(path.ofTcp);
      }
    } finally {
      await wan.stop();
    }
  });
}

test('nothing stands still on a long path', async ({ server, openPerson, files }) => {
  const wan = await Wan.start({ ...PATHS['100 ms']!, queueKib: QUEUE_KIB });
  try {
    await wan.bring(server.port);
    const file = await files.random('long.bin', ((PATHS['100 ms']!.rateMbit * 1e6) / 8) * STANDSTILL_S);
    const alice = await openPerson({ command: await wan.chromiumCommand('a') });
    const bob = await openPerson({ command: await wan.chromiumCommand('b') });
    for (let run = 1; run <= STANDSTILL_RUNS; run++) {
      await meet(alice, bob, server.url);
      const arrivals = await measureTincan(alice, bob, file, STANDSTILL_S);
      const pause = longestPauseMs(arrivals, STANDSTILL_S);
      console.log(
        `run ${run}: ${rateOf(arrivals, STANDSTILL_S).toFixed(1)} MB/s, longest pause ${(pause / 1_000).toFixed(1)} s`,
      );
      expect.soft(pause, `the longest pause of run ${run}`).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
    }
  } finally {
    await wan.stop();
  }
});
