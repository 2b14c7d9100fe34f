import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPassword, formatCode, parseCode } from './spoken-code.ts';

const digits = (minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });
const codes = fc.record({ slot: digits(3, 9), password: digits(6) });
const between = fc.string({ unit: fc.constantFrom(...' -–—−_.,·•‧…\t\n\u00a0\u2009\u3000\u200b\u202a\ufeff．＿－') });

describe('[CODE-1] a password', () => {
  test('is six digits, with its zeros', () => {
    for (let round = 0; round < 1_000; round++) expect(createPassword()).toMatch(/^[0-9]{6}$/);
    expect(createPassword(() => 42)).toBe('000042');
    expect(createPassword(() => 3_000_007)).toBe('000007');
  });

  test('stands for equally many random numbers: the odd ones at the end are refused', () => {
    const numbers = [4_294_967_295, 4_294_000_000, 4_293_999_999, 1];
    expect(createPassword(() => numbers.shift()!)).toBe('999999');
    expect(numbers).toEqual([1]);
  });

  test('is another one each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => createPassword())).size).toBeGreaterThan(90);
  });
});

describe('a code', () => {
  test.each([
    ['042', '381927', '042 381 927'],
    ['12345', '000000', '12 345 000 000'],
  ])('of slot %s and password %s is shown as %s', (slot, password, text) => {
    expect(formatCode(slot, password)).toBe(text);
  });

  test('is read as it was shown', () => {
    fc.assert(
      fc.property(codes, (code) => {
        expect(parseCode(formatCode(code.slot, code.password))).toEqual({ ok: true, value: code });
      }),
      { seed: 7 },
    );
  });

  test('is read whatever stands between the digits, and in wide digits', () => {
    const wide = (digit: string) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0);
    fc.assert(
      fc.property(codes, fc.infiniteStream(between), fc.infiniteStream(fc.boolean()), (code, gaps, wideness) => {
        const pick = <T>(stream: Iterator<T>) => stream.next().value as T;
        const typed = [...(code.slot + code.password)].map((digit) => (pick(wideness) ? wide(digit) : digit));
        const text = typed.map((digit) => pick(gaps) + digit).join('') + pick(gaps);
        expect(parseCode(text)).toEqual({ ok: true, value: code });
      }),
      { seed: 7 },
    );
  });

  test.each([
    ['', 'too-short'],
    [' - ', 'too-short'],
    ['42 381 927', 'too-short'],
    ['1234567890123456', 'too-long'],
    ['1'.repeat(100_000), 'too-long'],
    ['042 381 92x', 'not-digits'],
    ['042/381/927', 'not-digits'],
    ['+42 381 927', 'not-digits'],
    ['٠٤٢ ٣٨١ ٩٢٧', 'not-digits'],
    ['042 381 9\ud800', 'not-digits'],
  ])('%j is %s', (text, error) => {
    expect(parseCode(text)).toEqual({ ok: false, error });
  });

  test('is either refused or fits, whatever is typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), digits(0, 20)), (text) => {
        const parsed = parseCode(text);
        if (!parsed.ok) return;
        expect(parsed.value.slot).toMatch(/^[0-9]{3,9}$/);
        expect(parsed.value.password).toMatch(/^[0-9]{6}$/);
      }),
      { seed: 7 },
    );
  });

  test('with anything else in it is no digits', () => {
    fc.assert(
      fc.property(codes, fc.constantFrom(...'azO/+*#é一'), fc.nat(15), (code, char, at) => {
        const text = formatCode(code.slot, code.password);
        expect(parseCode(text.slice(0, at) + char + text.slice(at))).toEqual({ ok: false, error: 'not-digits' });
      }),
      { seed: 7 },
    );
  });
});
