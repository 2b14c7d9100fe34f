import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Budget } from './budget.ts';
import { LOW_WATER_BYTES } from './connection.ts';
import { Lane } from './lane.ts';

/** Of a transfer's frames, which the protocol fixes (XFER-5). */
const FRAME_BYTES = 65_536;

/** A channel whose network takes so many bytes per second, or everything at once. */
class FakeChannel {
  bufferedBytes = 0;
  sentBytes = 0;
  stuck = false;
  readonly maxMessageBytes = 262_144;
  lowWaterBytes = LOW_WATER_BYTES;

  setLowWater(bytes: number): void {
    this.lowWaterBytes = bytes;
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    this.sentBytes += frame.byteLength;
    if (this.stuck) this.bufferedBytes += frame.byteLength;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Sends as fast as the lane takes it, as a transfer does. */
async function flood(lane: Lane): Promise<void> {
  for (;;) {
    while (lane.full) await lane.drained();
    lane.send(new Uint8Array(FRAME_BYTES));
    await Promise.resolve();
  }
}

function limited(bytesPerSecond: number, lanes = 1) {
  const budget = new Budget();
  const all = Array.from({ length: lanes }, (_, index) => {
    const channel = new FakeChannel();
    return { channel, lane: new Lane({ index, epoch: 1 }, channel, budget) };
  });
  const limit = (rate: number | undefined) => {
    budget.change(rate);
    for (const { lane } of all) lane.share(rate && rate / lanes);
  };
  limit(bytesPerSecond);
  return { ...all[0]!, all, limit };
}

const isClosed = { code: 'lane-closed' };

describe('a lane without a limit', () => {
  test('is full at one mebibyte and sets no timer', async () => {
    const channel = new FakeChannel();
    channel.stuck = true;
    const lane = new Lane({ index: 0, epoch: 1 }, channel);
    while (!lane.full) lane.send(new Uint8Array(FRAME_BYTES));
    expect(channel.bufferedBytes).toBe(1_048_576);
    const drained = lane.drained();
    expect(vi.getTimerCount()).toBe(0);
    channel.bufferedBytes = LOW_WATER_BYTES;
    lane.handleDrain();
    await drained;
  });
});

describe('a lane with a limit', () => {
  test.each([65_536, 250_000, 2_000_000])('keeps to %i bytes per second', async (bytesPerSecond) => {
    const { lane, channel } = limited(bytesPerSecond);
    flood(lane).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(channel.sentBytes / 10).toBeGreaterThan(0.95 * bytesPerSecond);
    expect(channel.sentBytes - FRAME_BYTES).toBeLessThan(10.5 * bytesPerSecond); // the first may go at once
    lane.handleClose();
  });

  test('makes up for little after a pause', async () => {
    const { lane, channel } = limited(1_000_000);
    await vi.advanceTimersByTimeAsync(5_000);
    while (!lane.full) lane.send(new Uint8Array(FRAME_BYTES));
    expect(channel.sentBytes).toBe(FRAME_BYTES);
  });

  test('does not let much wait in a channel that the network does not empty', async () => {
    const { lane, channel } = limited(1_000_000);
    channel.stuck = true;
    flood(lane).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(channel.bufferedBytes).toBeLessThan(2 * FRAME_BYTES);
    const before = channel.sentBytes;
    channel.bufferedBytes = 0;
    channel.stuck = false;
    lane.handleDrain();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(channel.sentBytes - before).toBeGreaterThan(900_000);
    lane.handleClose();
  });

  test('may be changed while somebody waits', async () => {
    const { lane, channel, limit } = limited(10_000);
    lane.send(new Uint8Array(100_000)); // ten seconds
    let isDrained = false;
    const drained = lane.drained().then(() => (isDrained = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isDrained).toBe(false);
    limit(1_000_000);
    await vi.advanceTimersByTimeAsync(200);
    expect(isDrained).toBe(true);
    await drained;
    expect(channel.sentBytes).toBe(100_000);
  });

  test('that is lifted lets whoever waits go on at once', async () => {
    const { lane, limit } = limited(10_000);
    lane.send(new Uint8Array(100_000));
    const drained = lane.drained();
    limit(undefined);
    await drained;
    expect(vi.getTimerCount()).toBe(0);
    expect(lane.full).toBe(false);
  });

  test('does not mind the low mark', async () => {
    const { lane } = limited(10_000);
    lane.send(new Uint8Array(100_000));
    let isDrained = false;
    void lane.drained().then(() => (isDrained = true));
    lane.handleDrain();
    await Promise.resolve();
    expect(isDrained).toBe(false);
  });

  test('share it with each other, whoever waits longest first, and leave what one cannot use to the others', async () => {
    const { all } = limited(1_000_000, 4);
    for (const { lane } of all) flood(lane).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(8_000);
    const sent = () => all.map(({ channel }) => channel.sentBytes);
    for (const bytes of sent()) expect(Math.abs(bytes - 2_000_000)).toBeLessThan(200_000);
    const before = sent();
    for (const { channel } of all.slice(1)) channel.stuck = true;
    await vi.advanceTimersByTimeAsync(8_000);
    expect(all.slice(1).map(({ channel }) => channel.bufferedBytes)).toEqual([FRAME_BYTES, FRAME_BYTES, FRAME_BYTES]);
    expect(sent()[0]! - before[0]!).toBeGreaterThan(7_500_000);
    for (const { lane } of all) lane.handleClose();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('rejects everyone who waits when it closes, and leaves no timer', async () => {
    const { lane } = limited(10_000);
    lane.send(new Uint8Array(100_000));
    const waiting = [lane.drained(), lane.drained()].map((drained) => expect(drained).rejects.toMatchObject(isClosed));
    expect(vi.getTimerCount()).toBe(1);
    lane.handleClose();
    await Promise.all(waiting);
    expect(vi.getTimerCount()).toBe(0);
    expect(lane.full).toBe(false);
    await expect(lane.drained()).rejects.toMatchObject(isClosed);
  });
});

test('what a lane has carried is what the network has taken', () => {
  const channel = new FakeChannel();
  const lane = new Lane({ index: 0, epoch: 1 }, channel);
  lane.send(new Uint8Array(70_000));
  channel.bufferedBytes = 20_000;
  expect(lane.carriedBytes).toBe(50_000);
});
