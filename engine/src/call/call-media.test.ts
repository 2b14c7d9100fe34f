import { MEDIA_SOURCES, type MediaSource } from '@tincan/shared/call';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Sending } from './call-state.ts';
import { CallMedia } from './call-media.ts';
import type { CallConnection, Encoding } from './member-media.ts';
import { FakeStream } from './testing/fake-stream.ts';

const track = (name: string) => name as unknown as MediaStreamTrack;
const bySource = <T>(make: (source: MediaSource) => T) =>
  Object.fromEntries(MEDIA_SOURCES.map((source) => [source, make(source)])) as Record<MediaSource, T>;

class FakeConnection implements CallConnection {
  readonly remote: Record<MediaSource, MediaStreamTrack>;
  readonly mids = bySource((source) => `${MEDIA_SOURCES.indexOf(source)}`);
  interrupted = false;
  readonly sending: Partial<Record<MediaSource, MediaStreamTrack | null>> = {};
  readonly encodings: [MediaSource, Encoding][] = [];
  packets = 0;
  pictures = 0;
  sees = true;
  hears = true;
  level = 0;

  constructor(name: string) {
    this.remote = bySource((source) => track(`${name} ${source}`));
  }
  async setTrack(source: MediaSource, its: MediaStreamTrack | null): Promise<void> {
    this.sending[source] = its;
  }
  async setEncoding(source: MediaSource, encoding: Encoding): Promise<void> {
    this.encodings.push([source, encoding]);
  }
  remoteLevel(): number {
    return this.level;
  }
  async stats(): Promise<RTCStatsReport> {
    if (this.hears) this.packets += 50;
    if (this.sees) this.pictures += 20;
    const sound = { id: 'in', type: 'inbound-rtp', mid: '0', packetsReceived: this.packets, packetsLost: 0 };
    const picture = { id: 'picture', type: 'inbound-rtp', mid: '1', framesDecoded: this.pictures };
    return new Map([sound, picture].map((row) => [row.id, row]));
  }
}

