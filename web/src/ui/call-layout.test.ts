import { expect, it } from 'vitest';
import { arrange, type Box, type Size } from './call-layout.ts';

const PHONE = { width: 340, height: 560 };
const DESKTOP = { width: 1180, height: 560 };
const SIZES = [PHONE, DESKTOP, { width: 330, height: 240 }, { width: 1920, height: 1000 }];

const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `tile ${index}`);
const apart = (a: Box, b: Box) =>
  a.left + a.width <= b.left || b.left + b.width <= a.left || a.top + a.height <= b.top || b.top + b.height <= a.top;
const within = (box: Box, size: Size) =>
  box.left >= 0 && box.top >= 0 && box.left + box.width <= size.width && box.top + box.height <= size.height;

it('places every tile on the stage, with something to see of it, and none over another', () => {
  for (const size of SIZES) {
    for (let count = 1; count <= 12; count += 1) {
      for (const large of [undefined, 'tile 0']) {
        const boxes = [...arrange(size, keysOf(count), large).values()];
        const what = `${count} on ${size.width} × ${size.height}, large: ${large}`;
        expect(boxes, what).toHaveLength(count);
        for (const [index, box] of boxes.entries()) {
          expect(within(box, size) && box.width >= 44 && box.height >= 24, `${what}: ${JSON.stringify(box)}`).toBe(
            true,
          );
          const corner = large !== undefined && count === 2; // the one that stands on the other
          if (!corner) expect(boxes.slice(index + 1).every((other) => apart(box, other)), what).toBe(true); // prettier-ignore
        }
      }
    }
  }
});

it('puts the smaller of two into a corner of the larger', () => {
  const boxes = arrange(PHONE, ['ann', 'me'], 'ann');
  expect(boxes.get('ann')).toEqual({ left: 0, top: 0, ...PHONE });
  const small = boxes.get('me')!;
  expect(small.width * small.height).toBeLessThan((PHONE.width * PHONE.height) / 6);
});

it('puts the others beside a large tile where it is wide, and below where it is high', () => {
  const wide = arrange(DESKTOP, keysOf(4), 'tile 0');
  expect(wide.get('tile 1')!.left).toBeGreaterThan(wide.get('tile 0')!.width);
  const high = arrange(PHONE, keysOf(4), 'tile 0');
  expect(high.get('tile 1')!.top).toBeGreaterThan(high.get('tile 0')!.height);
});

it('gives tiles that are alike the same size, beside each other where it is wide', () => {
  const boxes = [...arrange(DESKTOP, keysOf(4), undefined).values()];
  expect(new Set(boxes.map(({ width, height }) => `${width} ${height}`)).size).toBe(1);
  const two = [...arrange(DESKTOP, keysOf(2), undefined).values()];
  expect(two[0]!.top).toBe(two[1]!.top);
});

it('puts a last row that is not full into the middle', () => {
  const size = { width: 600, height: 600 };
  const boxes = [...arrange(size, keysOf(3), undefined).values()];
  const last = boxes.at(-1)!;
  expect(boxes[0]!.left).not.toBe(last.left);
  expect(Math.abs(2 * last.left + last.width - size.width)).toBeLessThanOrEqual(1);
});

it('shows all alike where the large tile is not among them', () => {
  expect(arrange(DESKTOP, keysOf(3), 'gone')).toEqual(arrange(DESKTOP, keysOf(3), undefined));
});

it('survives a stage that has no size yet', () => {
  for (const box of arrange({ width: 0, height: 0 }, keysOf(5), undefined).values()) {
    expect(box.width >= 0 && box.height >= 0).toBe(true);
  }
});
