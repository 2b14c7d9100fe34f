import { BLOCK_BYTES } from '@tincan/shared/limits';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockBytes, blockCount, BlockSet, toRanges } from './blocks.ts';

describe('blocks of a file', () => {
  it.each([
    [0, 0],
    [1, 1],
    [BLOCK_BYTES, 1],
    [BLOCK_BYTES + 1, 2],
  ])('%d bytes are %d blocks', (size, count) => expect(blockCount(size)).toBe(count));

  it('the last one is short', () => expect(blockBytes(BLOCK_BYTES + 5, 1)).toBe(5));
});

describe('BlockSet', () => {
  it('knows what is in it, whatever the order', () => {
    const size = 20 * BLOCK_BYTES - 3;
    const order = fc.shuffledSubarray([...Array(20).keys()], { minLength: 20 });
    fc.assert(
      fc.property(order, fc.nat(20), (blocks, taken) => {
        const set = new BlockSet(size);
        for (const block of blocks.slice(0, taken)) set.add(block);
        for (const block of blocks) expect(set.has(block)).toBe(blocks.indexOf(block) < taken);
        const bytes = blocks.slice(0, taken).reduce((sum, block) => sum + blockBytes(size, block), 0);
        expect(set.bytes).toBe(bytes);
        expect(set.complete).toBe(taken === 20);
      }),
      { seed: 7 },
    );
  });

  it('takes no memory for a size that is only declared', () => {
    const set = new BlockSet(Number.MAX_SAFE_INTEGER);
    set.add(3);
    expect(set.has(3)).toBe(true);
    expect(set.complete).toBe(false);
  });
});

it('toRanges joins neighbours', () => {
  expect([...toRanges([0, 1, 2, 5, 7, 8])]).toEqual([
    [0, 3],
    [5, 1],
    [7, 2],
  ]);
});
