import { MEDIA_SOURCES, type MediaSource } from '@tincan/shared/call';

/** How one source is sent; what is not given stays as it was. */
export interface Encoding {
  /** Nothing of it is sent while this is false. */
  active?: boolean;
  /** In bits per second. */
  maxBitrate?: number;
  /** Pictures per second. */
  maxFramerate?: number;
  /** 2 halves both sides of the picture. */
  scaleResolutionDownBy?: number;
}

/** A connection that carries a call, as far as the call engine sees it. */
export interface CallConnection {
  /** What the other side sends; there from the beginning. */
  readonly remote: Readonly<Record<MediaSource, MediaStreamTrack>>;
  /** The media section of each source, by which statistics name them. */
  readonly mids: Readonly<Record<MediaSource, string>>;
  /** The path is lost for the moment. */
  readonly interrupted: boolean;
  setTrack(source: MediaSource, track: MediaStreamTrack | null): Promise<void>;
  setEncoding(source: MediaSource, encoding: Encoding): Promise<void>;
  /** How loud the other side's microphone is at present, from 0 to 1. */
  remoteLevel(): number;
  stats(): Promise<RTCStatsReport | undefined>;
}

/**
 * What flows between this page and one member of a call, over however many connections that takes. The streams stay the
 * same from one connection to the next, so that the last picture stands until there is a new one.
 */
export class MemberMedia {
  /** The member's camera and microphone. */
  readonly picture = new MediaStream();
  /** The member's screen and its sound. */
  readonly screenPicture = new MediaStream();
  /** The sound of both once more, each by itself: an element that waits for the first picture of a stream plays none of its sound. */
  readonly sounds: readonly [voice: MediaStream, screenSound: MediaStream] = [new MediaStream(), new MediaStream()];
  readonly #track: (source: MediaSource) => MediaStreamTrack | null;
  #connection: CallConnection | undefined;
  #joined = false;
  #wasLive = false;
  /** The connection seems to be there, and nothing comes. */
  #silent = false;

  /** `track` gives what this page sends at present. */
  constructor(track: (source: MediaSource) => MediaStreamTrack | null) {
    this.#track = track;
  }

  get connection(): CallConnection | undefined {
    return this.#connection;
  }

  get state(): 'connecting' | 'live' | 'frozen' {
    if (this.#connection && !this.#connection.interrupted && !this.#silent) return 'live';
    return this.#wasLive ? 'frozen' : 'connecting';
  }

  handleOpened(connection: CallConnection): void {
    this.#connection = connection;
    this.#silent = false;
    const { camera, microphone, screen, 'screen-sound': screenSound } = connection.remote;
    fill(this.picture, [camera, microphone]);
    fill(this.screenPicture, [screen, screenSound]);
    fill(this.sounds[0], [microphone]);
    fill(this.sounds[1], [screenSound]);
  }

  /** Sends what there is, or nothing while not joined. To be called once it is said how (an encoder that starts twice costs a quarter of a second). */
  send(): void {
    if (!this.#connection) return;
    this.#wasLive ||= this.#joined;
    for (const source of MEDIA_SOURCES)
      void this.#connection.setTrack(source, this.#joined ? this.#track(source) : null);
  }

  handleClosed(): void {
    this.#connection = undefined;
  }

  /** Whether both are in the same call: before that, and after, `send` sends nothing. */
  setJoined(joined: boolean): void {
    this.#joined = joined;
    if (!joined) this.#wasLive = false;
  }

  setSilent(silent: boolean): void {
    this.#silent = silent;
  }

  /** What this page sends of a source has changed. */
  handleTrack(source: MediaSource, track: MediaStreamTrack | null): void {
    if (this.#joined) void this.#connection?.setTrack(source, track);
  }
}

function fill(stream: MediaStream, tracks: readonly MediaStreamTrack[]): void {
  for (const track of stream.getTracks()) stream.removeTrack(track);
  for (const track of tracks) stream.addTrack(track);
}
