// Twenty faults in one transfer, whichever the seed says.
import { test, type Person } from '../../e2e/support/test.ts';
import { last, LongTransfer, MIB, SIZE } from './long-transfer.ts';

const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
/** A short transfer ends before as many. */
const FAULTS = Math.max(1, Math.min(20, Math.floor(SIZE / (32 * MIB))));
const LONGEST_CUT_S = 12;

/** Mulberry32: numbers from 0 to 1 that follow from the seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(`${FAULTS} random faults in one transfer`, async ({ server, openPerson, files }) => {
  const random = randomOf(SEED);
  const pick = <Choice>(choices: readonly Choice[]): Choice => choices[Math.floor(random() * choices.length)]!;
  const alice = await openPerson();
  let bob = await openPerson();
  const transfer = await LongTransfer.start({ alice, bob, files, url: server.url });

  const kinds: Record<string, (() => Promise<void>) | undefined> = {
    'sender reloaded': async () => {
      await transfer.reloadSender();
      await alice.waitFor('transfer', ([row]) => row?.data['state'] === 'waiting');
      await alice.chooseFiles(transfer.original);
    },
    'receiver reloaded': () => bob.tab.reload(),
    'receiver killed': async () => {
      await bob.tab.kill();
      bob = await openPerson({ profileOf: bob.tab });
      await bob.join(transfer.link);
      transfer.bob = bob;
    },
    'path cut': async () => {
      const mend = await pick([alice, bob]).tab.cutNetwork();
      await last(1_000 * (1 + random() * (LONGEST_CUT_S - 1)));
      mend();
    },
    'server killed': async () => {
      await server.kill();
      await server.restart();
    },
    'sender pauses': () => pauseAndResume(alice, bob),
    'receiver pauses': () => pauseAndResume(bob, alice),
  };

  console.log(`SOAK_SEED=${SEED}`);
  for (let count = 0; count < FAULTS; count++) {
    const kind = pick(Object.keys(kinds));
    await transfer.suffer(kind, (count + 1) / (FAULTS + 1), kinds[kind]!);
  }
  await transfer.finish('random faults', { seed: SEED });
});

async function pauseAndResume(here: Person, there: Person): Promise<void> {
  const row = '[data-testid="transfer"]';
  await here.tab.click(`${row} [data-testid="pause"]`);
  await there.waitFor('transfer', ([seen]) => seen?.data['state'] === 'paused');
  await here.tab.click(`${row} [data-testid="resume"]`);
}
