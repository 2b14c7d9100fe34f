import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BATCH_ENTRIES, MAX_CLAIMS, MAX_RANGES } from './limits.ts';
import { isReceiverMessage, isSenderMessage, parseLinkMessage } from './link-message.ts';

const id = 'A'.repeat(22);
const digest = 'A'.repeat(43);
const entry = { id, handle: 1, path: 'a/b', size: 3 };
const offer = { type: 'offer', offer: id, key: id, keeps: true, files: 1, bytes: 3, start: 0, entries: [entry] };
const want = { type: 'want', lane: 0, epoch: 1, wants: [{ handle: 1, pieces: [[0, 1]], durable: 0 }] };

/** One of each that says something of a transfer. */
const SOUND = [
  offer,
  {
    ...offer,
    entries: [
      { ...entry, path: 'empty/', size: 0 },
      { ...entry, modified: -8.64e15 },
    ],
  },
  want,
  { type: 'claims', claims: [digest] },
  { type: 'hashes', hashes: [{ handle: 1, block: 0, hash: digest }] },
  { type: 'verified', files: [{ handle: 1, hash: '0'.repeat(64) }] },
  { type: 'hold', handles: [1], why: 'file' },
  { type: 'withdraw', handles: [1], reason: 'cancelled' },
  { type: 'accept', offer: id, keeps: false },
  { type: 'decline', offer: id },
  { type: 'durable', files: [{ handle: 1, durable: 2 ** 53 - 1 }] },
  { type: 'have', handle: 1, blocks: [[0, 1]] },
  { type: 'complete', files: [{ handle: 1, hash: '0'.repeat(64) }] },
  { type: 'pause', handles: [1], why: 'space' },
  { type: 'done', handles: [1] },
  { type: 'stop', handles: [1], reason: 'corrupt' },
];

const read = (message: unknown) => {
  const parsed = parseLinkMessage(JSON.stringify(message));
  return parsed.ok ? 'read' : parsed.error.code;
};

describe('what is read of a transfer', () => {
  it.each(SOUND)('is $type, and nothing is changed in it', (message) => {
    const parsed = parseLinkMessage(JSON.stringify(message));
    expect(parsed).toEqual({ ok: true, value: message });
    if (parsed.ok && message.type !== 'claims')
      expect(isSenderMessage(parsed.value)).toBe(!isReceiverMessage(parsed.value));
  });

  it.each<[string, unknown]>([
    ['a size of 2^53', { ...offer, entries: [{ ...entry, size: 2 ** 53 }] }],
    ['a size of 2^60', { ...offer, bytes: 2 ** 60 }],
    ['a size below nothing', { ...offer, entries: [{ ...entry, size: -1 }] }],
    ['half a byte', { ...offer, entries: [{ ...entry, size: 0.5 }] }],
    ['half a millisecond', { ...offer, entries: [{ ...entry, modified: 0.5 }] }],
    ['a date that no calendar has', { ...offer, entries: [{ ...entry, modified: 8.64e15 + 1 }] }],
    ['a date in words', { ...offer, entries: [{ ...entry, modified: '2026-01-01' }] }],
    ['a million files', { ...offer, files: 1_000_000 }],
    ['a million names in one message', { ...offer, entries: Array(1_000_000).fill(entry) }],
    ['more entries than a batch', { type: 'done', handles: Array(MAX_BATCH_ENTRIES + 1).fill(1) }],
    ['no entry', { type: 'done', handles: [] }],
    ['a handle that no frame can carry', { type: 'done', handles: [2 ** 32] }],
    ['the handle 0', { type: 'done', handles: [0] }],
    ['a piece beyond 2^53 bytes', { ...want, wants: [{ handle: 1, pieces: [[2 ** 37, 1]], durable: 0 }] }],
    ['no piece', { ...want, wants: [{ handle: 1, pieces: [[0, 0]], durable: 0 }] }],
    ['too many ranges', { ...want, wants: [{ handle: 1, pieces: Array(MAX_RANGES + 1).fill([0, 1]), durable: 0 }] }],
    ['a lane that cannot be', { ...want, lane: 64 }],
    ['a key of 131 bits', { ...offer, key: `${id.slice(1)}B` }],
    ['claims without end', { type: 'claims', claims: Array(MAX_CLAIMS + 1).fill(digest) }],
    ['half a claim', { type: 'claims', claims: [digest.slice(1)] }],
    ['a reason of its own', { type: 'stop', handles: [1], reason: 'because' }],
    ['a pause for the other side', { type: 'pause', handles: [1], why: 'file' }],
  ])('is not %s', (_, message) => {
    expect(read(message)).toBe('malformed');
  });
});

it('whatever is said: it is read, passed over or refused, and nothing throws', () => {
  const changed = fc
    .tuple(fc.constantFrom(...SOUND), fc.string(), fc.jsonValue())
    .chain(([message, key, value]) =>
      fc.constantFrom(...Object.keys(message), key).map((at) => JSON.stringify({ ...message, [at]: value })),
    );
  const any = fc.oneof(
    fc.string(),
    fc.json(),
    changed,
    fc.constant('['.repeat(60_000)),
    fc.constant('{"type":'.repeat(7_000)),
  );
  fc.assert(
    fc.property(any, (text) => {
      const parsed = parseLinkMessage(text);
      if (parsed.ok) expect(parseLinkMessage(JSON.stringify(parsed.value))).toEqual(parsed);
      else expect(['malformed', 'unknown-type']).toContain(parsed.error.code);
    }),
    { seed: 20_26, numRuns: 2_000 },
  );
});
