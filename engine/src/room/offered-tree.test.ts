// What an offer says of a tree besides its bytes: empty folders, and when files were changed.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { expect, it } from 'vitest';
import { Source } from '../transfer/source.ts';
import { bytesOf, expectedHash, type GivenFiles } from '../transfer/testing/given-files.ts';
import { passUntil, Visitor } from './testing/visits.ts';

const FILES: GivenFiles = {
  'tree/large.bin': bytesOf(20 * BLOCK_BYTES),
  'tree/old.txt': bytesOf(10),
  'undated.txt': bytesOf(10, 2),
};
const DATES: Record<string, number | undefined> = { 'tree/large.bin': 1_764_198_000_123, 'tree/old.txt': -86_400_000 };
const EMPTY = 'tree/empty/';
const PATHS = [...Object.keys(FILES), EMPTY];

/** Two who are linked, and the offer that alice makes. */
async function offered(): Promise<{ alice: Visitor; bob: Visitor }> {
  const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
  await passUntil(
    () => [...alice.exchanges.all].some(({ linked }) => linked),
    () => alice.page.view,
  );
  const sources = PATHS.map((path) => ({
    path,
    source: new Source(new Blob(path === EMPTY ? [] : [FILES[path]!])),
    modified: DATES[path],
  }));
  alice.exchanges.offer(bob.page.session, sources);
  return { alice, bob };
}

async function expectTree(alice: Visitor, bob: Visitor): Promise<void> {
  await passUntil(
    () => [alice.sent, bob.received].every((files) => files.every(({ state }) => state === 'done')),
    () => [alice.view, bob.view],
  );
  const expected = PATHS.map((path) => [path, DATES[path], expectedHash(FILES[path] ?? new Uint8Array())]);
  expect(bob.received.map(({ path, modified, hash }) => [path, modified, hash])).toEqual(expected);
  const [kept] = await bob.store.list();
  expect(kept!.manifest.files.map(({ path, modified }) => [path, modified])).toEqual(
    PATHS.map((path) => [path, DATES[path]]),
  );
}

it('[XFER-14] [XFER-15] an empty folder and the dates of files arrive', async () => {
  const { alice, bob } = await offered();
  await expectTree(alice, bob);
  expect(alice.sent.map(({ path, modified }) => [path, modified])).toEqual(PATHS.map((path) => [path, DATES[path]]));
});

it('[XFER-14] [XFER-15] they outlive both pages, and nobody is asked to give an empty folder again', async () => {
  const { alice, bob } = await offered();
  const accepted = new Promise<void>((resolve) => {
    alice.onHeard = (what) => {
      if (what === 'frame' || what.type !== 'accept') return;
      alice.kill(); // before anything else of it is heard
      resolve();
    };
  });
  await passUntil(
    () => bob.received.some(({ state }) => state === 'active' || state === 'verifying'),
    () => [alice.view, bob.view],
  );
  await accepted;
  alice.onHeard = () => {};
  bob.kill();
  await alice.enter();
  await bob.enter();
  expect(alice.sent.map(({ path, modified, here }) => [path, modified, here])).toEqual(
    PATHS.map((path) => [path, DATES[path], path === EMPTY ? 'none' : 'file']),
  );
  await passUntil(
    () => bob.received.some(({ path, state }) => path === EMPTY && state === 'done'),
    () => [alice.view, bob.view],
  );
  expect(alice.exchanges.wanted.all.map(({ path }) => path)).toEqual(Object.keys(FILES));
  expect(alice.give({ ...FILES, [EMPTY]: bytesOf(0) })).toEqual([EMPTY]);
  await expectTree(alice, bob);
});
