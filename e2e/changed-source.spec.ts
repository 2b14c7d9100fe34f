// A file that somebody changes while it is being sent: it ends as changed, or what has arrived is what it is now; never verified as what it is not.
import { open, rm, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './support/files.ts';
import { expect, test } from './support/test.ts';
import { meet, type TincanPage } from './support/tincan-page.ts';

const MIB = 1_048_576;
/** Of which the first part is paused at: at most a sixteenth and the 16 MiB that may be under way have been read then. */
const SIZE = 24 * MIB;

async function overwrite(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.alloc(1_000, 7), 0, 1_000, at);
  } finally {
    await file.close();
  }
}

/** Browsers may compare whole seconds. */
const LATER = new Date(Date.now() + 60_000);

type End = 'verified' | 'changed' | 'gone';
interface Change {
  readonly name: string;
  readonly make: (path: string) => Promise<void>;
  readonly end: End;
}
const BEHIND: Change = { name: 'behind.bin', make: (path) => overwrite(path, 100), end: 'changed' };
/** What has arrived is what it is now. */
const BEFORE: Change = { name: 'before.bin', make: (path) => overwrite(path, SIZE - 2_000), end: 'verified' };
const CUT: Change = { name: 'cut.bin', make: (path) => truncate(path, SIZE - 1), end: 'changed' };
const GONE: Change = { name: 'gone.bin', make: (path) => rm(path), end: 'gone' };
const TOUCHED: Change = { name: 'touched.bin', make: (path) => utimes(path, new Date(), new Date()), end: 'verified' };

/** Sends it, changes it once a part has arrived, and says how it ended on both sides. */
async function sendChanged(
  { name, make }: Change,
  [alice, bob]: [TincanPage, TincanPage],
  give: (path: string) => Promise<void>,
  path: string,
): Promise<End> {
  await give(path);
  await bob.accept();
  await bob.waitForBytes({ name }, SIZE / 16);
  const row = `[data-testid=transfer][data-name="${name}"]`;
  await bob.tab.click(`${row} [data-testid=pause]`);
  await alice.waitForTransfer({ name }, 'paused'); // nothing is read now
  await make(path);
  await bob.tab.click(`${row} [data-testid=resume]`);
  const ended = (seen: { data: Record<string, string>; text: string }[]) =>
    seen.some(({ data }) => data['name'] === name && ['done', 'failed'].includes(data['state'] ?? ''));
  const [there, here] = await Promise.all([bob.waitFor('transfer', ended), alice.waitFor('transfer', ended)]);
  const [received, sent] = [there, here].map((seen) => seen.find(({ data }) => data['name'] === name)!);
  expect(received!.data['state']).toBe(sent!.data['state']);
  if (received!.data['state'] === 'done') {
    expect(received!.data['hash']).toBe(sent!.data['hash']);
    expect(await sha256((await bob.save(name)).path)).toBe(await sha256(path));
    return 'verified';
  }
  expect(received!.text).not.toContain('Verified');
  return sent!.text.includes('has changed since') ? 'changed' : 'gone';
}

test('[XFER-9] Firefox: a file that is changed while it is sent is never verified as what it is not', async ({
  server,
  openFirefox,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openFirefox(), await openPerson()];
  await meet(alice, bob, server.url);
  for (const change of [BEHIND, BEFORE, CUT, GONE, TOUCHED]) {
    const path = await files.random(change.name, SIZE);
    const end = await sendChanged(change, [alice, bob], (given) => alice.chooseFiles(given), path);
    expect(`${change.name}: ${end}`).toBe(`${change.name}: ${change.end}`);
  }
});

test('[XFER-9] Chromium, with dropped files: a file that is changed while it is sent is never verified as what it is not', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  for (const change of [BEHIND, BEFORE, CUT, GONE, TOUCHED]) {
    const path = await files.random(change.name, SIZE);
    const end = await sendChanged(change, [alice, bob], (given) => alice.tab.dropFiles([given]), path);
    expect(`${change.name}: ${end}`).toBe(`${change.name}: ${change.end}`);
  }
});

test('[XFER-9] Chromium: a file of a chosen folder that is changed before anything of it is sent ends as changed', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  for (const [folder, size] of Object.entries({ small: 100, large: 2 * MIB })) {
    const path = await files.random(`${folder}/${folder}.bin`, size);
    await alice.chooseFolder(join(files.path, folder));
    await bob.waitFor('incoming-offer', (offers) => offers.length === 1);
    await overwrite(path, 0);
    await utimes(path, LATER, LATER);
    await bob.accept();
    const sees = (seen: { data: Record<string, string>; text: string }[]) =>
      seen.some(({ data, text }) => data['name']?.endsWith(`${folder}.bin`) && text.includes('has changed since'));
    await Promise.all([alice.waitFor('transfer', sees), bob.waitFor('transfer', sees)]);
  }
});
