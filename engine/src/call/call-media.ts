import { MEDIA_SOURCES, type MediaSource } from '@tincan/shared/call';
import type { SessionId } from '@tincan/shared/introduction';
import { Emitter } from '../platform/emitter.ts';
import type { Sending } from './call-state.ts';
import { BulkGovernor } from './bulk-governor.ts';
import { planEncodings, type PeerPlan } from './encoding-plan.ts';
import { MemberMedia, type CallConnection, type Encoding } from './member-media.ts';
import { OwnVoice } from './own-voice.ts';
import { readQuality, type Reading } from './quality.ts';

/** How often every connection is asked how it is, in milliseconds: as often as browsers tell each other. */
const READING_MS = 1_000;
/** How often it is looked at who speaks, in milliseconds. */
const LEVEL_MS = 150;
/** From this loudness on it is speech, and it stays so through the pauses between words. */
const SPEAKING_LEVEL = 0.02;
const SPEAKING_HOLD_MS = 600;
/** After so many readings in a row that heard nothing, somebody who says that they send something is not there. */
const SILENT_READINGS = 2;
/** A camera takes its time to start, and a slow one gives a picture in a while. */
const UNSEEN_READINGS = 4;

/** A shorter ring says nothing about how fast files went. */
const LEAST_RINGING_S = 0.5;
/** Files that take this part of what they may are held back by it, and not by a disk or their end. */
const HELD_BACK_PART = 0.5;
const STILL_HELD_BACK_PART = 0.2;

export interface CallMediaOptions {
  /** What this page sends at present. */
  track: (source: MediaSource) => MediaStreamTrack | null;
  /** What a member says that it sends. */
  sends: (session: SessionId) => Sending | undefined;
  /** Bytes of files that the network has taken for this peer so far. */
  carriedBytes: (session: SessionId) => number;
  /** How fast files may go to a peer; `undefined` for no limit. */
  limitBulk: (session: SessionId, bytesPerSecond: number | undefined) => void;
  voice?: Pick<OwnVoice, 'listen' | 'level'>;
  now?: () => number;
}

/** What there is to show of a member. */
export interface Flow {
  readonly state: MemberMedia['state'];
  readonly picture: MediaStream;
  readonly screenPicture: MediaStream;
  readonly sounds: readonly MediaStream[];
  /** The member's camera is on, and nothing of it comes although the connection lives. */
  readonly pictureWaits: boolean;
  readonly speaking: boolean;
  readonly reading: Reading | undefined;
}

interface Member {
  readonly media: MemberMedia;
  joined: boolean;
  reading: Reading | undefined;
  unheard: number;
  unseen: number;
  plan: PeerPlan | undefined;
  governor: BulkGovernor | undefined;
  carriedBytes: number;
  /** When `carriedBytes` was looked at, in milliseconds. */
  carriedAt: number;
  heldBack: boolean;
  spokeAt: number;
}

/** Everything that flows in a call, to and from every member: who is sent what, how good it is, and what files leave to it. */
export class CallMedia extends Emitter<{ changed: undefined }> {
  readonly #options: CallMediaOptions;
  readonly #now: () => number;
  readonly #members = new Map<SessionId, Member>();
  #upstream: number;
  #readingTimer: ReturnType<typeof setInterval> | undefined;
  #levelTimer: ReturnType<typeof setInterval> | undefined;
  readonly #voice: Pick<OwnVoice, 'listen' | 'level'>;
  #ownSpokeAt = -Infinity;
  #speaking = '';

  /** `upstream` is what this page sends to all members together, at most, in bits per second. */
  constructor(upstream: number, options: CallMediaOptions) {
    super();
    this.#upstream = upstream;
    this.#options = options;
    this.#voice = options.voice ?? new OwnVoice();
    this.#now = options.now ?? (() => performance.now());
  }

  /** The person at this page speaks, and is heard. */
  get ownSpeaking(): boolean {
    return this.#speaks(this.#ownSpokeAt);
  }

  /** Whether a transfer to this peer goes slower than it could, for the sake of the call. */
  holdsBack(session: SessionId): boolean {
    return this.#members.get(session)?.heldBack ?? false;
  }

