// What is received is looked at: sounds and films while they arrive, pictures and texts once they are here.
import { cp, open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../scripts/run.mjs';
import type { Files } from './support/files.ts';
import { expect, test } from './support/test.ts';
import type { TincanPage } from './support/tincan-page.ts';
import { until } from './support/until.ts';

const MIB = 1_048_576;
/** Large enough that no machine has all of it before a test has looked. */
const LARGE_BYTES = 1_536 * MIB;
const FILM = join(root, 'e2e/fixtures/index-last.mp4');

/** Silence of this many bytes, as a WAV file that takes no room on the disk. */
async function silence(files: Files, name: string, bytes: number): Promise<string> {
  const path = join(files.path, name);
  const [rate, bytesPerFrame] = [48_000, 4];
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(bytes - 8, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * bytesPerFrame, 28);
  header.writeUInt16LE(bytesPerFrame, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes - header.length, 40);
  await writeFile(path, header);
  await truncate(path, bytes);
  return path;
}

/** A short film whose index is its end, and lies far behind its pictures: between them is a box that players skip, and that takes no room on the disk. */
async function filmWithIndexFarOff(files: Files, name: string, bytes: number): Promise<string> {
  const path = join(files.path, name);
  await cp(FILM, path);
  const file = await open(path, 'r+');
  try {
    const film = await file.readFile();
    let at = 0;
    while (film.toString('latin1', at + 4, at + 8) !== 'moov') at += film.readUInt32BE(at);
    const index = film.subarray(at);
    const skipped = Buffer.alloc(16);
    skipped.writeUInt32BE(1, 0); // its length comes after its name
    skipped.write('free', 4);
    skipped.writeBigUInt64BE(BigInt(bytes - film.length), 8);
    await file.write(skipped, 0, skipped.length, at);
    await file.write(index, 0, index.length, at + bytes - film.length);
  } finally {
    await file.close();
  }
  return path;
}

interface Played {
  at: number;
  seconds: number;
}

/** How far the player is, and how long what it plays. */
async function played(person: TincanPage): Promise<Played | undefined> {
  return person.tab.evaluate(() => {
    const frame = document.querySelector<HTMLIFrameElement>('[data-testid="viewer"] iframe');
    const media = frame?.contentDocument?.querySelector<HTMLMediaElement>('video, audio');
    return media ? { at: media.currentTime, seconds: media.duration } : undefined;
  }, undefined);
}

async function jump(person: TincanPage, to: number): Promise<void> {
  await person.tab.evaluate((seconds) => {
    const frame = document.querySelector<HTMLIFrameElement>('[data-testid="viewer"] iframe');
    frame!.contentDocument!.querySelector<HTMLMediaElement>('video, audio')!.currentTime = seconds;
  }, to);
}

/** Waits until it has played on from there. */
async function plays(person: TincanPage, from: number): Promise<Played> {
  const found = await until(
    `it plays beyond ${from} s`,
    () => played(person),
    (now) => now !== undefined && now.at > from + 0.3,
    30_000,
  );
  return found!;
}

test('a sound plays while it arrives, from its beginning and from its middle, while the server is dead', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await bob.join(await alice.startRoom(server.url));
  await bob.waitForPeers(1);
  await server.kill();
  await alice.chooseFiles(await silence(files, 'sound.wav', LARGE_BYTES));
  await bob.tab.click('[data-testid="incoming-offer"] [data-testid="watch"]');
  const { seconds } = await plays(bob, 0);
  expect(Math.round(seconds)).toBe(Math.round((LARGE_BYTES - 44) / 192_000));
  await jump(bob, seconds / 2);
  await plays(bob, seconds / 2);
  const [transfer] = await bob.transfers({ name: 'sound.wav' });
  expect([transfer?.state, transfer!.bytes < LARGE_BYTES / 3]).toEqual(['active', true]);
  await bob.tab.click('[data-testid="viewer-close"]');
  await bob.waitFor('viewer', (seen) => seen.length === 0);
});

