import { describe, expect, test } from 'vitest';
import { CLOSE, shouldRetry } from './codes.ts';
import { parseClientMessage, parseIceServers, parseNoticeRequest, parseServerMessage } from './signaling.ts';

const ROOM = 'r'.repeat(43);
const PEER = '3f0e4b5c-1f7a-4f4e-9d53-0a4c2c2f8c11';

describe('client messages', () => {
  test.each([
    { type: 'join', room: ROOM },
    { type: 'join', room: ROOM, resume: 'token', ref: 'r' },
    { type: 'signal', to: PEER, payload: 'A-_9' },
    { type: 'announce', payload: 'x'.repeat(49_152) },
    { type: 'leave' },
    { type: 'ping' },
    { type: 'slot-open' },
    { type: 'slot-enter', slot: '042' },
    { type: 'slot-enter', slot: '123456789', ref: 'r' },
    { type: 'slot-message', payload: 'x'.repeat(512) },
    { type: 'slot-closed', reason: 'wrong-code' },
  ])('$type is read as it stands', (message) => {
    expect(parseClientMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });

  test('[SIG-MSG-3] unknown fields are dropped', () => {
    expect(parseClientMessage('{"type":"ping","future":1}')).toEqual({ ok: true, value: { type: 'ping' } });
  });

  test.each(['', 'null', '[]', '1', 'true', '"x"', '{'])('[SIG-MSG-1] %s is malformed', (text) => {
    expect(parseClientMessage(text)).toMatchObject({ ok: false, error: { code: 'malformed' } });
  });

  test.each(['future', '__proto__', 'constructor'])('[SIG-MSG-4] type %s is unknown', (type) => {
    expect(parseClientMessage(JSON.stringify({ type, ref: 'r' }))).toMatchObject({
      ok: false,
      error: { code: 'unknown-type', ref: 'r' },
    });
  });

  test.each([
    { type: 'join', room: '__proto__' },
    { type: 'join', room: `${ROOM}\n` },
    { type: 'signal', to: 'bob', payload: 'x' },
    { type: 'signal', to: PEER, payload: 'x"' },
    { type: 'signal', to: PEER, payload: 'x\n' },
    { type: 'announce', payload: 'x'.repeat(49_153) },
    { type: 'slot-enter', slot: '42' },
    { type: 'slot-enter', slot: 42 },
    { type: 'slot-enter', slot: '042\n' },
    { type: 'slot-enter', slot: '٠٤٢' },
    { type: 'slot-enter', slot: '1234567890' },
    { type: 'slot-message', payload: 'x'.repeat(513) },
    { type: 'slot-message', payload: '' },
    { type: 'slot-closed', reason: 'expired' },
    { type: 'slot-closed' },
  ])('[SIG-MSG-5] %j is invalid', (message) => {
    expect(parseClientMessage(JSON.stringify(message))).toMatchObject({
      ok: false,
      error: { code: 'invalid-message' },
    });
  });

  test('[SIG-MSG-6] a ref that is no short string is not repeated', () => {
    const parsed = parseClientMessage(JSON.stringify({ type: 'ping', ref: 'x'.repeat(33) }));
    expect(parsed).toMatchObject({ ok: false, error: { code: 'invalid-message' } });
    expect(parsed).not.toHaveProperty('error.ref');
  });
});

test('server messages of unknown type or form give a reason', () => {
  expect(parseServerMessage('{"type":"future"}').ok).toBe(false);
  expect(parseServerMessage('null').ok).toBe(false);
  expect(parseServerMessage('{"type":"pong","future":1}')).toEqual({ ok: true, value: { type: 'pong' } });
  const error = { type: 'error', code: 'from-the-future', message: 'x' };
  expect(parseServerMessage(JSON.stringify(error))).toEqual({ ok: true, value: error });
});

test('[SIG-CLOSE-1] close codes say whether to try again, unknown ones say yes', () => {
  const retried = Object.values(CLOSE).filter(({ code }) => shouldRetry(code));
  expect(retried.map(({ code }) => code)).toEqual([1001, 1008, 1011, 4003, 4004]);
  expect(shouldRetry(1006)).toBe(true);
  expect(shouldRetry(4999)).toBe(true);
});

test('an operator’s input is checked', () => {
  expect(parseIceServers([{ urls: 'stun:x' }]).ok).toBe(true);
  expect(parseIceServers({ urls: 'stun:x' }).ok).toBe(false);
  expect(parseNoticeRequest('{"text":"x"}')).toEqual({ ok: true, value: { text: 'x' } });
  expect(parseNoticeRequest(JSON.stringify({ text: 'x'.repeat(501) })).ok).toBe(false);
  expect(parseNoticeRequest('').ok).toBe(false);
});
