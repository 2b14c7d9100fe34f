import { BLOCK_BYTES, PIECE_BYTES as PIECE } from '@tincan/shared/limits';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceivingFile } from './incoming-file.ts';
import { LaneRequests } from './lane-requests.ts';
import { Planner, type Asked } from './planner.ts';

const WINDOW = 16 * BLOCK_BYTES;

let handles = 0;
function fileOf(size: number): ReceivingFile {
  const file = new ReceivingFile({ id: `${++handles}`, path: 'x', size });
  file.handle = handles;
  file.state = 'active';
  return file;
}

/** One that may be asked for a whole window, since it brought so much so soon. */
function lane(index: number, epoch = 1): LaneRequests {
  let now = 0;
  const requests = new LaneRequests({ index, epoch }, () => now);
  now = 100;
  requests.ask(WINDOW / 5);
  now = 200;
  requests.bring(WINDOW / 5);
  return requests;
}

function plannerWith(lanes: readonly LaneRequests[], ...files: ReceivingFile[]): Planner {
  const planner = new Planner();
  for (const each of lanes) planner.openLane(each);
  for (const file of files) planner.add(file);
  return planner;
}

/** The pieces of each file, as `place in files: pieces`. */
function piecesIn(asked: Asked | undefined): number[] {
  return [...(asked?.values() ?? [])].flat();
}

/** A piece that was asked for arrives. */
function arrive(file: ReceivingFile, piece: number) {
  const at = piece * PIECE;
  return file.placeFrame(at, new Uint8Array(Math.min(PIECE, file.size - at)));
}

/** A block that is whole is written. */
function write(planner: Planner, file: ReceivingFile, block: number): void {
  const open = file.open.get(block)!;
  file.closeWritten(open);
  planner.release(open);
}

