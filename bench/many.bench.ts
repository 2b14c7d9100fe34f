// Very many small files between two pages: what they cost in requests, flushes and messages, whether the last thousand come as fast as the first,
// how long either page takes to answer a click meanwhile, against itself when idle, and how long it is until all are in one archive, against the
// same bytes as one file. Each browser has a core of its own, as each person has a machine.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { meet, type TincanPage } from '../e2e/support/tincan-page.ts';
import { clickAndWait, clickTimes, median, type ClickableTab } from '../e2e/support/click-probe.ts';
import { expect, test, type Person } from '../e2e/support/test.ts';
import { findChromium, findFirefox } from '../scripts/browsers.mjs';
import { onOwnCore } from './support/browser-command.ts';
import { WorkProbe, type Work } from './support/work-probe.ts';

const FILES = Number(process.env['BENCH_FILES'] ?? 8_100);
const BYTES = 1_024;
const IDLE_CLICKS = 40;
/** Few persons click faster. */
const CLICK_INTERVAL_MS = 100;
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

/** A click, by when it was made and how long it took to be answered, in milliseconds. */
type Click = readonly [at: number, ms: number];

/** Clicks until it is told to stop. */
function keepClicking(tab: ClickableTab): () => Promise<Click[]> {
  let stopped = false;
  const clicking = (async () => {
    const clicks: Click[] = [];
    while (!stopped) {
      const at = performance.now();
      clicks.push([at, await clickAndWait(tab)]);
      await new Promise((resolve) => setTimeout(resolve, CLICK_INTERVAL_MS));
    }
    return clicks;
  })();
  return () => {
    stopped = true;
    return clicking;
  };
}

