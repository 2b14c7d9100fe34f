import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { createSecret, RoomSecret } from './secret.ts';
import { Seal } from './seal.ts';

const session = (name: string) => name.padEnd(22, '_');
const [ALICE, BOB, CAROL] = [session('alice'), session('bob'), session('carol')];

let secret: string;
let alice: Seal;
let bob: Seal;
let carol: Seal;
beforeEach(async () => {
  secret = createSecret();
  [alice, bob, carol] = await Promise.all(
    [ALICE, BOB, CAROL].map((me) => sealOf(me)) as [Promise<Seal>, Promise<Seal>, Promise<Seal>],
  );
});
const sealOf = async (me: string, text = secret) => Seal.create(await RoomSecret.import(text), me);

test('[SEAL-3] a text for one session is opened by it alone', async () => {
  const payload = await alice.seal('for bob', BOB);
  expect(await carol.open(payload)).toEqual({ ok: false, error: 'unopenable' });
  expect(await bob.open(payload)).toEqual({ ok: true, value: { from: ALICE, toEveryone: false, text: 'for bob' } });
});

test('[SEAL-4] a text for everyone is opened by everyone in the room', async () => {
  const payload = await alice.seal('hello');
  for (const each of [bob, carol])
    expect(await each.open(payload)).toEqual({ ok: true, value: { from: ALICE, toEveryone: true, text: 'hello' } });
});

test('[SEAL-3] the payload is base64url, and tells no part of the text, of who speaks, or of the secret', async () => {
  for (const to of [BOB, undefined]) {
    const payload = await alice.seal('candidate:1 1 UDP 2122252543 192.0.2.7', to);
    expect(payload).toMatch(/^[\w-]+$/);
    const bytes = String.fromCharCode(...fromBase64Url(payload)!);
    for (const part of ['candidate', '192.0.2', 'alice', 'bob', secret])
      expect([payload.includes(part), bytes.includes(part)]).toEqual([false, false]);
  }
});

test('[SEAL-3] the same text is never sealed the same way twice', async () => {
  const payloads = await Promise.all(Array.from({ length: 50 }, () => alice.seal('hello', BOB)));
  expect(new Set(payloads).size).toBe(50);
  expect(new Set(payloads.map((payload) => payload.slice(0, 16))).size).toBe(50);
});

test('[SEAL-3] [SEAL-4] the payloads of docs/protocol/sealing.md, made by another implementation, are opened', async () => {
  const documented = await sealOf(BOB, 'AAECAwQFBgcICQoLDA0ODw');
  const [announced, said] = [
    'AAECAwQFBgcICQoLh1Y-TSDrWvMsdPbx71XPDolfzoj3Poykc8wy7FmfuNgnQs2Dmq9iWf46TWLROwFCDwEsKAxT9RTwxR9M--xEfVKe',
    'DA0ODxAREhMUFRYXmQCpIpHXN7YGThYlTJioTclRrMjjLW2P9yA3ePVGOoHrUZHEf8zVgh6WKdPBYQ6QsOj4VdYhYb9u2pQQu0FDUiokkCJW2KtBE1b37xf5tXUTehhsKAvK8qkNW2Oj4n76',
  ];
  expect(await documented.open(announced)).toEqual({
    ok: true,
    value: { from: ALICE, toEveryone: true, text: '{"kind":"presence"}' },
  });
  expect(await documented.open(said)).toEqual({
    ok: true,
    value: { from: ALICE, toEveryone: false, text: '{"kind":"hello","needsLink":true}' },
  });
});

