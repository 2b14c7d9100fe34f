import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBase64Url } from './base64url.ts';
import { commitmentTo, SAFETY_EMOJI, safetyWords, type SafetySide } from './safety-words.ts';

const side = (name: string, fill: number, certificate = name): SafetySide => ({
  session: name.padEnd(22, '_'),
  fingerprint: `SHA-256 ${Array(32).fill(certificate.charCodeAt(0).toString(16).toUpperCase()).join(':')}`,
  nonce: new Uint8Array(32).fill(fill),
});
const [alice, bob] = [side('alice', 1), side('bob', 2)];

/** SHA-256 of parts that each stand behind their length, by another implementation. */
async function digestOf(...parts: (string | Uint8Array)[]): Promise<Uint8Array> {
  const framed = parts.flatMap((part) => {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    return [bytes.length >> 8, bytes.length & 255, ...bytes];
  });
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(framed)));
}

test('[WORDS-1] a commitment is the hash of the label, the session and the nonce', async () => {
  expect(commitmentTo(alice)).toBe(toBase64Url(await digestOf('tincan.v1 commitment', alice.session, alice.nonce)));
  expect(commitmentTo({ ...alice, session: bob.session })).not.toBe(commitmentTo(alice));
});

test('[WORDS-3] the words are the first 36 bits of the hash of both sides, the initiator first', async () => {
  const hash = await digestOf(
    ...['tincan.v1 words', alice.session, bob.session],
    ...[alice.fingerprint, bob.fingerprint, alice.nonce, bob.nonce],
  );
  const bits = [...hash.subarray(0, 5)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const expected = [0, 6, 12, 18, 24, 30].map((at) => parseInt(bits.slice(at, at + 6), 2));
  expect(safetyWords(alice, bob)).toEqual(expected);
  expect(safetyWords(bob, alice)).not.toEqual(expected);
});

test('[WORDS-1] [WORDS-3] the values of docs/protocol/sealing.md', () => {
  const [one, other] = [
    { ...alice, fingerprint: `SHA-256 ${Array(32).fill('AA').join(':')}` },
    { ...bob, fingerprint: `SHA-256 ${Array(32).fill('BB').join(':')}` },
  ];
  expect(commitmentTo(one)).toBe('WjVkbecYtrcb0zqPKPiBulkc1N-w21SbidjVXbhc4oM');
  expect(safetyWords(one, other)).toEqual([11, 62, 58, 4, 4, 56]);
});

test('[WORDS-3] another fingerprint or nonce on either side gives other words', () => {
  const words = safetyWords(alice, bob).join();
  expect(safetyWords(side('alice', 1, 'm'), bob).join()).not.toBe(words);
  expect(safetyWords(alice, side('bob', 2, 'm')).join()).not.toBe(words);
  expect(safetyWords(side('alice', 3), bob).join()).not.toBe(words);
  expect(safetyWords(alice, side('bob', 3)).join()).not.toBe(words);
});

test('[WORDS-4] 64 different pictures, and every one of them comes up', () => {
  expect(new Set(SAFETY_EMOJI).size).toBe(64);
  const seen = new Set<number>();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (nonce) => {
      const words = safetyWords({ ...alice, nonce }, bob);
      expect(words).toHaveLength(6);
      for (const word of words) seen.add(word);
      return words.every((word) => SAFETY_EMOJI[word] !== undefined);
    }),
    { numRuns: 500, seed: 1 },
  );
  expect(seen.size).toBe(64);
});
