// What a call's connection says of itself, made of the browser's statistics. Chromium and Firefox agree on all that is used here, except that
// Firefox makes no estimate of the path and marks the candidate pair in use itself.
import type { MediaSource } from '@tincan/shared/call';

/** Losses are told over about so long: one lost packet of few is no bad path, and what was a while ago is past. */
const LOSS_MEMORY_MS = 3_000;
/** From here on people talk over each other (ITU-T G.114 wants 150 ms one way; beyond 300 ms few are content). */
const FAIR_ROUND_TRIP_MS = 300;
const POOR_ROUND_TRIP_MS = 600;
/** Opus hides a few per cent; from about a tenth on, words are lost. */
const FAIR_LOSS = 0.03;
const POOR_LOSS = 0.1;

export interface Picture {
  width: number;
  height: number;
  framesPerSecond: number;
}

/** What the other side has told of what it receives, since the previous reading. */
export interface FreshReport {
  /** The mean of all measurements since then, in milliseconds. */
  roundTripMs: number;
  /** 0 to 1, of the packets that the newest reports are about. */
  sentLoss: number;
}

/** How a connection of a call is, at a moment and since the previous reading. */
export interface Reading {
  /** In milliseconds, by the caller's clock. */
  readonly at: number;
  readonly level: 'good' | 'fair' | 'poor';
  readonly route: 'direct' | 'relay' | undefined;
  /** The newest that is known, in milliseconds. */
  readonly roundTripMs: number | undefined;
  /** 0 to 1, over the last seconds; `undefined` before anything has flowed. */
  readonly receivedLoss: number | undefined;
  readonly sentLoss: number | undefined;
  /** Media with their packets' headers, since the previous reading. */
  readonly receivedBitsPerSecond: number;
  readonly sentBitsPerSecond: number;
  /** The screen's where one flows, else the camera's; `undefined` while neither does. */
  readonly received: Picture | undefined;
  readonly sent: Picture | undefined;
  /** What the browser believes that the path carries of media, in bits per second; Firefox does not say. */
  readonly availableBitsPerSecond: number | undefined;
  /** `undefined` where nothing was told since the previous reading. */
  readonly fresh: FreshReport | undefined;
  /** Pictures of the other side's camera that have come since the previous reading. */
  readonly cameraPictures: number;
  /** Anything at all has come since the previous reading. Always true of a first one. */
  readonly heard: boolean;
  /** For the next reading. */
  readonly counters: Counters;
}

interface Counters {
  readonly byId: ReadonlyMap<string, Row>;
  /** Bytes that the pair in use has received. */
  readonly pairBytes: number;
  readonly receivedLoss: Loss;
  readonly sentLoss: Loss;
}

/** Packets, those of a while ago counting less. */
interface Loss {
  readonly lost: number;
  readonly all: number;
}

/** One row of the browser's report: all that any type of row has and that is used here. */
interface Row {
  id: string;
  type: string;
  timestamp: number;
  mid?: string;
  localId?: string;
  packetsLost?: number;
  packetsReceived?: number;
  packetsSent?: number;
  bytesReceived?: number;
  bytesSent?: number;
  headerBytesReceived?: number;
  headerBytesSent?: number;
  framesDecoded?: number;
  framesEncoded?: number;
  frameWidth?: number;
  frameHeight?: number;
  fractionLost?: number;
  roundTripTime?: number;
  totalRoundTripTime?: number;
  roundTripTimeMeasurements?: number;
  currentRoundTripTime?: number;
  responsesReceived?: number;
  availableOutgoingBitrate?: number;
  selectedCandidatePairId?: string;
  selected?: boolean;
  nominated?: boolean;
  state?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  candidateType?: string;
}

/** Numbers of a row that only grow. */
type Total = { [Key in keyof Row]-?: Row[Key] extends number | undefined ? Key : never }[keyof Row];

