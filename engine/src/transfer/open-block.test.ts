import { BLOCK_BYTES, PIECE_BYTES as PIECE, SMALL_FRAME_PAYLOAD_BYTES as HALF } from '@tincan/shared/limits';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceivingFile } from './incoming-file.ts';
import { LaneRequests } from './lane-requests.ts';
import { isFrameOf, OpenBlock } from './open-block.ts';
import { bytesOf } from './testing/given-files.ts';

const lengths = fc.oneof(
  fc.constantFrom(1, HALF - 1, HALF, HALF + 1, PIECE, PIECE + 1, PIECE + HALF, BLOCK_BYTES - 1, BLOCK_BYTES),
  fc.integer({ min: 1, max: BLOCK_BYTES }),
);

/** Every frame that a block of this length can come in: whole pieces and halves. */
function framesOf(length: number): { at: number; end: number }[] {
  const frames: { at: number; end: number }[] = [];
  for (let at = 0; at < length; at += HALF) {
    frames.push({ at, end: Math.min(at + HALF, length) });
    if (at % PIECE === 0) frames.push({ at, end: Math.min(at + PIECE, length) });
  }
  return frames;
}

describe('a frame', () => {
  it('is a whole piece or a half of one, wherever it lies, and nothing else', () => {
    fc.assert(
      fc.property(lengths, fc.nat(BLOCK_BYTES + PIECE), fc.nat(PIECE + 1), (size, offset, length) => {
        const isOne = framesOf(size).some(({ at, end }) => at === offset && end - at === length);
        expect(isFrameOf(size, offset, length)).toBe(isOne && length > 0);
      }),
    );
    for (const size of [1, HALF, PIECE + 1, BLOCK_BYTES])
      for (const { at, end } of framesOf(size)) expect(isFrameOf(size, at, end - at)).toBe(true);
  });
});

describe('an open block', () => {
  it('is put together from pieces and halves in any order, as often as they come, and counts each byte once', () => {
    const run = fc.tuple(lengths, fc.infiniteStream(fc.nat()));
    fc.assert(
      fc.property(run, ([length, picks]) => {
        const bytes = bytesOf(length);
        const open = new OpenBlock(0, length, 0);
        const frames = framesOf(length);
        const have = new Set<number>();
        for (let turn = 0; turn < 4 * frames.length; turn++) {
          const { at, end } = frames[picks.next().value % frames.length]!;
          const halves: number[] = [];
          for (let half = at; half < end; half += HALF) halves.push(half);
          expect(open.place(at, bytes.subarray(at, end))).toBe(halves.some((half) => !have.has(half)));
          for (const half of halves) have.add(half);
          expect(open.isWhole).toBe(have.size === Math.ceil(length / HALF));
          const lacking = (at: number) => !have.has(at) || (at + HALF < length && !have.has(at + HALF));
          const pieces = [...Array(open.pieces).keys()];
          expect(open.unasked()).toEqual(pieces.filter((piece) => lacking(piece * PIECE)));
        }
        for (const { at, end } of frames) open.place(at, bytes.subarray(at, end));
        expect(open.isWhole).toBe(true);
        expect(Buffer.compare(open.bytes!, bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('knows of each lane exactly what it still has to bring, through losses, late requests and frames', () => {
    const act = fc.oneof(
      fc.record({ do: fc.constant('ask' as const), piece: fc.nat(15), lane: fc.nat(2) }),
      fc.record({ do: fc.constant('place' as const), piece: fc.nat(31), lane: fc.nat(2) }),
      fc.record({ do: fc.constant('lose' as const), piece: fc.nat(15), lane: fc.nat(2) }),
    );
    fc.assert(
      fc.property(lengths, fc.array(act, { maxLength: 120 }), (length, acts) => {
        const open = new OpenBlock(0, length, 0);
        const lanes = [0, 1, 2].map((index) => new LaneRequests({ index, epoch: 1 }));
        for (const { do: what, piece, lane: index } of acts) {
          const lane = lanes[index]!;
          if (what === 'ask' && (open.unasked().includes(piece) || open.lateFor(lane).includes(piece)))
            open.ask(piece, lane);
          if (what === 'place' && piece * HALF < length)
            open.place(piece * HALF, new Uint8Array(Math.min(HALF, length - piece * HALF)));
          if (what === 'lose') open.giveBack(lane);
          for (const each of lanes) {
            const awaited = open.awaitedOn(each);
            expect(each.awaitedBytes).toBe(awaited.reduce((sum, p) => sum + Math.min(PIECE, length - p * PIECE), 0));
            expect(open.lateFor(each).filter((p) => awaited.includes(p))).toEqual([]);
            if (what === 'lose' && each === lane) expect(awaited).toEqual([]);
          }
          const asked = new Set(lanes.flatMap((each) => open.awaitedOn(each)));
          expect(open.unasked().filter((p) => asked.has(p))).toEqual([]);
        }
        open.giveUp();
        expect(lanes.map(({ awaitedBytes }) => awaitedBytes)).toEqual([0, 0, 0]);
      }),
    );
  });

  it('what comes again, or was not asked for, is late; what lies elsewhere cannot be right', () => {
    const file = new ReceivingFile({ id: 'x', path: 'x', size: BLOCK_BYTES + 5 });
    const piece = new Uint8Array(PIECE);
    expect(file.placeFrame(0, piece)).toBe('late');
    file.openNext();
    expect(file.placeFrame(0, piece)).toBe('placed');
    expect(file.placeFrame(0, piece)).toBe('late');
    expect(file.placeFrame(HALF, piece.subarray(0, HALF))).toBe('late');
    expect(file.placeFrame(BLOCK_BYTES, piece.subarray(0, 5))).toBe('late');
    file.openNext();
    expect(file.placeFrame(BLOCK_BYTES, piece.subarray(0, 5))).toBe('whole');
    expect(file.placeFrame(BLOCK_BYTES, piece.subarray(0, 5))).toBe('late');
    expect(file.placeFrame(1, piece)).toBe('misplaced');
    expect(file.placeFrame(BLOCK_BYTES, piece.subarray(0, 4))).toBe('misplaced');
    expect(file.placeFrame(2 ** 53 - 2 * PIECE, piece)).toBe('misplaced');
  });
});