  flowOf(session: SessionId): Flow | undefined {
    const member = this.#members.get(session);
    if (!member?.joined) return undefined;
    const { media, reading, spokeAt, unseen } = member;
    const { state, picture, screenPicture, sounds } = media;
    return {
      state,
      picture,
      screenPicture,
      sounds,
      // While all stands still the last picture stays, too.
      pictureWaits: state === 'live' && unseen >= UNSEEN_READINGS,
      speaking: this.#speaks(spokeAt),
      reading,
    };
  }

  setUpstream(bitsPerSecond: number): void {
    this.#upstream = bitsPerSecond;
    this.#plan();
  }

  handleOpened(session: SessionId, connection: CallConnection): void {
    const member = this.#member(session);
    member.reading = undefined;
    member.unheard = 0;
    member.unseen = 0;
    member.plan = undefined;
    member.media.handleOpened(connection);
    this.#plan();
    if (member.joined) member.media.send();
    this.#limit(session, member);
    this.emit('changed', undefined);
  }

  handleInterrupted(): void {
    this.emit('changed', undefined);
  }

  handleClosed(session: SessionId): void {
    const member = this.#members.get(session);
    if (!member) return;
    member.media.handleClosed();
    this.#limit(session, member);
    if (!member.joined) this.#members.delete(session);
    this.emit('changed', undefined);
  }