/** The medians of four quarters of the time. */
function quarters(clicks: readonly Click[]): number[] {
  const [[start], [end]] = [clicks[0]!, clicks.at(-1)!];
  return [0, 1, 2, 3].map((quarter) => {
    const isIn = ([at]: Click) => Math.min(3, Math.floor((4 * (at - start)) / (end - start))) === quarter;
    return median(clicks.filter(isIn).map(([, ms]) => ms));
  });
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

interface Side extends TincanPage {
  readonly tab: ClickableTab;
}

const seconds = (ms: number) => (ms / 1_000).toFixed(1);

/** Sends `FILES` files by `choose`, prints and checks what a person would notice of it. */
async function sendMany(
  { sender, receiver }: { sender: Side; receiver: Side },
  { one, choose, onBegin }: { one: string; choose: () => Promise<void>; onBegin?: () => Promise<void> },
): Promise<void> {
  const sides = { sender, receiver };
  // The same bytes as one file, which warms both pages up as well.
  await sender.chooseFiles(one);
  await receiver.waitFor('incoming-offer', (offers) => offers.length === 1);
  const oneStart = performance.now();
  await receiver.accept();
  await Promise.all([sender.waitForDone(1), receiver.waitForDone(1)]);
  const oneMs = performance.now() - oneStart;
  const idle = {
    sender: median(await clickTimes(sender.tab, IDLE_CLICKS)),
    receiver: median(await clickTimes(receiver.tab, IDLE_CLICKS)),
  };

  await onBegin?.();
  const offerStart = performance.now();
  await choose();
  await receiver.waitFor('incoming-offer', (offers) => offers.length === 1, TIMEOUT_MS);
  const offeredMs = performance.now() - offerStart;
  await receiver.tab.evaluate(watchCount, undefined);
  const clicking = { sender: keepClicking(sender.tab), receiver: keepClicking(receiver.tab) };
  const start = performance.now();
  await receiver.accept();
  await Promise.all([sender.waitForDone(FILES + 1, TIMEOUT_MS), receiver.waitForDone(FILES + 1, TIMEOUT_MS)]);
  const manyMs = performance.now() - start;
  const clicks = { sender: await clicking.sender(), receiver: await clicking.receiver() };
  const zip = await receiver.saveAll();
  const savedMs = performance.now() - start;
  const listed = execFileSync('unzip', ['-l', zip.path], { encoding: 'utf8', maxBuffer: 100_000_000 });

  console.log(`${FILES} files of ${BYTES} bytes, offered ${seconds(offeredMs)} s after they were chosen`);
  console.log(
    `accepted to verified ${seconds(manyMs)} s, to saved as one archive ${seconds(savedMs)} s; as one file ${seconds(oneMs)} s`,
  );
  const each = thousands((await receiver.tab.evaluate(() => window.counted, undefined))!, 1);
  console.log(`each thousand, in s: ${each.map((ms) => (ms / 1_000).toFixed(2)).join(' ')}`);
  for (const side of ['sender', 'receiver'] as const) {
    const times = clicks[side].map(([, ms]) => ms).sort((a, b) => a - b);
    const ratios = quarters(clicks[side]).map((ms) => ms / idle[side]);
    console.log(
      `${side}: click idle ${idle[side].toFixed(0)} ms, meanwhile median ${median(times).toFixed(0)} ms, ` +
        `nine in ten ${times[Math.floor(times.length * 0.9)]!.toFixed(0)} ms, longest ${times.at(-1)!.toFixed(0)} ms ` +
        `of ${times.length}; ratio of the medians ${(median(times) / idle[side]).toFixed(1)}, each quarter ${ratios.map((ratio) => ratio.toFixed(1)).join(' ')}`,
    );
    for (const [quarter, ratio] of ratios.entries())
      expect.soft(ratio, `clicks at the ${side}, quarter ${quarter + 1}`).toBeLessThan(3);
  }
  expect.soft(each.at(-1)!, 'the last thousand').toBeLessThanOrEqual(each[0]!);
  expect.soft(savedMs, 'accepted to saved').toBeLessThan(3 * oneMs + 30_000);
  expect(listed).toMatch(new RegExp(`\\b${FILES + 1} files`));
  for (const side of Object.values(sides))
    expect(await side.tab.see('[data-testid="transfer-list"][data-failed="0"]')).toHaveLength(1);
}

test('very many small files, a folder, in Chromium', async ({ server, openPerson, files }) => {
  const openOn = async (core: number) => openPerson({ command: await onOwnCore(findChromium(), core, files.path) });
  const people = { sender: await openOn(0), receiver: await openOn(1) };
  const { sender, receiver } = people;
  const sides = ['sender', 'receiver'] as const;
  const probes = { sender: await WorkProbe.watch(sender.tab), receiver: await WorkProbe.watch(receiver.tab) };
  await meet(sender, receiver, server.url);
  for (const side of sides) await probes[side].watchWorker();
  for (let i = 0; i < FILES; i++) await files.random(`many/${i % 100}/${i}.bin`, BYTES);

  const before: Partial<Record<(typeof sides)[number], Work>> = {};
  let profiles: ((name: string) => Promise<void>)[] = [];
  await sendMany(people, {
    one: await files.random('one.bin', FILES * BYTES),
    choose: () => sender.chooseFolder(join(files.path, 'many')),
    onBegin: async () => {
      for (const side of sides) before[side] = await probes[side].read();
      profiles = await Promise.all(sides.map((side) => profileOf(people[side])));
    },
  });
  for (const [index, side] of sides.entries()) {
    await profiles[index]!(`${side}-${FILES}`);
    const work = since(before[side]!, await probes[side].read());
    console.log(
      `${side}: long tasks ${work.longTasks}, longest ${work.longestTaskMs.toFixed(0)} ms; flushes ${work.flushes}`,
    );
    console.log(`  requests: ${list(work.requests)}`);
    console.log(`  messages: ${list(work.messages)}`);
  }
});

test('very many small files in Firefox', async ({ server, openFirefox, files }) => {
  const openOn = async (core: number) =>
    (await openFirefox({ command: await onOwnCore(findFirefox(), core, files.path) })) as Side;
  const people = { sender: await openOn(0), receiver: await openOn(1) };
  await meet(people.sender, people.receiver, server.url);
  const paths: string[] = [];
  for (let i = 0; i < FILES; i++) paths.push(await files.random(`many/${i}.bin`, BYTES));
  await sendMany(people, {
    one: await files.random('one.bin', FILES * BYTES),
    choose: () => people.sender.chooseFiles(...paths),
  });
});
