import { MAX_CHAT_CHARS, MAX_WAITING_TEXTS } from '@tincan/shared/limits';
import { describe, expect, test } from 'vitest';
import { nameOfFingerprint } from '../rtc/testing/linked-connections.ts';
import type { FakePage } from '../rtc/testing/fake-room.ts';
import { network, pageOf, pair, pass, room } from '../rtc/testing/in-a-room.ts';
import { Texts, type SentText } from './texts.ts';

/** A page with texts: what it heard, and what it knows of its own. */
class Writer {
  readonly heard: string[] = [];
  readonly own = new Map<string, SentText>();
  readonly page: FakePage;
  readonly texts: Texts;

  constructor(page: FakePage) {
    this.page = page;
    this.texts = new Texts(page.mesh);
    this.texts.on('heard', ({ from, text }) => this.heard.push(`${from.replace(/_+$/, '')}: ${text}`));
    this.texts.on('progress', (sent) => this.own.set(sent.id, sent));
  }

  say(text: string): string {
    const said = this.texts.say(text);
    if (!said.ok) return said.error.why;
    if (!this.own.has(said.value.id)) this.own.set(said.value.id, said.value);
    return 'said';
  }

  /** Of each own text: how many wait for it, how many have missed it. */
  get state(): string[] {
    return [...this.own.values()].map(({ waitsFor, missedBy }) => `${waitsFor.length} wait, ${missedBy.length} missed`);
  }
}

async function writers(): Promise<{ alice: Writer; bob: Writer }> {
  const { alice, bob } = await pair();
  return { alice: new Writer(alice), bob: new Writer(bob) };
}

describe('[TEXT-1] a text', () => {
  test('waits until the other side says that it has come', async () => {
    const { alice, bob } = await writers();
    expect(alice.say('hello')).toBe('said');
    expect(alice.state).toEqual(['1 wait, 0 missed']);
    await pass(100);
    expect(bob.heard).toEqual(['alice: hello']);
    expect(alice.state).toEqual(['0 wait, 0 missed']);
  });

  test('goes to everyone who is here, and to one who is still connecting as soon as that is done', async () => {
    const { alice, bob } = await writers();
    network.blocked = true;
    const carol = new Writer(pageOf('carol').enter());
    await pass(100);
    alice.say('to both');
    await pass(1_000);
    expect([bob.heard, carol.heard, alice.state]).toEqual([['alice: to both'], [], ['1 wait, 0 missed']]);
    network.blocked = false;
    await pass(60_000);
    expect([carol.heard, alice.state]).toEqual([['alice: to both'], ['0 wait, 0 missed']]);
  });

  test('is not taken where nobody is', async () => {
    const alone = new Writer(pageOf('alone').enter());
    await pass(100);
    expect(alone.say('anybody?')).toBe('nobody');
  });

  test('is not taken where it is too long, and as long as it may be arrives whole', async () => {
    const { alice, bob } = await writers();
    expect(alice.say('x'.repeat(MAX_CHAT_CHARS + 1))).toBe('too-long');
    expect(alice.say('x'.repeat(MAX_CHAT_CHARS))).toBe('said');
    await pass(100);
    expect(bob.heard).toEqual([`alice: ${'x'.repeat(MAX_CHAT_CHARS)}`]);
  });
});

describe('[TEXT-2] a text is said again', () => {
  test.each([1_000, 6_000, 10_000])(
    'when nothing gets through for 14 s, and it was written after %d ms of them',
    async (ms) => {
      const { alice, bob } = await writers();
      network.silent = true;
      await pass(ms);
      alice.say('one');
      alice.say('two');
      await pass(14_000 - ms);
      expect(alice.state).toEqual(['1 wait, 0 missed', '1 wait, 0 missed']);
      network.silent = false;
      await pass(60_000);
      expect(bob.heard).toEqual(['alice: one', 'alice: two']);
      expect(alice.state).toEqual(['0 wait, 0 missed', '0 wait, 0 missed']);
    },
  );

  test('and shown once, where only its receipt was lost', async () => {
    const { alice, bob } = await writers();
    let cuts = 0;
    bob.page.mesh.peer(alice.page.session)!.link.on('message', () => {
      if (cuts++ === 0) network.cut(); // before the receipt has arrived
    });
    alice.say('once');
    await pass(10);
    expect([bob.heard, alice.state]).toEqual([['alice: once'], ['1 wait, 0 missed']]);
    await pass(60_000);
    expect([bob.heard, alice.state]).toEqual([['alice: once'], ['0 wait, 0 missed']]);
  });

  test('to a session that was forgotten meanwhile, and has come back', async () => {
    const { alice, bob } = await writers();
    room.kill();
    network.cut();
    alice.say('for later');
    room.running = true;
    alice.page.enter();
    await pass(60_000);
    expect(alice.page.view).toBe('');
    expect([alice.state, alice.say('nobody to see')]).toEqual([['1 wait, 0 missed'], 'nobody']);
    bob.page.enter();
    await pass(60_000);
    expect([bob.heard, alice.state]).toEqual([['alice: for later'], ['0 wait, 0 missed']]);
  });

  test('never to one who has said that it will not come back: it has missed it', async () => {
    const { alice, bob } = await writers();
    network.silent = true;
    alice.say('too late');
    await pass(1_000);
    expect(alice.state).toEqual(['1 wait, 0 missed']);
    network.silent = false;
    bob.page.mesh.close();
    await pass(1_000);
    expect(alice.state).toEqual(['0 wait, 1 missed']);
    expect(alice.texts.say('more')).toEqual({ ok: false, error: { why: 'nobody' } });
  });
});

test('[TEXT-2] a hundred texts wait for one peer, and no more are taken before some have come', async () => {
  const { alice, bob } = await writers();
  network.cut();
  const all = Array.from({ length: MAX_WAITING_TEXTS }, (_, index) => `${index}`);
  for (const text of all) expect(alice.say(text)).toBe('said');
  expect(alice.texts.say('one more')).toEqual({
    ok: false,
    error: { why: 'full', waitsFor: [bob.page.session] },
  });
  await pass(60_000);
  expect(bob.heard).toEqual(all.map((text) => `alice: ${text}`));
  expect(alice.say('one more')).toBe('said');
  await pass(100);
  expect(bob.heard.at(-1)).toBe('alice: one more');
});

test('[TEXT-3] a page that gives no receipts has a text once it was sent on a link that is up', async () => {
  const [alice, bob] = [pageOf('alice').enter(), pageOf('bob', { features: [], sessionOf: nameOfFingerprint }).enter()];
  await pass(100);
  const writer = new Writer(alice);
  writer.say('hello');
  expect(writer.state).toEqual(['0 wait, 0 missed']);
  network.cut();
  writer.say('later');
  expect(writer.state).toEqual(['0 wait, 0 missed', '1 wait, 0 missed']);
  const heard: string[] = [];
  bob.mesh.peer(alice.session)!.link.on('message', (message) => message.type === 'chat' && heard.push(message.text));
  await pass(60_000);
  expect([heard, writer.state]).toEqual([['later'], ['0 wait, 0 missed', '0 wait, 0 missed']]);
});
