import { encode } from 'uqr';
import { expect, it } from 'vitest';
import { qrPath } from './qr-path.ts';

it('draws exactly the dark modules', () => {
  const text = 'https://example.org/#AAAAAAAAAAAAAAAAAAAAAA';
  const { path, size } = qrPath(text);
  const drawn = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    for (let module = 0; module < Number(width); module += 1) drawn[Number(y)]![Number(x) + module] = true;
  }
  expect(drawn).toEqual(encode(text, { ecc: 'M', border: 4 }).data);
});

it('keeps a quiet zone of four modules', () => {
  const { path, size } = qrPath('x');
  const rows = [...path.matchAll(/M(\d+) (\d+)h/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
  expect(Math.min(...rows.flat())).toBe(4);
  expect(Math.max(...rows.map(([, y]) => y))).toBe(size - 5);
});
