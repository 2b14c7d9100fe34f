// Very many small files between two pages: what they cost in requests, flushes and messages, whether the last thousand come as fast as the first,
// and how long either page takes to answer a click meanwhile, against itself when idle and against the same bytes as one file.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clickAndWait, clickTimes, median } from '../e2e/support/click-probe.ts';
import { expect, test, type Person } from '../e2e/support/test.ts';
import { WorkProbe, type Work } from './support/work-probe.ts';

const FILES = Number(process.env['BENCH_FILES'] ?? 8_100);
const BYTES = 1_024;
const IDLE_CLICKS = 15;
/** A person does not click faster. */
const CLICK_INTERVAL_MS = 300;
/** A folder for CPU profiles of both pages; none are taken without. */
const PROFILES = process.env['BENCH_PROFILES'];
const TIMEOUT_MS = 20 * 60_000;

declare global {
  interface Window {
    /** When the list counted so many as done: milliseconds of this page, and the number. */
    counted?: [number, number][];
  }
}

/** Runs in the page. */
function watchCount(): void {
  const list = document.querySelector<HTMLElement>('[data-testid="transfer-list"]')!;
  const counted: [number, number][] = [[performance.now(), 0]];
  window.counted = counted;
  new MutationObserver(() => counted.push([performance.now(), Number(list.dataset['done'])])).observe(list, {
    attributeFilter: ['data-done'],
  });
}

/** How long each thousand took, in milliseconds. */
function thousands(counted: readonly [number, number][], before: number): number[] {
  const took: number[] = [];
  let from = counted[0]![0];
  for (let count = 1_000; count <= FILES; count += 1_000) {
    const after = counted.findIndex(([, done]) => done - before >= count);
    const [[atBefore, doneBefore], [at, done]] = [counted[after - 1]!, counted[after]!];
    const reached = atBefore + ((at - atBefore) * (count - (doneBefore - before))) / (done - doneBefore);
    took.push(reached - from);
    from = reached;
  }
  return took;
}

async function profileOf({ tab }: Person): Promise<(name: string) => Promise<void>> {
  if (PROFILES === undefined) return async () => {};
  const session = await tab.page.context().newCDPSession(tab.page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 1_000 });
  await session.send('Profiler.start');
  return async (name) => {
    const { profile } = await session.send('Profiler.stop');
    await writeFile(join(PROFILES, `${name}.cpuprofile`), JSON.stringify(profile));
  };
}

/** Clicks until it is told to stop; gives how long each click took to be answered. */
function keepClicking({ tab }: Person): () => Promise<number[]> {
  let stopped = false;
  const clicking = (async () => {
    const times: number[] = [];
    while (!stopped) {
      times.push(await clickAndWait(tab));
      await new Promise((resolve) => setTimeout(resolve, CLICK_INTERVAL_MS));
    }
    return times;
  })();
  return () => {
    stopped = true;
    return clicking;
  };
}

const list = (counts: Record<string, number>) =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

function since(before: Work, after: Work): Work {
  const minus = (a: Record<string, number>, b: Record<string, number>) =>
    Object.fromEntries(
      Object.entries(a).flatMap(([name, count]) => (count === b[name] ? [] : [[name, count - (b[name] ?? 0)]])),
    );
  return {
    requests: minus(after.requests, before.requests),
    messages: minus(after.messages, before.messages),
    flushes: after.flushes - before.flushes,
    longTasks: after.longTasks - before.longTasks,
    longestTaskMs: after.longestTaskMs,
  };
}

test('very many small files', async ({ server, openPerson, files }) => {
  const people = { sender: await openPerson(), receiver: await openPerson() };
  const { sender, receiver } = people;
  const sides = ['sender', 'receiver'] as const;
  const probes = { sender: await WorkProbe.watch(sender.tab), receiver: await WorkProbe.watch(receiver.tab) };
  await receiver.join(await sender.startRoom(server.url));
  await Promise.all([sender.waitForPeers(1), receiver.waitForPeers(1)]);
  for (const side of sides) await probes[side].watchWorker();
  for (let i = 0; i < FILES; i++) await files.random(`many/${i % 100}/${i}.bin`, BYTES);

  // The same bytes as one file, which warms both pages up as well.
  await sender.chooseFiles(await files.random('one.bin', FILES * BYTES));
  await receiver.waitFor('incoming-offer', (offers) => offers.length === 1);
  const oneStart = performance.now();
  await receiver.accept();
  await Promise.all(sides.map((side) => people[side].waitForDone(1)));
  const oneMs = performance.now() - oneStart;

  const idle = { sender: 0, receiver: 0 };
  for (const side of sides) idle[side] = median(await clickTimes(people[side].tab, IDLE_CLICKS));

  const before = { sender: await probes.sender.read(), receiver: await probes.receiver.read() };
  const profiles = await Promise.all(sides.map((side) => profileOf(people[side])));
  const offerStart = performance.now();
  await sender.chooseFolder(join(files.path, 'many'));
  await receiver.waitFor('incoming-offer', (offers) => offers.length === 1, TIMEOUT_MS);
  const offeredMs = performance.now() - offerStart;

  await receiver.tab.page.evaluate(watchCount);
  const clicking = { sender: keepClicking(sender), receiver: keepClicking(receiver) };
  const start = performance.now();
  await receiver.accept();
  const done = `[data-testid="transfer-list"][data-done="${FILES + 1}"]`;
  await Promise.all(
    sides.map((side) => people[side].tab.page.waitForSelector(done, { state: 'attached', timeout: TIMEOUT_MS })),
  );
  const manyMs = performance.now() - start;

  console.log(`${FILES} files of ${BYTES} bytes, offered ${(offeredMs / 1_000).toFixed(1)} s after they were chosen`);
  console.log(
    `accepted to verified ${(manyMs / 1_000).toFixed(1)} s; as one file ${(oneMs / 1_000).toFixed(1)} s; ` +
      `ratio ${(manyMs / oneMs).toFixed(1)}`,
  );
  const each = thousands((await receiver.tab.page.evaluate(() => window.counted))!, 1);
  console.log(`each thousand, in s: ${each.map((ms) => (ms / 1_000).toFixed(2)).join(' ')}`);
  for (const [index, side] of sides.entries()) {
    const times = await clicking[side]();
    await profiles[index]!(`${side}-${FILES}`);
    times.sort((a, b) => a - b);
    const work = since(before[side], await probes[side].read());
    console.log(
      `${side}: click idle ${idle[side].toFixed(0)} ms, meanwhile median ${median(times).toFixed(0)} ms, ` +
        `nine in ten ${times[Math.floor(times.length * 0.9)]!.toFixed(0)} ms, longest ${times.at(-1)!.toFixed(0)} ms ` +
        `of ${times.length}; ratio ${(median(times) / idle[side]).toFixed(1)}`,
    );
    console.log(`  long tasks ${work.longTasks}, longest ${work.longestTaskMs.toFixed(0)} ms; flushes ${work.flushes}`);
    console.log(`  requests: ${list(work.requests)}`);
    console.log(`  messages: ${list(work.messages)}`);
  }
  expect(await receiver.tab.page.locator('[data-testid="transfer-list"]').getAttribute('data-failed')).toBe('0');
});
