import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeIntroduction, parseIntroduction, type Introduction } from './introduction.ts';

const offer: Introduction = { kind: 'link', epoch: 1, signal: { type: 'offer', sdp: 'v=0' } };

test('introductions are read as they were written', () => {
  for (const introduction of [{ kind: 'hello', needsLink: true }, offer] satisfies Introduction[])
    expect(parseIntroduction(encodeIntroduction(introduction), false)).toEqual({ ok: true, value: introduction });
  expect(parseIntroduction('{"kind":"presence","future":1}', true)).toEqual({ ok: true, value: { kind: 'presence' } });
});

test('[INTRO-4] a presence for one, or anything else for everyone, does not fit', () => {
  expect(parseIntroduction('{"kind":"presence"}', false)).toMatchObject({ ok: false, error: { code: 'malformed' } });
  expect(parseIntroduction(encodeIntroduction(offer), true)).toMatchObject({ ok: false, error: { code: 'malformed' } });
});

test.each([
  { ...offer, epoch: 0 },
  { ...offer, epoch: 1.5 },
  { ...offer, signal: { type: 'offer', sdp: 'x'.repeat(40_000) } },
  { ...offer, signal: null },
  { kind: 'hello' },
  { kind: '__proto__' },
  {},
])('[INTRO-4] %j does not fit', (introduction) => {
  expect(parseIntroduction(JSON.stringify(introduction), false)).toMatchObject({ error: { code: 'malformed' } });
});

test.each(['lane', 'lane-signal', 'call', undefined])(
  '[BIND-3] a description of another connection (%s) is told apart: it belongs on the link',
  (kind) => {
    const text = JSON.stringify({ kind, lane: 0, epoch: 1, signal: offer.signal });
    expect(parseIntroduction(text, false)).toMatchObject({ error: { code: 'not-over-link' } });
  },
);

test('[INTRO-4] nothing that is said throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.boolean(), (text, toEveryone) => {
      expect(parseIntroduction(text, toEveryone).ok).toBe(false);
    }),
  );
});
