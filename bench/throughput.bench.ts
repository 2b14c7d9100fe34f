// How fast Tincan is beside the raw channel: the same two browsers, in pairs of alternating runs. Tincan reads a file
// from disk, hashes it on both sides, writes it to disk and compares; the raw channel sends one buffer from memory.
import { expect, test } from '../e2e/support/test.ts';
import { connectRaw, sendRaw } from './raw-channel.ts';

const BYTES = Number(process.env['BENCH_MIB'] ?? 256) * 1_048_576;
const PAIRS = Number(process.env['BENCH_PAIRS'] ?? 5);

test('throughput beside the raw channel', async ({ server, openPerson, files }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(server.url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  const [rawSender, rawReceiver] = [await alice.tab.page.context().newPage(), await bob.tab.page.context().newPage()];
  await connectRaw(rawSender, rawReceiver);
  const megabytes = BYTES / 1e6;
  const file = await files.random('bench.bin', BYTES);

  const ratios: number[] = [];
  const line = (pair: string, tincan: string, raw: string, ratio: string) =>
    console.log(`${pair.padEnd(8)}${tincan.padStart(14)}${raw.padStart(14)}${ratio.padStart(8)}`);
  line('pair', 'Tincan MB/s', 'raw MB/s', 'ratio');
  for (let pair = 0; pair <= PAIRS; pair++) {
    await alice.tab.page.bringToFront();
    await bob.tab.page.bringToFront();
    await alice.chooseFiles(file);
    await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
    const start = performance.now();
    await bob.accept();
    await bob.tab.page.waitForSelector(`[data-testid="transfer-list"][data-done="${pair + 1}"]`, {
      state: 'attached',
      timeout: 600_000,
    });
    const tincan = megabytes / ((performance.now() - start) / 1_000);
    const raw = megabytes / (await sendRaw(rawSender, rawReceiver, BYTES));
    if (pair === 0) continue; // the first pair warms both up
    ratios.push(tincan / raw);
    line(`${pair}`, tincan.toFixed(1), raw.toFixed(1), (tincan / raw).toFixed(2));
  }
  ratios.sort((a, b) => a - b);
  const median = ratios[Math.floor(ratios.length / 2)]!;
  console.log(
    `median ratio ${median.toFixed(2)}, range ${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}, ` +
      `${PAIRS} pairs of ${BYTES / 1_048_576} MiB`,
  );
  expect(median).toBeGreaterThanOrEqual(0.85);
});