  /** What this page sends of a source has changed. */
  handleTrack(source: MediaSource, track: MediaStreamTrack | null): void {
    this.#plan();
    for (const { media } of this.#members.values()) media.handleTrack(source, track);
    if (source === 'microphone') this.#voice.listen(track);
  }

  /** Who is in the same call: only they are sent anything, and only what they send is shown. */
  setJoined(sessions: readonly SessionId[]): void {
    for (const [session, member] of this.#members) if (!sessions.includes(session)) this.#leave(session, member);
    const come = sessions.map((session) => [session, this.#member(session)] as const);
    const fresh = come.filter(([, { joined }]) => !joined);
    for (const [session, member] of fresh) this.#join(session, member);
    this.#plan();
    for (const [, { media }] of fresh) media.send();
    this.#schedule(sessions.length > 0);
  }

  #member(session: SessionId): Member {
    const known = this.#members.get(session);
    if (known) return known;
    const member: Member = {
      media: new MemberMedia(this.#options.track),
      joined: false,
      reading: undefined,
      unheard: 0,
      unseen: 0,
      plan: undefined,
      governor: undefined,
      carriedBytes: this.#options.carriedBytes(session),
      carriedAt: this.#now(),
      heldBack: false,
      spokeAt: -Infinity,
    };
    this.#members.set(session, member);
    return member;
  }

  #join(session: SessionId, member: Member): void {
    member.joined = true;
    const carriedBytes = this.#options.carriedBytes(session);
    const seconds = (this.#now() - member.carriedAt) / 1_000;
    // While it rang, files went as fast as they could.
    const carried = seconds >= LEAST_RINGING_S ? (carriedBytes - member.carriedBytes) / seconds : 0;
    member.carriedBytes = carriedBytes;
    member.carriedAt = this.#now();
    member.governor = new BulkGovernor(carried);
    this.#limit(session, member);
    member.media.setJoined(true);
  }

  #leave(session: SessionId, member: Member): void {
    if (!member.media.connection) this.#members.delete(session);
    if (!member.joined) return;
    member.joined = false;
    member.governor = undefined;
    member.carriedBytes = this.#options.carriedBytes(session);
    member.carriedAt = this.#now();
    this.#limit(session, member);
    member.media.setJoined(false);
    member.media.send();
  }

  /** Files make way where something of a call flows, and nowhere else. */
  #limit(session: SessionId, member: Member): void {
    const { governor, media } = member;
    const limited = governor !== undefined && media.connection !== undefined;
    if (!limited) member.heldBack = false;
    this.#options.limitBulk(session, limited ? governor.bytesPerSecond : undefined);
  }

  #schedule(runs: boolean): void {
    if (runs === (this.#readingTimer !== undefined)) return;
    clearInterval(this.#readingTimer);
    clearInterval(this.#levelTimer);
    this.#readingTimer = runs ? setInterval(() => void this.#readAll(), READING_MS) : undefined;
    this.#levelTimer = runs ? setInterval(() => this.#lookWhoSpeaks(), LEVEL_MS) : undefined;
  }

  async #readAll(): Promise<void> {
    await Promise.all([...this.#members].map(([session, member]) => this.#read(session, member)));
    this.#plan();
    this.emit('changed', undefined);
  }

  async #read(session: SessionId, member: Member): Promise<void> {
    const { connection } = member.media;
    const stats = member.joined ? await connection?.stats() : undefined;
    // Another connection may have taken its place meanwhile.
    if (!stats || !connection || member.media.connection !== connection || !member.joined) return;
    const reading = readQuality(stats, connection.mids, this.#now(), member.reading);
    const seconds = member.reading ? (reading.at - member.reading.at) / 1_000 : undefined;
    member.reading = reading;
    const sends = this.#options.sends(session);
    const sendsAnything = sends && (sends.microphone || sends.camera || sends.screen);
    member.unheard = reading.heard || !sendsAnything ? 0 : member.unheard + 1;
    member.unseen = reading.cameraPictures > 0 || !sends?.camera ? 0 : member.unseen + 1;
    member.media.setSilent(member.unheard >= SILENT_READINGS);
    const carriedBytes = this.#options.carriedBytes(session);
    if (seconds !== undefined && member.governor) {
      const carried = (carriedBytes - member.carriedBytes) / seconds;
      member.governor.handleReading(reading, carried);
      this.#limit(session, member);
      // It says so once, and not at every turn of the speed.
      const part = member.heldBack ? STILL_HELD_BACK_PART : HELD_BACK_PART;
      member.heldBack = carried >= part * member.governor.bytesPerSecond;
    }
    member.carriedBytes = carriedBytes;
  }

  /** Gives every member its share of what this page may send. */
  #plan(): void {
    const members = [...this.#members].filter(([, { joined, media }]) => joined && media.connection);
    const plans = planEncodings(new Map(members.map(([id, { reading, plan }]) => [id, { reading, previous: plan }])), {
      upstreamBitsPerSecond: this.#upstream,
      camera: this.#options.track('camera') !== null,
      screen: this.#options.track('screen') !== null,
    });
    for (const [session, member] of members) this.#apply(member, plans.get(session)!);
  }

  /** Each change is a call into the browser, so what is as before is left alone. */
  #apply(member: Member, plan: PeerPlan): void {
    const before = member.plan && encodingsOf(member.plan);
    member.plan = plan;
    const encodings = encodingsOf(plan);
    for (const source of MEDIA_SOURCES) {
      if (JSON.stringify(before?.[source]) !== JSON.stringify(encodings[source]))
        void member.media.connection?.setEncoding(source, encodings[source]);
    }
  }

  #speaks(spokeAt: number): boolean {
    return this.#now() - spokeAt < SPEAKING_HOLD_MS;
  }

  #lookWhoSpeaks(): void {
    const speaking: string[] = [];
    if (this.#voice.level() >= SPEAKING_LEVEL) this.#ownSpokeAt = this.#now();
    if (this.ownSpeaking) speaking.push('me');
    for (const [session, member] of this.#members) {
      const { connection, state } = member.media;
      if (!member.joined || !connection) continue;
      // Of somebody who is not heard any more the last loudness stands for a while.
      if (state === 'live' && connection.remoteLevel() >= SPEAKING_LEVEL) member.spokeAt = this.#now();
      if (this.#speaks(member.spokeAt)) speaking.push(session);
    }
    const now = speaking.join();
    if (now === this.#speaking) return;
    this.#speaking = now;
    this.emit('changed', undefined);
  }
}

function encodingsOf({ microphone, camera, screen, screenSound }: PeerPlan): Record<MediaSource, Encoding> {
  const isHeard = screenSound.maxBitrate > 0;
  return { microphone, camera, screen, 'screen-sound': isHeard ? { active: true, ...screenSound } : { active: false } };
}
