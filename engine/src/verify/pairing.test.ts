import { createDecipheriv, hkdfSync } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '@tincan/shared/base64url';
import { MAX_SLOT_PAYLOAD_CHARS } from '@tincan/shared/limits';
import { createSecret } from '@tincan/shared/secret';
import { describe, expect, test } from 'vitest';
import { TincanError } from '../platform/errors.ts';
import { lvCat, startCpace } from './cpace.ts';
import { handOverSecret, receiveSecret } from './pairing.ts';
import { LinkedChannels, type Attack } from './testing/linked-channels.ts';

const CODE = { slot: '042', password: '381927' };
const SECRET = createSecret();
const ascii = (text: string) => new TextEncoder().encode(text);
const bytesOf = (payload: string) => fromBase64Url(payload)!;

interface Attempt {
  owner?: Partial<typeof CODE & { secret: string }>;
  guest?: Partial<typeof CODE>;
  fromOwner?: Attack;
  fromGuest?: Attack;
}

/** A whole run: how each side's ended (`done`, a secret, or the failure's code), and what was sent. */
async function pair({ owner, guest, fromOwner, fromGuest }: Attempt = {}) {
  const channels = new LinkedChannels({ fromOwner, fromGuest });
  const ending = (run: Promise<string>) =>
    run.catch((error: unknown): string => {
      channels.end(); // as whoever fails closes the slot
      if (!(error instanceof TincanError)) throw error;
      return error.code as string;
    });
  const [ownerEnd, guestEnd] = await Promise.all([
    ending(handOverSecret(channels.owner, { ...CODE, secret: SECRET, ...owner }).then(() => 'done')),
    ending(receiveSecret(channels.guest, { ...CODE, ...guest })),
  ]);
  const [first, third] = channels.owner.sent;
  return { owner: ownerEnd, guest: guestEnd, first, second: channels.guest.sent[0], third };
}

/** Changes one message of one side. */
const change =
  (which: number, how: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): Attack =>
  (payload, index) =>
    index === which ? toBase64Url(how(bytesOf(payload))) : payload;
const only =
  (which: number, instead: string): Attack =>
  (payload, index) =>
    index === which ? instead : payload;
/** The three messages: who sends each, and which of his it is. */
const MESSAGES = [
  { number: 1, from: 'fromOwner', which: 0 },
  { number: 2, from: 'fromGuest', which: 0 },
  { number: 3, from: 'fromOwner', which: 1 },
] as const;

describe('the right code', () => {
  test.each([SECRET, 'A'.repeat(86)])('hands the secret over: %s', async (secret) => {
    const run = await pair({ owner: { secret } });
    expect([run.owner, run.guest]).toEqual(['done', secret]);
  });

  test('has the messages that are drawn, small enough for a slot', async () => {
    const { first, second, third } = await pair({ owner: { secret: 'A'.repeat(86) } });
    const messages = [first!, second!, third!];
    expect(messages.map((payload) => bytesOf(payload)[0])).toEqual([1, 1, 1]);
    expect(messages.map((payload) => bytesOf(payload).length)).toEqual([49, 97, 1 + 64 + 86 + 16]);
    expect(Math.max(...messages.map(({ length }) => length))).toBeLessThan(MAX_SLOT_PAYLOAD_CHARS);
  });

  test('is understood by a guest who is written after the drawing, with other means', async () => {
    const { owner } = new LinkedChannels();
    const run = handOverSecret(owner, { ...CODE, secret: SECRET });
    const opening = bytesOf(owner.sent[0]!);
    const sid = opening.subarray(1, 17);
    const guest = startCpace({
      role: 'responder',
      ...{ password: ascii('381927'), channelId: lvCat(ascii('tincan.v1 code'), ascii('042')), sid },
      ...{ ownData: ascii('guest'), otherData: ascii('owner') },
    });
    const result = guest.finish(opening.subarray(17))!;
    owner.arrive(toBase64Url(Uint8Array.of(1, ...guest.share, ...result.tag)));
    await run;
    const handover = bytesOf(owner.sent[1]!);
    expect(result.check(handover.subarray(1, 65))).toBe(true);
    const key = Buffer.from(hkdfSync('sha256', result.isk, sid, 'tincan.v1 code secret', 32));
    const cipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAuthTag(handover.subarray(-16));
    expect(cipher.update(handover.subarray(65, -16), undefined, 'utf8') + cipher.final('utf8')).toBe(SECRET);
  });

  test('never makes two runs alike', async () => {
    const runs = [await pair(), await pair()];
    for (const message of ['first', 'second', 'third'] as const) expect(runs[0]![message]).not.toBe(runs[1]![message]);
  });
});

