// How soon a film plays that is still arriving: after it is accepted, and after a jump to its middle. On an emulated path (Linux, as root), with the film's
// index before its pictures and behind them; ffmpeg makes it (on Debian, it is installed if it is missing).
import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, type Person } from '../e2e/support/test.ts';
import { meet } from '../e2e/support/tincan-page.ts';
import { Wan } from './support/wan.ts';

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3);
const RATE_MBIT = Number(process.env['BENCH_MBIT'] ?? 40);
const FILM_BYTES = 500 * 1_048_576;

/** Runs a program with these words, and after them these paths. */
function start(command: string, ...paths: string[]): void {
  const [program = '', ...args] = command.split(' ');
  const { status, error, stderr } = spawnSync(program, [...args, ...paths], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
}

/** A film of 500 MiB, half an hour long, with sound: some seconds of one, again and again. */
async function film(folder: string, index: 'first' | 'last'): Promise<string> {
  if (spawnSync('ffmpeg', ['-version']).status !== 0) start('apt-get install -y -q --no-install-recommends ffmpeg');
  const [clip, path] = [join(folder, 'clip.mp4'), join(folder, `${index}.mp4`)];
  const given = '-f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=330 -t 20';
  const rate = '-b:v 2300k -minrate 2300k -maxrate 2300k -bufsize 2300k -x264-params nal-hrd=cbr';
  start(`ffmpeg -v error -y ${given} -c:v libx264 -preset ultrafast ${rate} -c:a aac`, clip);
  const times = Math.ceil(FILM_BYTES / (await stat(clip)).size);
  const order = index === 'first' ? ' -movflags +faststart' : '';
  start(`ffmpeg -v error -y -stream_loop ${times - 1} -i`, clip, ...`-c copy${order}`.split(' '), path);
  return path;
}

/** In the page: accepts, and gives how long it took until the film played, in milliseconds. */
async function watch(bob: Person): Promise<number> {
  return bob.tab.evaluate(async () => {
    const start = performance.now();
    document.querySelector<HTMLButtonElement>('[data-testid="watch"]')!.click();
    const player = () =>
      document
        .querySelector<HTMLIFrameElement>('[data-testid="viewer"] iframe')
        ?.contentDocument?.querySelector('video');
    while (!((player()?.currentTime ?? 0) > 0)) await new Promise((resolve) => setTimeout(resolve, 10));
    return performance.now() - start;
  }, undefined);
}

/** In the page: jumps to the middle, and gives how long it took until it played from there, in milliseconds. */
async function jump(bob: Person): Promise<number> {
  return bob.tab.evaluate(async () => {
    const frame = document.querySelector<HTMLIFrameElement>('[data-testid="viewer"] iframe');
    const video = frame!.contentDocument!.querySelector('video')!;
    const start = performance.now();
    const to = video.duration / 2;
    video.currentTime = to;
    while (video.seeking || video.currentTime <= to) await new Promise((resolve) => setTimeout(resolve, 10));
    return performance.now() - start;
  }, undefined);
}

for (const index of ['first', 'last'] as const) {
  test(`a film plays while it arrives, index ${index}`, async ({ server, openPerson, files }) => {
    const wan = await Wan.start({ delayMs: 10, rateMbit: RATE_MBIT, queueKib: 256 });
    try {
      await wan.bring(server.port);
      const path = await film(files.path, index);
      const figures: { playedMs: number; jumpedMs: number; share: number }[] = [];
      for (let run = 0; run < RUNS; run++) {
        const open = async (side: 'a' | 'b') => openPerson({ command: await wan.chromiumCommand(side) });
        const [alice, bob] = [await open('a'), await open('b')];
        await meet(alice, bob, server.url);
        await alice.chooseFiles(path);
        await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
        const playedMs = await watch(bob);
        const jumpedMs = await jump(bob);
        const [row] = await bob.transfers();
        const share = row!.bytes / row!.size;
        figures.push({ playedMs, jumpedMs, share });
        console.log(
          `index ${index}: played after ${playedMs.toFixed(0)} ms, after a jump to the middle ${jumpedMs.toFixed(0)} ms; ${(100 * share).toFixed(1)} % had arrived`,
        );
        await Promise.all([alice.tab.close(), bob.tab.close()]);
      }
      const worst = (of: (each: (typeof figures)[number]) => number) => Math.max(...figures.map(of));
      expect(worst(({ playedMs }) => playedMs)).toBeLessThan(2_000);
      expect(worst(({ jumpedMs }) => jumpedMs)).toBeLessThan(1_000);
      expect(worst(({ share }) => share)).toBeLessThan(0.1);
    } finally {
      await wan.stop();
    }
  });
}
