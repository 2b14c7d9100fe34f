import { describe, expect, test } from 'vitest';
import { readQuality, type Reading } from './quality.ts';
import chromium from './testing/stats-chromium.json' with { type: 'json' };
import firefox from './testing/stats-firefox.json' with { type: 'json' };

// Real reports, two seconds apart, of a side that sends sound and camera, and receives these and a screen of ten pictures a second.
const MIDS = { microphone: '0', camera: '1', screen: '2', 'screen-sound': '3' };
type Row = Record<string, unknown> & { id: string };

function report(rows: readonly object[], change: (row: Row) => object = (row) => row): RTCStatsReport {
  return new Map(rows.map((row) => [(row as Row).id, change(row as Row)]));
}

interface Change {
  first?: (row: Row) => object;
  second?: (row: Row) => object;
  mids?: typeof MIDS;
}
function readBoth(dump: typeof chromium | typeof firefox, { first, second, mids = MIDS }: Change = {}): Reading {
  const previous = readQuality(report(dump.first, first), mids, 10_000);
  return readQuality(report(dump.second, second), mids, 12_000, previous);
}

/** The other side has seen so much loss in its newest report about this type of media. */
const withLoss = (fractionLost: number) => (row: Row) =>
  row['type'] === 'remote-inbound-rtp' && row['kind'] === 'video' ? { ...row, fractionLost } : row;

describe.each([
  { name: 'Chromium', dump: chromium, camera: { width: 320, height: 180, framesPerSecond: 20 }, width: 960, fps: 10 },
  { name: 'Firefox', dump: firefox, camera: { width: 960, height: 540, framesPerSecond: 30 }, width: 1_280, fps: 7.5 },
])('of $name', ({ dump, camera, width, fps }) => {
  test('everything is found', () => {
    const reading = readBoth(dump);
    expect(reading).toMatchObject({ level: 'good', route: 'direct', receivedLoss: 0, sentLoss: 0, heard: true });
    expect(reading.received).toMatchObject({ width, framesPerSecond: fps }); // the screen before the camera
    expect(reading.sent).toEqual(camera);
    expect(reading.roundTripMs).toBeGreaterThan(0);
    expect(reading.fresh?.roundTripMs).toBe(reading.roundTripMs);
    const { bytesReceived: before } = dump.first.find(({ mid, type }) => mid === '1' && type === 'inbound-rtp')!;
    const { bytesReceived: after } = dump.second.find(({ mid, type }) => mid === '1' && type === 'inbound-rtp')!;
    expect(reading.receivedBitsPerSecond).toBeGreaterThan((8 * (after! - before!)) / 2);
    expect(reading.sentBitsPerSecond).toBeGreaterThan(100_000);
  });

  test('the camera is shown where no screen flows', () => {
    const still = (row: Row) => (row['mid'] === '2' ? { ...row, framesDecoded: 40 } : row);
    expect(readBoth(dump, { first: still, second: still }).received).toEqual(camera);
  });

  test('a first reading has no rates, and is no sign of silence', () => {
    const reading = readQuality(report(dump.first), MIDS, 0);
    expect(reading).toMatchObject({ heard: true, receivedBitsPerSecond: 0, received: undefined, fresh: undefined });
  });

  test('without news the round trip is the one before, and is not fresh', () => {
    const previous = readBoth(dump);
    const reading = readQuality(report(dump.second), MIDS, 13_000, previous);
    expect(reading.fresh).toBeUndefined();
    expect(reading.roundTripMs).toBe(previous.roundTripMs);
  });

  test('nothing heard is poor', () => {
    const reading = readQuality(report(dump.second), MIDS, 13_000, readBoth(dump));
    expect(reading).toMatchObject({ heard: false, level: 'poor' });
  });

  test('what is lost under way counts, in both directions', () => {
    const lossy = (row: Row) => (row['type'] === 'inbound-rtp' ? { ...row, packetsLost: 10 } : row);
    const received = readBoth(dump, { second: lossy }).receivedLoss;
    expect(received).toBeGreaterThan(0.03);
    expect(received).toBeLessThan(0.2);
    expect(readBoth(dump, { second: withLoss(0.25) })).toMatchObject({ level: 'poor', fresh: { sentLoss: 0.25 } });
    expect(readBoth(dump, { second: withLoss(0.05) })).toMatchObject({ level: 'fair' });
  });

  test('an old loss fades', () => {
    let reading = readBoth(dump, { second: withLoss(0.25) });
    const before = reading.sentLoss!;
    const later = (row: Row) => ({
      ...row,
      timestamp: 1,
      ...(row['type'] === 'outbound-rtp' && { packetsSent: (row['packetsSent'] as number) + 200 }),
    });
    reading = readQuality(report(dump.second, later), MIDS, 18_000, reading);
    expect(reading.fresh?.sentLoss ?? 0).toBe(0);
    expect(reading.sentLoss).toBeLessThan(before / 4);
  });

  test('a relay on either end is a relay', () => {
    const relayed = (row: Row) => (row['type'] === 'remote-candidate' ? { ...row, candidateType: 'relay' } : row);
    expect(readBoth(dump, { second: relayed }).route).toBe('relay');
  });

  test('a connection whose counters began anew gives no negative rates', () => {
    const reading = readQuality(report(dump.first), MIDS, 14_000, readBoth(dump));
    expect(reading.receivedBitsPerSecond).toBe(0);
    expect(reading.receivedLoss).toBe(0);
  });
});

test('only Chromium estimates the path', () => {
  expect(readBoth(chromium).availableBitsPerSecond).toBe(1_454_909);
  expect(readBoth(firefox).availableBitsPerSecond).toBeUndefined();
});

test('a long round trip is fair, a very long one poor', () => {
  const withRoundTrip = (seconds: number) => (row: Row) =>
    row['type'] === 'remote-inbound-rtp' && row['kind'] === 'video'
      ? { ...row, totalRoundTripTime: 0.00657 + 2 * seconds }
      : row;
  expect(readBoth(chromium, { second: withRoundTrip(0.4) })).toMatchObject({ level: 'fair' });
  expect(readBoth(chromium, { second: withRoundTrip(0.7) })).toMatchObject({ level: 'poor' });
});