describe('what flows in a call', () => {
  let media: CallMedia;
  let own: Partial<Record<MediaSource, MediaStreamTrack>>;
  let sends: Sending | undefined;
  let limits: (number | undefined)[];
  let changes: number;
  let ownLevel: number;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('MediaStream', FakeStream);
    own = { microphone: track('own microphone'), camera: track('own camera') };
    sends = { microphone: true, camera: false, screen: false };
    limits = [];
    changes = 0;
    ownLevel = 0;
    media = new CallMedia(4_000_000, {
      track: (source) => own[source] ?? null,
      sends: () => sends,
      carriedBytes: () => 0,
      limitBulk: (_, bytesPerSecond) => limits.push(bytesPerSecond),
      voice: { listen: () => {}, level: () => ownLevel },
    });
    media.on('changed', () => (changes += 1));
  });
  afterEach(() => {
    media.setJoined([]);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  test('[MEDIA-2] sends nothing to one who only rings, and shows nothing of them', () => {
    const bob = new FakeConnection('bob');
    media.handleOpened('bob', bob);
    media.handleTrack('camera', track('another camera'));
    expect(bob.sending).toEqual({});
    expect(media.flowOf('bob')).toBeUndefined();
  });

  test('sends everything as soon as both are in the call, and what comes later too', () => {
    const bob = new FakeConnection('bob');
    media.handleOpened('bob', bob);
    media.setJoined(['bob']);
    expect(bob.sending).toEqual({ microphone: own.microphone, camera: own.camera, screen: null, 'screen-sound': null });
    media.handleTrack('screen', track('screen'));
    expect(bob.sending.screen).toBe('screen');
    expect(media.flowOf('bob')?.state).toBe('live');
  });

  test('stops sending when the peer leaves the call though its connection is still there', () => {
    const bob = new FakeConnection('bob');
    media.handleOpened('bob', bob);
    media.setJoined(['bob']);
    media.setJoined([]);
    expect(Object.values(bob.sending)).toEqual([null, null, null, null]);
  });

  test('a member is connecting, live, frozen, and live again on the next connection, in the same streams', () => {
    media.setJoined(['bob']);
    const before = media.flowOf('bob');
    expect(before?.state).toBe('connecting');
    const first = new FakeConnection('first');
    media.handleOpened('bob', first);
    expect(media.flowOf('bob')?.state).toBe('live');
    media.handleClosed('bob');
    expect(media.flowOf('bob')?.state).toBe('frozen');
    const second = new FakeConnection('second');
    media.handleOpened('bob', second);
    const after = media.flowOf('bob');
    expect([after?.state, after?.picture]).toEqual(['live', before?.picture]);
    expect(after?.picture.getTracks()).toEqual(['second camera', 'second microphone']);
    expect(second.sending.camera).toBe(own.camera);
    second.interrupted = true;
    expect(media.flowOf('bob')?.state).toBe('frozen');
  });

  test('somebody who says that they send, and of whom nothing comes for two seconds, is frozen until something does', async () => {
    const bob = new FakeConnection('bob');
    media.handleOpened('bob', bob);
    media.setJoined(['bob']);
    await pass(2_000);
    bob.hears = false;
    await pass(1_000);
    expect(media.flowOf('bob')?.state).toBe('live');
    await pass(1_000);
    expect(media.flowOf('bob')?.state).toBe('frozen');
    bob.hears = true;
    await pass(1_000);
    expect(media.flowOf('bob')?.state).toBe('live');
    sends = undefined;
    bob.hears = false;
    await pass(10_000);
    expect(media.flowOf('bob')?.state).toBe('live');
  });

  test('somebody whose camera is on, and of whom only sound comes, has a picture that waits', async () => {
    const bob = new FakeConnection('bob');
    sends = { microphone: true, camera: true, screen: false };
    media.handleOpened('bob', bob);
    media.setJoined(['bob']);
    await pass(5_000);
    expect(media.flowOf('bob')?.pictureWaits).toBe(false);
    bob.sees = false;
    await pass(3_000);
    expect(media.flowOf('bob')?.pictureWaits).toBe(false);
    await pass(1_000);
    expect(media.flowOf('bob')).toMatchObject({ pictureWaits: true, state: 'live' });
    bob.sees = true;
    await pass(1_000);
    expect(media.flowOf('bob')?.pictureWaits).toBe(false);
  });

  test('encodings are set once, and again only when they change', async () => {
    const bob = new FakeConnection('bob');
    media.handleOpened('bob', bob);
    media.setJoined(['bob']);
    const count = bob.encodings.length;
    expect(new Set(bob.encodings.map(([source]) => source)).size).toBe(4);
    await pass(5_000);
    expect(bob.encodings.length).toBe(count);
    media.setUpstream(1_000_000);
    const changed = bob.encodings.slice(count).find(([source]) => source === 'camera');
    expect(changed?.[1].maxBitrate).toBeLessThan(1_000_000);
  });

  test('files are limited while something of the call flows, and no longer', () => {
    const limit = () => limits.at(-1);
    media.handleOpened('bob', new FakeConnection('bob'));
    expect(limit()).toBeUndefined();
    media.setJoined(['bob']);
    expect(limit()).toBeGreaterThan(0);
    media.handleClosed('bob');
    expect(limit()).toBeUndefined();
    media.handleOpened('bob', new FakeConnection('again'));
    expect(limit()).toBeGreaterThan(0);
    media.setJoined([]);
    expect(limit()).toBeUndefined();
    expect(media.holdsBack('bob')).toBe(false);
  });

  test('who speaks is marked through the pauses between words', async () => {
    const bob = new FakeConnection('bob');
    media.handleOpened('bob', bob);
    media.setJoined(['bob']);
    bob.level = 0.3;
    ownLevel = 0.3;
    await pass(200);
    expect([media.flowOf('bob')?.speaking, media.ownSpeaking]).toEqual([true, true]);
    bob.level = 0;
    ownLevel = 0;
    await pass(400);
    expect(media.flowOf('bob')?.speaking).toBe(true);
    await pass(400);
    expect([media.flowOf('bob')?.speaking, media.ownSpeaking]).toEqual([false, false]);
    const before = changes;
    await pass(100); // nothing is told where nothing has changed
    expect(changes).toBe(before);
  });
});
