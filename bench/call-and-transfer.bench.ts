// What a transfer leaves of a call, and a call of a transfer, on an emulated path of 20 Mbit/s (Linux, as root): the pictures that
// each side sees per second, alone and while a large file goes one way, in the same run.
import { CallPage } from '../e2e/support/call-page.ts';
import { expect, test } from '../e2e/support/test.ts';
import { Wan } from './support/wan.ts';

const RATE_MBIT = 20;
const DELAY_MS = 20;
const QUEUE_KIB = Number(process.env['BENCH_QUEUE_KIB'] ?? 256);
/** A browser takes about so long to find out what the path carries of pictures. */
const WARM_UP_S = 25;
const ALONE_S = Number(process.env['BENCH_ALONE_S'] ?? 20);
/** And the transfer to find out what it may take. */
const SETTLE_S = 20;
const BOTH_S = Number(process.env['BENCH_BOTH_S'] ?? 60);
/** More than the path carries in all that time. */
const FILE_BYTES = ((RATE_MBIT * 1e6) / 8) * (SETTLE_S + BOTH_S) * 1.5;

const LEAST_PART_OF_PICTURES = 0.7;
const LEAST_PART_OF_PATH = 0.5;

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, 1_000 * count));

async function picturesOf(call: CallPage): Promise<number> {
  return Object.values(await call.probe.pictures()).reduce((sum, count) => sum + count, 0);
}

test('a call and a transfer on one path', async ({ server, openPerson, files }) => {
  const wan = await Wan.start({ delayMs: DELAY_MS, rateMbit: RATE_MBIT, queueKib: QUEUE_KIB });
  try {
    await wan.bring(server.port);
    const alice = await openPerson({ command: await wan.chromiumCommand('a') });
    const bob = await openPerson({ command: await wan.chromiumCommand('b') });
    const calls = [await CallPage.of(alice), await CallPage.of(bob)] as const;
    await bob.join(await alice.startRoom(server.url));
    await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
    await calls[0].call('video');
    await calls[1].accept();
    await Promise.all(calls.map((call) => call.waitForLive(1)));

    const durable = async () => (await bob.transfers({ direction: 'receive' }))[0]?.bytes ?? 0;
    const measure = async (duration: number) => {
      const at = performance.now();
      const look = async () => [
        ...(await Promise.all(calls.map(picturesOf))),
        await durable(),
        await calls[0].probe.sentBytes(),
      ];
      const before = await look();
      await seconds(duration);
      const after = await look();
      const elapsed = (performance.now() - at) / 1_000;
      const [toAlice = 0, toBob = 0, bytes = 0, media = 0] = after.map(
        (value, index) => (value - before[index]!) / elapsed,
      );
      return { toAlice, toBob, megabits: (8 * bytes) / 1e6, callMegabits: (8 * media) / 1e6 };
    };

    await seconds(WARM_UP_S);
    const alone = await measure(ALONE_S);
    await alice.chooseFiles(await files.random('large.bin', FILE_BYTES));
    await bob.accept();
    await bob.waitForBytes({ direction: 'receive' }, 1);
    await seconds(SETTLE_S);
    const both = await measure(BOTH_S);

    const part = { toBob: both.toBob / alone.toBob, toAlice: both.toAlice / alone.toAlice };
    console.log(
      `${RATE_MBIT} Mbit/s, ${2 * DELAY_MS} ms, a queue of ${QUEUE_KIB} KiB; the file goes from alice to bob`,
    );
    for (const [name, { toBob, toAlice, megabits, callMegabits }] of Object.entries({ alone, both }))
      console.log(
        `${name.padEnd(6)} pictures per second at bob ${toBob.toFixed(1)}, at alice ${toAlice.toFixed(1)}; file ${megabits.toFixed(1)} Mbit/s, call ${callMegabits.toFixed(2)} Mbit/s from alice`,
      );
    console.log(`kept: ${part.toBob.toFixed(2)} at bob, ${part.toAlice.toFixed(2)} at alice`);
    expect(alone.toBob).toBeGreaterThan(0);
    expect(Math.min(part.toBob, part.toAlice)).toBeGreaterThanOrEqual(LEAST_PART_OF_PICTURES);
    expect(both.megabits).toBeGreaterThanOrEqual(LEAST_PART_OF_PATH * RATE_MBIT);
  } finally {
    await wan.stop();
  }
});
