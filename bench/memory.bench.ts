// How much memory a large transfer takes: the resident set of both renderers, sampled from /proc (Linux only).
import { setInterval } from 'node:timers';
import { expect, test } from '../e2e/support/test.ts';
import { sha256 } from '../e2e/support/files.ts';
import { rendererOf, residentBytes } from './support/renderer.ts';

const BYTES = Number(process.env['BENCH_MIB'] ?? 2_048) * 1_048_576;
const SAMPLE_MS = 250;

/** Watches a process; gives a function that ends this and tells the most that was seen. */
function watch(pid: number): () => number {
  let most = 0;
  const timer = setInterval(() => {
    residentBytes(pid).then(
      (bytes) => (most = Math.max(most, bytes)),
      () => undefined, // the process has ended
    );
  }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}

test('memory during a large transfer', async ({ server, startProxy, openPerson, files }) => {
  const proxy = await startProxy(server);
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(proxy.url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  const file = await files.random('large.bin', BYTES);
  const pids = { sender: await rendererOf(alice), receiver: await rendererOf(bob) };
  const idle = { sender: await residentBytes(pids.sender), receiver: await residentBytes(pids.receiver) };

  const stop = { sender: watch(pids.sender), receiver: watch(pids.receiver) };
  await alice.chooseFiles(file);
  const start = performance.now();
  await bob.accept();
  const received = await bob.waitForTransfer({ direction: 'receive' }, 'done', 20 * 60_000);
  const seconds = (performance.now() - start) / 1_000;
  const sent = await alice.waitForTransfer({ direction: 'send' }, 'done');
  expect(sent.hash).toBe(received.hash);
  const saved = await bob.save('large.bin');
  for (const side of ['sender', 'receiver'] as const) {
    const most = stop[side]();
    const grown = (most - idle[side]) / 1_048_576;
    console.log(
      `${side}: idle ${(idle[side] / 1_048_576).toFixed(0)} MiB, most ${(most / 1_048_576).toFixed(0)} MiB, grown by ${grown.toFixed(0)} MiB`,
    );
    expect(grown).toBeLessThan(150);
  }
  console.log(`${BYTES / 1_048_576} MiB in ${seconds.toFixed(1)} s, ${(BYTES / 1e6 / seconds).toFixed(1)} MB/s`);
  console.log(`bytes from all clients to the server: ${proxy.fromClients}`);
  expect(proxy.fromClients).toBeLessThan(65_536);
  expect(await sha256(saved.path)).toBe(await sha256(file));
  console.log('the saved file is the original');
});