describe('refuses', () => {
  test('[SEAL-5] what was heard before, of either kind', async () => {
    for (const payload of [await alice.seal('one', BOB), await alice.seal('two')]) {
      expect((await bob.open(payload)).ok).toBe(true);
      expect(await bob.open(payload)).toEqual({ ok: false, error: 'replayed' });
    }
  });

  test('[SEAL-5] what comes after something later, also across the kinds; counters may skip', async () => {
    const payloads = [await alice.seal('1', BOB), await alice.seal('2'), await alice.seal('3', BOB)];
    await alice.seal('lost', BOB);
    const last = await alice.seal('5', BOB);
    expect((await bob.open(payloads[2]!)).ok).toBe(true);
    for (const late of payloads.slice(0, 2)) expect(await bob.open(late)).toEqual({ ok: false, error: 'replayed' });
    expect((await bob.open(last)).ok).toBe(true);
  });

  test('[SEAL-5] all but one of many copies that are opened at the same time', async () => {
    const payload = await alice.seal('once', BOB);
    const opened = await Promise.all(Array.from({ length: 20 }, () => bob.open(payload)));
    expect(opened.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test('[SEAL-6] what comes back to who said it', async () => {
    expect(await alice.open(await alice.seal('mirror', BOB))).toEqual({ ok: false, error: 'reflected' });
    expect(await alice.open(await alice.seal('mirror'))).toEqual({ ok: false, error: 'reflected' });
  });

  test('[SEAL-3] what was sealed in another room, between sessions of the same ids', async () => {
    const elsewhere = await sealOf(ALICE, createSecret());
    for (const payload of [await elsewhere.seal('x', BOB), await elsewhere.seal('x')])
      expect(await bob.open(payload)).toEqual({ ok: false, error: 'unopenable' });
  });

  test('[SEAL-3] whatever differs from what was sealed in one bit, cut or longer, and a refusal uses up no counter', async () => {
    const payload = await alice.seal('hello', BOB);
    const bytes = fromBase64Url(payload)!;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(await bob.open(toBase64Url(changed))).toEqual({ ok: false, error: 'unopenable' });
    }
    for (let length = 0; length < bytes.length; length++)
      expect((await bob.open(toBase64Url(bytes.subarray(0, length)))).ok).toBe(false);
    expect((await bob.open(`${payload}AAAA`)).ok).toBe(false);
    expect((await bob.open(payload)).ok).toBe(true);
  });

  test('[SEAL-3] whatever anybody makes up, without throwing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.base64String(), fc.uint8Array({ maxLength: 200 }).map(toBase64Url)),
        async (made) => {
          expect(await bob.open(made)).toEqual({ ok: false, error: 'unopenable' });
        },
      ),
    );
  });

  test('[SEAL-3] a member of the room that gives itself an impossible name, kind or counter', async () => {
    const key = await (await RoomSecret.import(secret)).presenceKey();
    const envelopeOf = async (kind: number, from: string, counter: bigint) => {
      const plain = new Uint8Array(40);
      plain[0] = kind;
      plain.set(new TextEncoder().encode(from), 1);
      new DataView(plain.buffer).setBigUint64(23, counter);
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const additionalData = new TextEncoder().encode('tincan.v1');
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plain);
      return toBase64Url(new Uint8Array([...iv, ...new Uint8Array(sealed)]));
    };
    expect((await bob.open(await envelopeOf(1, ALICE, 1n))).ok).toBe(true);
    expect((await bob.open(await envelopeOf(1, 'x'.repeat(21) + ' ', 2n))).ok).toBe(false);
    expect((await bob.open(await envelopeOf(0, ALICE, 2n))).ok).toBe(false);
    expect((await bob.open(await envelopeOf(3, ALICE, 2n))).ok).toBe(false);
    expect((await bob.open(await envelopeOf(2, ALICE, 2n))).ok).toBe(false);
    expect((await bob.open(await envelopeOf(1, ALICE, 2n ** 53n))).ok).toBe(false);
    expect((await bob.open(await envelopeOf(1, ALICE, 0n))).ok).toBe(false);
  });
});

test('[SEAL-7] a room member can speak in another’s name: the seal proves membership and no more', async () => {
  const impostor = await sealOf(ALICE);
  expect(await bob.open(await impostor.seal('it is me', BOB))).toMatchObject({ ok: true, value: { from: ALICE } });
});

test('[SEAL-5] many other sessions do not make room for a replay', async () => {
  const payload = await alice.seal('once');
  await bob.open(payload);
  for (let index = 0; index < 200; index++) {
    const other = await sealOf(session(`other${index}`));
    expect((await bob.open(await other.seal('hi'))).ok).toBe(true);
  }
  expect(await bob.open(payload)).toEqual({ ok: false, error: 'replayed' });
});