/** Reads a connection's statistics. `mids` are its media sections'; `previous` is of the same connection. */
export function readQuality(
  stats: RTCStatsReport,
  mids: Readonly<Record<MediaSource, string>>,
  now: number,
  previous?: Reading,
): Reading {
  const byId = new Map((stats as ReadonlyMap<string, Row>).entries());
  const rows = [...byId.values()];
  const seconds = previous ? Math.max((now - previous.at) / 1_000, 0.001) : undefined;
  const before = previous?.counters;
  // A counter that has become less was begun anew.
  const grown = (row: Row, total: Total) => Math.max(0, (row[total] ?? 0) - (before?.byId.get(row.id)?.[total] ?? 0));
  const ofType = (type: string) => rows.filter((row) => row.type === type);
  const sum = (of: readonly Row[], ...totals: Total[]) =>
    of.reduce((all, row) => all + totals.reduce((own, total) => own + grown(row, total), 0), 0);

  const inbound = ofType('inbound-rtp');
  const outbound = ofType('outbound-rtp');
  const pair = pairOf(rows);
  const pairBytes = pair?.bytesReceived ?? 0;
  const fresh = previous && freshReport(ofType('remote-inbound-rtp'), pair, byId, previous.counters.byId, grown);

  const keep = previous ? Math.exp((previous.at - now) / LOSS_MEMORY_MS) : 0;
  const received = sum(inbound, 'packetsReceived');
  const lost = sum(inbound, 'packetsLost');
  const sentPackets = fresh && fresh.sentLoss !== undefined ? Math.max(1, sum(outbound, 'packetsSent')) : 0;
  const receivedLoss = remember(before?.receivedLoss, keep, { lost, all: lost + received });
  const sentLoss = remember(before?.sentLoss, sentPackets === 0 ? 1 : keep, {
    lost: (fresh?.sentLoss ?? 0) * sentPackets,
    all: sentPackets,
  });

  const pictureOf = (of: readonly Row[], frames: 'framesDecoded' | 'framesEncoded'): Picture | undefined => {
    for (const source of ['screen', 'camera'] as const) {
      const row = of.find(({ mid, frameWidth }) => mid === mids[source] && frameWidth !== undefined);
      const count = row && seconds !== undefined ? grown(row, frames) : 0;
      if (!row || seconds === undefined || count === 0) continue;
      return { width: row.frameWidth ?? 0, height: row.frameHeight ?? 0, framesPerSecond: count / seconds };
    }
    return undefined;
  };
  const perSecond = (bytes: number) => (seconds === undefined ? 0 : (8 * bytes) / seconds);
  const reading = {
    at: now,
    route: routeOf(pair, byId),
    roundTripMs: fresh?.roundTripMs ?? previous?.roundTripMs ?? firstRoundTripMs(pair),
    receivedLoss: ratio(receivedLoss),
    sentLoss: ratio(sentLoss),
    receivedBitsPerSecond: perSecond(sum(inbound, 'bytesReceived', 'headerBytesReceived')),
    sentBitsPerSecond: perSecond(sum(outbound, 'bytesSent', 'headerBytesSent')),
    received: pictureOf(inbound, 'framesDecoded'),
    sent: pictureOf(outbound, 'framesEncoded'),
    availableBitsPerSecond: pair?.availableOutgoingBitrate,
    fresh:
      fresh?.roundTripMs === undefined ? undefined : { roundTripMs: fresh.roundTripMs, sentLoss: fresh.sentLoss ?? 0 },
    cameraPictures: inbound
      .filter(({ mid }) => mid === mids.camera)
      .reduce((all, row) => all + grown(row, 'framesDecoded'), 0),
    heard: !before || received > 0 || pairBytes !== before.pairBytes,
    counters: { byId, pairBytes, receivedLoss, sentLoss },
  };
  return { ...reading, level: levelOf(reading) };
}

function levelOf({ heard, roundTripMs = 0, receivedLoss = 0, sentLoss = 0 }: Omit<Reading, 'level'>): Reading['level'] {
  const loss = Math.max(receivedLoss, sentLoss);
  if (!heard || loss >= POOR_LOSS || roundTripMs >= POOR_ROUND_TRIP_MS) return 'poor';
  return loss >= FAIR_LOSS || roundTripMs >= FAIR_ROUND_TRIP_MS ? 'fair' : 'good';
}

/** What came since the previous reading: reports of the other side, or else the answers to the pair's own questions. */
function freshReport(
  reports: readonly Row[],
  pair: Row | undefined,
  byId: ReadonlyMap<string, Row>,
  before: ReadonlyMap<string, Row>,
  grown: (row: Row, total: Total) => number,
): { roundTripMs?: number; sentLoss?: number } {
  let measurements = 0;
  let roundTripSeconds = 0;
  let lost = 0;
  let sent = 0;
  for (const report of reports) {
    if (report.timestamp === before.get(report.id)?.timestamp) continue;
    measurements += grown(report, 'roundTripTimeMeasurements');
    roundTripSeconds += grown(report, 'totalRoundTripTime');
    const sender = byId.get(report.localId ?? '');
    const packets = sender ? grown(sender, 'packetsSent') : 0;
    lost += (report.fractionLost ?? 0) * packets;
    sent += packets;
  }
  const loss = sent > 0 ? { sentLoss: lost / sent } : {};
  if (measurements > 0) return { ...loss, roundTripMs: (1_000 * roundTripSeconds) / measurements };
  const asked = pair ? grown(pair, 'responsesReceived') : 0;
  return asked > 0 ? { ...loss, roundTripMs: 1_000 * (pair?.currentRoundTripTime ?? 0) } : loss;
}

function firstRoundTripMs(pair: Row | undefined): number | undefined {
  return pair?.currentRoundTripTime === undefined ? undefined : 1_000 * pair.currentRoundTripTime;
}

function remember(before: Loss | undefined, keep: number, now: Loss): Loss {
  return { lost: (before?.lost ?? 0) * keep + now.lost, all: (before?.all ?? 0) * keep + now.all };
}

function ratio({ lost, all }: Loss): number | undefined {
  return all > 0 ? Math.min(1, lost / all) : undefined;
}

function pairOf(rows: readonly Row[]): Row | undefined {
  const transport = rows.find(({ type }) => type === 'transport');
  const pairs = rows.filter(({ type }) => type === 'candidate-pair');
  return (
    pairs.find(({ id }) => id === transport?.selectedCandidatePairId) ??
    pairs.find(({ selected }) => selected) ??
    pairs.find(({ nominated, state }) => nominated && state === 'succeeded')
  );
}

function routeOf(pair: Row | undefined, byId: ReadonlyMap<string, Row>): Reading['route'] {
  if (!pair) return undefined;
  const ends = [pair.localCandidateId, pair.remoteCandidateId].map((end) => byId.get(end ?? ''));
  return ends.some((end) => end?.candidateType === 'relay') ? 'relay' : 'direct';
}
