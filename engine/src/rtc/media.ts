import { MEDIA_SOURCES, type MediaSource } from '@tincan/shared/call';

/** How one source is sent; what is not given stays as it was. */
export interface Encoding {
  /** Nothing of it is sent while this is false. */
  active?: boolean;
  /** In bits per second. */
  maxBitrate?: number;
  /** 2 halves both sides of the picture. */
  scaleResolutionDownBy?: number;
  /** Pictures per second. */
  maxFramerate?: number;
}

/** The part of a connection that carries a call: one track each way for each of `MEDIA_SOURCES`, whatever flows on them. */
export interface Media {
  /** What the other side sends. The tracks are there from the beginning, and give nothing while it sends nothing. */
  readonly remote: Readonly<Record<MediaSource, MediaStreamTrack>>;
  /** The media section of each source, by which statistics name them. */
  readonly mids: Readonly<Record<MediaSource, string>>;
  /** The path is lost for the moment: the connection waits for it, and does not know how long. */
  readonly interrupted: boolean;
  /** Sends this track from now on, without a new description; `null` for nothing. Never rejects. */
  setTrack(source: MediaSource, track: MediaStreamTrack | null): Promise<void>;
  /** Never rejects: what the browser does not know is left out. */
  setEncoding(source: MediaSource, encoding: Encoding): Promise<void>;
  /** How loud the other side's microphone is at present, from 0 to 1. */
  remoteLevel(): number;
  /** `undefined` once the connection has closed. */
  stats(): Promise<RTCStatsReport | undefined>;
}

/** Sound comes first at every queue: it is little, and what a call cannot do without. */
const PRIORITY: Readonly<Record<MediaSource, RTCPriorityType>> = {
  microphone: 'high',
  camera: 'low',
  screen: 'medium',
  'screen-sound': 'medium',
};

/** The side that makes the offer lays out the media sections; the other takes them as they come. */
export function layOutMedia(connection: RTCPeerConnection): void {
  const streams = createStreams();
  for (const source of MEDIA_SOURCES)
    connection.addTransceiver(kindOf(source), { direction: 'sendrecv', streams: [streams[source]] });
}

/** The side that answers says that it may send on every section, too. To be called for every `track` event. */
export function answerMedia(connection: RTCPeerConnection): void {
  const streams = createStreams();
  for (const [index, source] of MEDIA_SOURCES.entries()) {
    const transceiver = connection.getTransceivers()[index];
    if (transceiver?.direction !== 'recvonly') continue;
    transceiver.direction = 'sendrecv';
    transceiver.sender.setStreams(streams[source]);
  }
}

/** What is named as of one stream is played in step at the other side: lips with the voice, a screen with its sound. */
function createStreams(): Record<MediaSource, MediaStream> {
  const [person, screen] = [new MediaStream(), new MediaStream()];
  return { microphone: person, camera: person, screen, 'screen-sound': screen };
}

/** The media of a connection whose descriptions have both been made; `undefined` if they have not the sections of a call. */
export function mediaOf(connection: RTCPeerConnection): Media | undefined {
  const transceivers = connection.getTransceivers();
  const fits = MEDIA_SOURCES.every((source, index) => {
    const transceiver = transceivers[index];
    return transceiver?.receiver.track.kind === kindOf(source) && transceiver.currentDirection === 'sendrecv';
  });
  return fits ? new PeerConnectionMedia(connection, transceivers) : undefined;
}

class PeerConnectionMedia implements Media {
  readonly remote: Readonly<Record<MediaSource, MediaStreamTrack>>;
  readonly mids: Readonly<Record<MediaSource, string>>;
  readonly #connection: RTCPeerConnection;
  readonly #transceivers: Readonly<Record<MediaSource, RTCRtpTransceiver>>;
  /** Browsers want one change of a sender's parameters to be through before the next is begun. */
  readonly #changes: Record<MediaSource, Promise<void>>;

  constructor(connection: RTCPeerConnection, transceivers: readonly RTCRtpTransceiver[]) {
    this.#connection = connection;
    this.#transceivers = bySource((_, index) => transceivers[index]!);
    this.remote = bySource((source) => this.#transceivers[source].receiver.track);
    this.mids = bySource((source) => this.#transceivers[source].mid ?? '');
    this.#changes = bySource(() => Promise.resolve());
  }

  get interrupted(): boolean {
    return this.#connection.connectionState === 'disconnected';
  }

  setTrack(source: MediaSource, track: MediaStreamTrack | null): Promise<void> {
    return this.#change(source, (sender) => sender.replaceTrack(track));
  }

  setEncoding(source: MediaSource, encoding: Encoding): Promise<void> {
    return this.#change(source, async (sender) => {
      const parameters = sender.getParameters();
      const [first] = parameters.encodings;
      if (!first) throw new Error('a sender without an encoding');
      Object.assign(first, encoding, { priority: PRIORITY[source], networkPriority: PRIORITY[source] });
      await sender.setParameters(parameters);
    });
  }

  remoteLevel(): number {
    const [newest] = this.#transceivers.microphone.receiver.getSynchronizationSources();
    return newest?.audioLevel ?? 0;
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    if (this.#isClosed) return undefined;
    try {
      return await this.#connection.getStats();
    } catch (error) {
      if (!this.#isClosed) console.warn('The connection of a call gives no statistics.', error);
      return undefined;
    }
  }

  get #isClosed(): boolean {
    return this.#connection.connectionState === 'closed';
  }

  #change(source: MediaSource, change: (sender: RTCRtpSender) => Promise<void>): Promise<void> {
    const done = this.#changes[source].then(async () => {
      if (this.#isClosed) return;
      try {
        await change(this.#transceivers[source].sender);
      } catch (error) {
        if (!this.#isClosed) console.error(`What is sent of the ${source} could not be changed.`, error);
      }
    });
    this.#changes[source] = done;
    return done;
  }
}

function kindOf(source: MediaSource): 'audio' | 'video' {
  return source === 'microphone' || source === 'screen-sound' ? 'audio' : 'video';
}

function bySource<T>(make: (source: MediaSource, index: number) => T): Record<MediaSource, T> {
  return Object.fromEntries(MEDIA_SOURCES.map((source, index) => [source, make(source, index)])) as Record<
    MediaSource,
    T
  >;
}
