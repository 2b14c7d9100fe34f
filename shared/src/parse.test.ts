import { expect, test } from 'vitest';
import * as v from 'valibot';
import { describe, parseJsonObject } from './parse.ts';

test('only an object is an object', () => {
  expect(parseJsonObject('{"a":1}')).toEqual({ a: 1 });
  for (const text of ['', 'null', '[]', '1', '"x"', 'undefined', '{']) expect(parseJsonObject(text)).toBeUndefined();
});

test('a description names the field and not the value', () => {
  const parsed = v.safeParse(v.object({ a: v.object({ b: v.number() }) }), { a: { b: 'secret' } });
  expect(parsed.success).toBe(false);
  expect(describe(parsed.issues ?? [])).toContain('"a.b"');
  expect(describe(parsed.issues ?? [])).not.toContain('secret');
});
