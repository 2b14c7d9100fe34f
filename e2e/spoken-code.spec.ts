import { createSecret } from '@tincan/shared/secret';
import { WebSocket } from 'ws';
import { root } from '../scripts/run.mjs';
import { startServer as startServerHere } from '../signaling-server/test/support.ts';
import { SignalingClient } from '../engine/src/signaling/signaling-client.ts';
import { enterSlot, openSlot } from '../engine/src/signaling/slot.ts';
import { handOverSecret, receiveSecret } from '../engine/src/verify/pairing.ts';
import { createPassword } from '../engine/src/verify/spoken-code.ts';
import { expect, test, type Person } from './support/test.ts';
import { id } from './support/tincan-page.ts';

/** The code that a person's page shows. */
async function codeOf(person: Person, before?: string): Promise<string> {
  const isCode = (text = '') => /^\d{3} \d{3} \d{3}$/.test(text) && text !== before;
  const [shown] = await person.waitFor('share-code', ([code]) => isCode(code?.text));
  return shown!.text;
}

async function type(person: Person, code: string): Promise<void> {
  await person.tab.fill(id('code-input'), code);
  await person.tab.click(id('code-join'));
}

/** What the page says aloud, which has to be one sentence or a few. */
async function alertOf(person: Person, containing: RegExp): Promise<string> {
  const alert = person.tab.page.getByRole('alert').filter({ hasText: containing });
  await alert.waitFor();
  return (await alert.textContent())!.trim();
}

/** The same slot, and another password. */
const spoiled = (code: string) =>
  code.slice(0, 4) + code.slice(4).replace(/\d/g, (digit) => String((Number(digit) + 1) % 10));

test('a code that is read out leads to the room, once', async ({ server, openPerson }) => {
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openPerson()];
  const link = await alice.startRoom(server.url);
  const code = await codeOf(alice);
  await bob.tab.open(server.url);
  await type(bob, code.replaceAll(' ', '-'));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  expect(bob.tab.page.url()).toBe(link);
  const words = await Promise.all([alice, bob].map((person) => person.tab.see(id('safety-words'))));
  expect(words[0]![0]!.text).toBe(words[1]![0]!.text);

  await carol.tab.open(server.url);
  await type(carol, code);
  await alertOf(carol, /used before/);
  expect([...alice.tab.problems, ...bob.tab.problems]).toEqual([]);
});

test('each way in which a code fails has its own sentence, on both sides', async ({ server, openPerson }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await alice.startRoom(server.url);
  await bob.tab.open(server.url);
  const sentences: string[] = [];

  await type(bob, 'one two three');
  sentences.push(await alertOf(bob, /nothing but digits/));
  await type(bob, '12 34');
  sentences.push(await alertOf(bob, /Digits are missing/));
  await type(bob, '1'.repeat(16));
  sentences.push(await alertOf(bob, /too many digits/));

  const first = await codeOf(alice);
  const elsewhere = String((Number(first.slice(0, 3)) + 1) % 1_000).padStart(3, '0');
  await type(bob, elsewhere + first.slice(3));
  sentences.push(await alertOf(bob, /no such code/));

  await type(bob, spoiled(first));
  sentences.push(await alertOf(bob, /was wrong/));
  sentences.push(await alertOf(alice, /got it wrong/));
  expect(await alice.tab.see(id('share-code'))).toEqual([]); // no second guess without the owner's doing
  await type(bob, first);
  sentences.push(await alertOf(bob, /used before/));

  await alice.tab.page.getByRole('button', { name: 'Fresh code' }).click();
  const second = await codeOf(alice, first);
  await alice.tab.page.goto('about:blank');
  await type(bob, second);
  sentences.push(await alertOf(bob, /closed their page/));
  expect(new Set(sentences).size).toBe(sentences.length);
});

test('a code that has run out says so on both pages', async ({ openPerson }) => {
  const tincan = await startServerHere({ webRoot: `${root}/web/dist`, iceServers: [] }, { slotLifetimeMs: 5_000 });
  try {
    const [alice, bob] = [await openPerson(), await openPerson()];
    const url = tincan.url.replace('127.0.0.1', 'localhost');
    await bob.tab.open(url);
    await alice.startRoom(url);
    const code = await codeOf(alice);
    await alice.tab.page.getByText('The code has run out').waitFor();
    await type(bob, code);
    await alertOf(bob, /has run out/);
    await alice.tab.page.getByRole('button', { name: 'Fresh code' }).click();
    await codeOf(alice, code);
  } finally {
    await tincan.stop();
  }
});

test('[CODE-2] 200 wrong guesses over fresh slots of a real server: none gets a key or the secret', async ({
  startServer,
}) => {
  const server = await startServer({ SLOTS_PER_ADDRESS: '1000' });
  const url = `ws://localhost:${server.port}/signal`;
  const createSocket = (address: string) => new WebSocket(address, 'tincan.v1') as unknown as globalThis.WebSocket;
  const secret = createSecret();
  const owner = new SignalingClient({
    url,
    room: 'r'.repeat(43),
    environment: { createSocket, isVisible: () => true, onWakeUp: () => () => {} },
  });
  const online = new Promise((resolve) => owner.on('welcome', resolve));
  owner.open();
  await online;

  /** One run from the opening of a slot to its end: what each side ends with. */
  const run = async (guess: (password: string) => string) => {
    const slot = await openSlot(owner);
    const password = createPassword();
    const code = { slot: slot.number, password };
    const handing = slot
      .entered()
      .then(() => handOverSecret(slot.channel, { ...code, secret }))
      .then(() => 'handed over', toCode)
      .then((end) => {
        slot.channel.close(end === 'handed over' ? 'done' : 'wrong-code');
        return end;
      });
    const channel = await enterSlot({ url, slot: slot.number, createSocket });
    const got = await receiveSecret(channel, { ...code, password: guess(password) }).catch(toCode);
    channel.close('cancelled');
    return { handed: await handing, got };
  };
  const toCode = (error: unknown) => (error as { code: string }).code;

  for (let count = 1; count <= 200; count++) {
    const wrong = (password: string): string => {
      const guess = createPassword();
      return guess === password ? wrong(password) : guess;
    };
    expect(await run(wrong)).toEqual({ handed: 'wrong-code', got: 'wrong-code' });
  }
  expect(await run((password) => password)).toEqual({ handed: 'handed over', got: secret });
  owner.close();
});