describe('[CODE-2] a wrong code', () => {
  test.each([
    ['password', { password: '381928' }],
    ['slot', { slot: '043' }],
    ['border between the two', { slot: '0423', password: '81927' }],
  ])('in its %s: the owner hands nothing over', async (_, guest) => {
    const run = await pair({ guest });
    expect(run).toMatchObject({ owner: 'wrong-code', guest: 'left', third: undefined });
  });

  test('is wrong a hundred times', async () => {
    for (let guess = 0; guess < 100; guess++) {
      const run = await pair({ guest: { password: String(guess).padStart(6, '0') } });
      expect(run).toMatchObject({ owner: 'wrong-code', guest: 'left', third: undefined });
    }
  });
});

describe('an attacker between the two', () => {
  test('who guesses, and runs the protocol with each, has nothing and hands nothing over', async () => {
    const guess = { ...CODE, password: '000000' };
    const [toOwner, toGuest] = [new LinkedChannels(), new LinkedChannels()];
    const runs = await Promise.allSettled([
      handOverSecret(toOwner.owner, { ...CODE, secret: SECRET }).finally(() => toOwner.end()),
      receiveSecret(toOwner.guest, guess),
      handOverSecret(toGuest.owner, { ...guess, secret: createSecret() }).finally(() => toGuest.end()),
      receiveSecret(toGuest.guest, CODE),
    ]);
    const codes = runs.map((run) => (run.status === 'rejected' ? (run.reason as TincanError).code : run.value));
    expect(codes).toEqual(['wrong-code', 'left', 'wrong-code', 'left']);
    expect(toOwner.owner.sent).toHaveLength(1);
  });

  test('who goes on after a wrong guess, in the owner’s place, is found out by the guest', async () => {
    const { guest } = new LinkedChannels();
    const run = receiveSecret(guest, CODE);
    const sid = new Uint8Array(16);
    const options = { channelId: lvCat(ascii('tincan.v1 code'), ascii('042')), sid, password: ascii('000000') };
    const attacker = startCpace({ role: 'initiator', ownData: ascii('owner'), otherData: ascii('guest'), ...options });
    guest.arrive(toBase64Url(Uint8Array.of(1, ...sid, ...attacker.share)));
    await expect.poll(() => guest.sent).toHaveLength(1);
    const { tag } = attacker.finish(bytesOf(guest.sent[0]!).subarray(1, 33))!;
    guest.arrive(toBase64Url(Uint8Array.of(1, ...tag, ...new Uint8Array(38))));
    await expect(run).rejects.toMatchObject({ code: 'wrong-code' });
  });

  test.each(MESSAGES)('who changes any byte of message $number gets nothing through', async (message) => {
    const length = [49, 97, 1 + 64 + 22 + 16][message.number - 1]!;
    for (let at = 0; at < length; at++) {
      const flip = change(message.which, (bytes) => bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)));
      const run = await pair({ [message.from]: flip });
      expect(run.guest, `byte ${at}`).toMatch(/^(wrong-code|protocol|left)$/);
      if (message.number < 3) expect(run, `byte ${at}`).toMatchObject({ third: undefined });
      if (message.number < 3) expect(run.owner, `byte ${at}`).toMatch(/^(wrong-code|protocol|left)$/);
      if (message.number === 3) expect(run.guest).toBe(at > 0 && at <= 64 ? 'wrong-code' : 'protocol');
    }
  });

  test.each(MESSAGES)('[CODE-3] who makes message $number longer or shorter gets nothing through', async (message) => {
    const { from, which, number } = message;
    const sizes: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array)[] = [
      () => new Uint8Array(0),
      (bytes) => bytes.subarray(0, 1),
      (bytes) => bytes.subarray(0, -1),
      (bytes) => Uint8Array.of(...bytes, 0),
      (bytes) => Uint8Array.of(...bytes, ...new Uint8Array(1_000)),
    ];
    const attacks = [
      ...sizes.map((how) => change(which, how)),
      ...['', 'A', '=', 'not base64', 'A'.repeat(10_000_000)].map((text) => only(which, text)),
    ];
    for (const attack of attacks) {
      const run = await pair({ [from]: attack });
      expect([run.owner, run.guest]).toContain('protocol');
      expect(run.guest).not.toBe(SECRET);
      if (number < 3) expect(run.third).toBeUndefined();
    }
  });

  test.each(MESSAGES)('who sends message $number of an earlier run gets nothing through', async (message) => {
    const earlier = await pair();
    const old = [earlier.first, earlier.second, earlier.third][message.number - 1]!;
    const run = await pair({ [message.from]: only(message.which, old) });
    expect([run.owner, run.guest]).toContain('wrong-code');
    expect(run.guest).not.toBe(SECRET);
    if (message.number < 3) expect(run.third).toBeUndefined();
  });

  test('who replays a whole earlier side has nothing', async () => {
    const earlier = await pair();
    const asGuest = await pair({ fromGuest: only(0, earlier.second!) });
    expect(asGuest).toMatchObject({ owner: 'wrong-code', third: undefined });
    const asOwner = await pair({ fromOwner: (_, index) => [earlier.first, earlier.third][index] });
    expect(asOwner.guest).not.toBe(SECRET);
  });

  test('who sends a message back to its sender, or in the place of another, has nothing', async () => {
    let [first, second] = ['', ''];
    const noteFirst: Attack = (payload, index) => (index === 0 ? (first = payload) : payload);
    const noteSecond: Attack = (payload) => (second = payload);

    const shareBack = change(0, (bytes) => Uint8Array.of(1, ...bytesOf(first).subarray(17), ...bytes.subarray(33)));
    const sharesBack = await pair({ fromOwner: noteFirst, fromGuest: shareBack });
    expect(sharesBack).toMatchObject({ owner: 'wrong-code', third: undefined });
    const firstBack = await pair({ fromOwner: noteFirst, fromGuest: () => first });
    expect(firstBack).toMatchObject({ owner: 'protocol', third: undefined });

    const tagBack = change(1, (bytes) => Uint8Array.of(1, ...bytesOf(second).subarray(33), ...bytes.subarray(65)));
    const tagsBack = await pair({ fromGuest: noteSecond, fromOwner: tagBack });
    expect(tagsBack).toMatchObject({ owner: 'done', guest: 'wrong-code' });
    const secondBack = await pair({ fromGuest: noteSecond, fromOwner: (p, index) => (index === 1 ? second : p) });
    expect(secondBack).toMatchObject({ owner: 'done', guest: 'protocol' });
  });

  test.each([
    ['the neutral element', (share: Uint8Array) => new Uint8Array(share.length)],
    ['a second encoding of the same point', (share: Uint8Array) => share.map((b, i) => (i === 31 ? b ^ 0x80 : b))],
    [
      'a number beyond the field',
      (share: Uint8Array) => share.map((_, i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff)),
    ],
    ['no point', () => Uint8Array.of(1, ...new Uint8Array(31))],
  ])('[CODE-3] whose share is %s is refused by both', async (_, bad) => {
    const toGuest = change(0, (bytes) => Uint8Array.of(...bytes.subarray(0, 17), ...bad(bytes.subarray(17))));
    expect(await pair({ fromOwner: toGuest })).toMatchObject({ guest: 'protocol', owner: 'left', second: undefined });
    const toOwner = change(0, (bytes) => Uint8Array.of(1, ...bad(bytes.subarray(1, 33)), ...bytes.subarray(33)));
    expect(await pair({ fromGuest: toOwner })).toMatchObject({ owner: 'protocol', guest: 'left', third: undefined });
  });

  test('who cuts the connection ends both runs', async () => {
    expect(await pair({ fromOwner: () => undefined })).toMatchObject({ owner: 'left', guest: 'left' });
    expect(await pair({ fromGuest: () => undefined })).toMatchObject({ owner: 'left', third: undefined });
    expect(await pair({ fromOwner: (p, i) => (i ? undefined : p) })).toMatchObject({ owner: 'done', guest: 'left' });
  });
});

test.each(['', 'A'.repeat(21), '!'.repeat(22), `#${'A'.repeat(22)}`, 'é'.repeat(20), 'A'.repeat(25), 'A'.repeat(87)])(
  'an owner who hands over what is no secret (%j) is not believed',
  async (secret) => {
    expect(await pair({ owner: { secret } })).toMatchObject({ guest: 'protocol' });
  },
);