describe('what is asked for', () => {
  it('is a window and no more, in order; and more once some of it is written', () => {
    const one = lane(0);
    const file = fileOf(64 * BLOCK_BYTES);
    const planner = plannerWith([one], file);
    expect(piecesIn(planner.take().get(one))).toEqual([...Array(256).keys()]);
    expect(piecesIn(planner.take().get(one))).toEqual([]);
    for (let piece = 0; piece < 256; piece++) arrive(file, piece);
    expect(piecesIn(planner.take().get(one))).toEqual([]);
    for (let block = 0; block < 3; block++) write(planner, file, block);
    expect(piecesIn(planner.take().get(one))).toEqual(Array.from({ length: 48 }, (_, i) => 256 + i));
  });

  it('is of no more than 256 small files at a time, and of more once a quarter of them is written', () => {
    const one = lane(0);
    const planner = plannerWith([one], ...Array.from({ length: 1_000 }, () => fileOf(10)));
    const asked = [...planner.take().get(one)!.keys()];
    expect(asked).toHaveLength(256);
    for (const file of asked) arrive(file, 0);
    for (const file of asked.slice(0, 63)) write(planner, file, 0);
    expect(planner.take().get(one)!.size).toBe(0);
    write(planner, asked[63]!, 0);
    expect(planner.take().get(one)!.size).toBe(64);
  });

  it('is shared out block by block among the lanes, and nothing is asked for on two of them', () => {
    const lanes = [lane(0), lane(1), lane(2)];
    const planner = plannerWith(lanes, fileOf(9 * BLOCK_BYTES), fileOf(30 * BLOCK_BYTES));
    const taken = planner.take();
    const shares = lanes.map((each) => piecesIn(taken.get(each)).length / 16);
    expect(shares.reduce((a, b) => a + b)).toBe(16);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    expect(planner.twiceBytes).toBe(0);
  });

  it('is not asked for on a lane that has enough to bring, and a new lane gets its share', () => {
    const [first, second] = [lane(0), lane(1)];
    const file = fileOf(64 * BLOCK_BYTES);
    const planner = plannerWith([first], file);
    planner.take();
    for (let piece = 0; piece < 64; piece++) arrive(file, piece);
    for (let block = 0; block < 4; block++) write(planner, file, block);
    planner.openLane(second);
    const taken = planner.take();
    expect(piecesIn(taken.get(first))).toEqual([]);
    expect(piecesIn(taken.get(second)).length).toBe(64);
  });

  it('begins with what a lost lane has left behind, and is never what another lane is asked for', () => {
    const lanes = [lane(0), lane(1)];
    const file = fileOf(64 * BLOCK_BYTES);
    const planner = plannerWith(lanes, file);
    const before = planner.take();
    const [kept, lost] = lanes.map((each) => piecesIn(before.get(each)));
    for (const piece of lost!.slice(0, 20)) arrive(file, piece);
    planner.closeLane(lanes[1]!);
    expect(lanes[1]!.awaitedBytes).toBe(0);
    const next = lane(1, 2);
    planner.openLane(next);
    const again = piecesIn(planner.take().get(next));
    expect(again.slice(0, lost!.length - 20)).toEqual(lost!.slice(20));
    expect(again.filter((piece) => kept!.includes(piece))).toEqual([]);
  });

  it('is what somebody waits for, and what follows it, before all else; then what was left out, and other files', async () => {
    const one = new LaneRequests({ index: 0, epoch: 1 }, () => 0);
    const [before, file] = [fileOf(40 * BLOCK_BYTES), fileOf(6 * BLOCK_BYTES)];
    const planner = plannerWith([one], before, file);
    const order: string[] = [];
    const next = () => {
      for (const [of, pieces] of planner.take().get(one) ?? [])
        for (const piece of pieces) {
          if (piece % 16 === 0) order.push(`${of === file ? 'file' : 'before'} ${piece / 16}`);
          if (arrive(of, piece) === 'whole') write(planner, of, Math.floor(piece / 16));
        }
    };
    while (order.length < 2) next();
    const waited = file.whenHere(3 * BLOCK_BYTES, new AbortController().signal);
    planner.addNow(file);
    while (!file.written.has(3)) next();
    await waited;
    const last = file.whenHere(5 * BLOCK_BYTES, new AbortController().signal);
    planner.addNow(file);
    while (!file.written.complete || !before.written.complete) next();
    await last;
    const seen = order.filter((each) => each.startsWith('file'));
    expect(seen).toEqual(['file 3', 'file 5', 'file 0', 'file 1', 'file 2', 'file 4']);
    expect(order.indexOf('file 3')).toBeLessThanOrEqual(3);
    // Nobody waits any more: the file's turn is where it was.
    expect(order.indexOf('file 0')).toBeGreaterThan(order.indexOf('before 39'));
  });

  it('is at once what somebody waits for, some pieces on each lane, though all have enough to bring and the window is full', () => {
    const lanes = [lane(0), lane(1)];
    const file = fileOf(64 * BLOCK_BYTES);
    const planner = plannerWith(lanes, file);
    planner.take();
    const wait = (offset: number) => {
      void file.whenHere(offset, new AbortController().signal).catch(() => {}); // of many, the oldest wait in vain
      planner.addNow(file);
      const taken = planner.takeNow();
      return lanes.map((each) => piecesIn(taken.get(each)));
    };
    const at = 40 * 16;
    expect(wait((at + 5) * PIECE + 7).map((pieces) => pieces.length)).toEqual([2, 2]);
    expect([...file.open.get(40)!.unasked()].slice(0, 6)).toEqual([0, 1, 2, 3, 4, 9]);
    expect(wait((at + 15) * PIECE).flat()).toEqual([at + 15]);
    // Whoever jumps about gets eight blocks more, and not all that there are.
    for (let block = 20; block < 40; block++) wait(block * BLOCK_BYTES);
    expect(file.open.size).toBe(16 + 8);
  });

  it('is of slow lanes no more than they bring soon, whatever the window: they hold up no other', () => {
    let now = 0;
    const [slow, quick] = [0, 1].map((index) => new LaneRequests({ index, epoch: 1 }, () => now));
    const file = fileOf(100 * BLOCK_BYTES);
    const planner = plannerWith([slow!, quick!], file);
    const waiting = new Map([slow!, quick!].map((each) => [each, [] as number[]]));
    const come = { slow: 0, quick: 0 };
    for (; now < 20_000; now += 20) {
      for (const [on, asked] of planner.take()) waiting.get(on)!.push(...piecesIn(asked));
      // One piece each half a second, and two each 20 ms.
      const brought = [
        now % 500 === 0 ? waiting.get(slow!)!.splice(0, 1) : [],
        waiting.get(quick!)!.splice(0, 2),
      ] as const;
      for (const piece of brought.flat()) arrive(file, piece);
      come.slow += brought[0].length;
      come.quick += brought[1].length;
      for (const open of [...file.open.values()]) if (open.isWhole) write(planner, file, open.block);
      if (now > 2_000) expect(slow!.awaitedBytes).toBeLessThanOrEqual(3 * PIECE);
    }
    expect(come.quick * PIECE).toBeGreaterThan(0.95 * (100 * BLOCK_BYTES - come.slow * PIECE));
    expect(file.written.complete).toBe(true);
  });

  it('of a lane that was opened anew stays, when the loss of the earlier one is heard late', () => {
    const file = fileOf(BLOCK_BYTES);
    const planner = plannerWith([lane(0, 1)], file);
    const next = lane(0, 2);
    planner.openLane(next);
    planner.closeLane({ index: 0, epoch: 1 });
    expect(planner.lanes).toEqual([next]);
    expect(piecesIn(planner.take().get(next)).length).toBe(16);
  });

  it('leaves out files that are paused, and goes on with them where they stood', () => {
    const one = lane(0);
    const [paused, other] = [fileOf(2 * PIECE), fileOf(PIECE)];
    paused.there = 'person';
    const planner = plannerWith([one], paused, other);
    const taken = planner.take().get(one)!;
    expect([taken.has(paused), taken.has(other)]).toEqual([false, true]);
    paused.there = 'none';
    planner.addFirst(paused);
    expect(planner.take().get(one)!.get(paused)).toEqual([0, 1]);
  });

  it('again for a stalled path: all that has not come, and the first piece where only the hash has not', () => {
    const one = lane(0);
    const file = fileOf(BLOCK_BYTES + 3 * PIECE);
    const planner = plannerWith([one], file);
    planner.take();
    for (let piece = 0; piece < 17; piece++) arrive(file, piece);
    expect(planner.isWaiting).toBe(true);
    expect(piecesIn(planner.awaited(one))).toEqual([0, 17, 18]);
    for (const piece of [17, 18]) arrive(file, piece);
    for (const open of file.open.values()) open.expected = new Uint8Array(32);
    expect(planner.isWaiting).toBe(false);
  });

  it('twice, near the end, is a hundredth of all at most', () => {
    const lanes = [lane(0), lane(1)];
    const files = [fileOf(100 * BLOCK_BYTES)];
    const planner = plannerWith(lanes, ...files);
    const file = files[0]!;
    let asked = 0;
    const late: number[] = [];
    for (let turn = 0; turn < 1_000 && !file.written.complete; turn++) {
      const taken = planner.take();
      const [quick, slow] = lanes.map((each) => piecesIn(taken.get(each)));
      asked += quick!.length + slow!.length;
      for (const piece of quick!) arrive(file, piece);
      // The slow lane brings what it has to, but for the last few pieces.
      for (const piece of slow!)
        if (piece < 1_590) arrive(file, piece);
        else late.push(piece);
      for (const open of [...file.open.values()]) if (open.isWhole) write(planner, file, open.block);
    }
    expect(late.length).toBeGreaterThan(0);
    expect(file.written.complete).toBe(true);
    expect(planner.twiceBytes).toBeGreaterThan(0);
    expect(planner.twiceBytes).toBeLessThanOrEqual(Math.max(PIECE, 0.01 * asked * PIECE));
  });

  it('twice is no more than that, however much another lane is late with, and nothing a third time', () => {
    const lanes = [lane(0), lane(1), lane(2)];
    const file = fileOf(40 * BLOCK_BYTES);
    const planner = plannerWith(lanes, file);
    const times = new Map<number, number>();
    for (let turn = 0; turn < 300; turn++) {
      for (const [on, asked] of planner.take()) {
        for (const piece of piecesIn(asked)) {
          times.set(piece, (times.get(piece) ?? 0) + 1);
          if (on !== lanes[2]) arrive(file, piece);
        }
      }
      for (const open of [...file.open.values()]) if (open.isWhole) write(planner, file, open.block);
    }
    expect(lanes[2]!.awaitedBytes).toBeGreaterThan(BLOCK_BYTES);
    expect(planner.twiceBytes).toBeLessThanOrEqual(0.01 * 40 * BLOCK_BYTES + PIECE);
    expect(Math.max(...times.values())).toBeLessThanOrEqual(2);
  });

  it('never passes the window, whatever is lost, written or given up, and in the end everything was asked for', () => {
    const act = fc.record({
      do: fc.constantFrom('bring', 'lose', 'write', 'give up'),
      lane: fc.nat(2),
      count: fc.nat(80),
    });
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: PIECE }), fc.integer({ min: 1, max: 12 * BLOCK_BYTES })),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(sizes, fc.array(act, { maxLength: 30 }), (all, acts) => {
        const lanes = [lane(0), lane(1), lane(2)];
        const files = all.map(fileOf);
        const planner = plannerWith(lanes, ...files);
        const check = () => {
          planner.take();
          const open = files.flatMap((file) => [...file.open.values()]);
          expect(open.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(WINDOW + BLOCK_BYTES);
        };
        const bring = (index: number, count: number) => {
          for (const [file, pieces] of planner.awaited(lanes[index]!)) {
            for (const piece of pieces.slice(0, count)) arrive(file, piece);
          }
        };
        const writeAll = () => {
          for (const file of files)
            for (const open of [...file.open.values()]) if (open.isWhole) write(planner, file, open.block);
        };
        let epoch = 1;
        for (const { do: what, lane: index, count } of acts) {
          check();
          if (what === 'bring') bring(index, count);
          if (what === 'write') writeAll();
          if (what === 'lose') {
            planner.closeLane(lanes[index]!);
            expect(lanes[index]!.awaitedBytes).toBe(0);
            planner.openLane((lanes[index] = lane(index, ++epoch)));
          }
          const file = files[count % files.length]!;
          if (what !== 'give up') continue;
          for (const open of file.closeAll()) planner.release(open);
          planner.addFirst(file);
        }
        for (let turn = 0; turn < 200 && files.some(({ written }) => !written.complete); turn++) {
          check();
          for (const index of [0, 1, 2]) bring(index, 1_000);
          writeAll();
        }
        expect(files.map(({ written }) => written.complete)).toEqual(all.map(() => true));
      }),
      { numRuns: 60 },
    );
  });
});