for (const browser of ['Chromium', 'Firefox'] as const) {
  test(`a film whose index comes last plays while it arrives, ${browser}`, async ({
    server,
    openPerson,
    openFirefox,
    files,
  }) => {
    const [alice, bob] = [await openPerson(), browser === 'Chromium' ? await openPerson() : await openFirefox()];
    await bob.join(await alice.startRoom(server.url));
    await bob.waitForPeers(1);
    await alice.chooseFiles(await filmWithIndexFarOff(files, 'film.mp4', LARGE_BYTES));
    await bob.accept();
    await bob.tab.click('[data-testid="transfer"] [data-testid="play"]');
    const { seconds } = await plays(bob, 0);
    expect(Math.round(seconds)).toBe(3);
    const [transfer] = await bob.transfers({ name: 'film.mp4' });
    expect([transfer?.state, transfer!.bytes < LARGE_BYTES / 3]).toEqual(['active', true]);
    // Of what its player does not want any more, Firefox says so, whatever the worker answers.
    expect(bob.tab.problems.filter((problem) => !problem.includes('Failed to load ‘’'))).toEqual([]);
  });
}

test('pictures and texts are looked at once they are here; what could run does not, and PDF and HTML are not shown', async ({
  server,
  openPerson,
  openFirefox,
  files,
}) => {
  const TEXT = `<b>not bold</b> ${'zwölf Boxkämpfer '.repeat(20_000)}`;
  const PICTURE =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><script>top.ran = true; document.title = "ran"</script><rect width="40" height="20" fill="red"/></svg>';
  const contents = { 'a.svg': PICTURE, 'b.txt': TEXT, 'c.html': '<p>a page</p>', 'd.pdf': '%PDF-1.4' };
  for (const [name, text] of Object.entries(contents)) await writeFile(join(files.path, name), text);
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openFirefox()];
  const link = await alice.startRoom(server.url);
  for (const receiver of [bob, carol]) {
    await receiver.join(link);
    await receiver.waitForPeers(receiver === bob ? 1 : 2);
  }
  await alice.chooseFiles(...Object.keys(contents).map((name) => join(files.path, name)));
  for (const receiver of [bob, carol]) {
    await receiver.accept();
    await receiver.waitForTransfers({}, 'done', 4);
    const looked = (name: string) => `[data-testid="transfer"][data-name="${name}"] [data-testid="play"]`;
    for (const name of ['c.html', 'd.pdf']) expect(await receiver.tab.see(looked(name))).toEqual([]);

    await receiver.tab.click(looked('b.txt'));
    const [shown] = await receiver.waitFor('viewer', ([seen]) => seen?.data['state'] === 'text');
    expect([shown!.text.startsWith('<b>not bold</b> zwölf'), shown!.text.includes('Only the first')]).toEqual([
      true,
      true,
    ]);
    await receiver.tab.click('[data-testid="viewer-close"]');

    await receiver.tab.click(looked('a.svg'));
    const picture = await until(
      'the picture',
      () =>
        receiver.tab.evaluate(() => {
          const frame = document.querySelector<HTMLIFrameElement>('[data-testid="viewer"] iframe');
          const image = frame?.contentDocument?.querySelector('img');
          return image?.complete ? { width: image.naturalWidth, address: image.src } : undefined;
        }, undefined),
      (found) => found !== undefined,
    );
    expect(picture?.width).toBe(40);
    expect(await receiver.tab.evaluate(() => 'ran' in globalThis, undefined)).toBe(false);
    expect(receiver.tab.problems).toEqual([]);
    if (receiver !== bob) continue;

    // In a tab of its own it is a document: nothing of it runs there either, nor is it of this origin.
    const tab = await bob.tab.page.context().newPage();
    const response = await tab.goto(picture!.address);
    expect(response!.headers()).toMatchObject({ 'content-type': 'image/svg+xml', 'x-content-type-options': 'nosniff' });
    expect(await tab.locator('rect').count()).toBe(1);
    expect(await tab.title()).not.toBe('ran');
    await bob.tab.click('[data-testid="viewer-close"]');
    await expect(tab.goto(picture!.address)).rejects.toThrow('ERR_HTTP_RESPONSE_CODE_FAILURE'); // 404
  }
});
