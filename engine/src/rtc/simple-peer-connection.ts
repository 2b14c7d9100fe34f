// simple-peer behind the port. It negotiates; its stream is not used: the channel is taken over before it opens, so
// that there is one buffer (the channel's own) and our marks. No other file imports simple-peer or knows its insides.
import type { ConnectionSignal, SessionId } from '@tincan/shared/introduction';
import { sessionOf } from '@tincan/shared/session';
import type { IceServer } from '@tincan/shared/signaling';
import type { Instance, SignalData } from 'simple-peer';
import SimplePeer from 'simple-peer/simplepeer.min.js';
import { Emitter } from '../platform/emitter.ts';
import {
  LOW_WATER_BYTES,
  type Connection,
  type ConnectionEnd,
  type ConnectionEvents,
  type ConnectionOptions,
  type CreateConnection,
  type Route,
} from './connection.ts';
import { fingerprintOf, fingerprintOfCertificate } from './fingerprint.ts';
import { answerMedia, layOutMedia, mediaOf, type Media } from './media.ts';

/**
 * The first message of every channel, from the side that opened it. A browser may lose what reaches it before its own end
 * of the channel is open (seen in Chromium: about one in a hundred times), so the other side waits for this.
 */
const READY = 'ready';

/** What a side takes that does not say how much (RFC 8841), and what no browser sends more of. */
const DEFAULT_MESSAGE_BYTES = 65_536;
const MAX_MESSAGE_BYTES = 262_144;

/** How long a closed connection may take to send what it still has. */
const LINGER_MS = 1_000;

/** What simple-peer 9 keeps to itself. `_pc` is missing when the browser refused to make one. */
interface Insides {
  readonly _pc?: RTCPeerConnection | null;
  readonly _channel?: RTCDataChannel | null;
}

/** How long a page may be open before its certificate ends: the most that browsers allow, in milliseconds. */
const CERTIFICATE_MS = 365 * 86_400_000;

/** What a page is to its peers: a certificate, fresh and never stored, which all its connections show. */
export interface Identity {
  /** The certificate's name: see `sessionOf`. */
  session: SessionId;
  createConnection: CreateConnection;
}

/** Whose WebRTC it is, and how its connections show a certificate: the browser's own, or what stands in for it elsewhere. */
export interface Platform {
  readonly wrtc: Pick<typeof globalThis, 'RTCPeerConnection' | 'RTCSessionDescription' | 'RTCIceCandidate'>;
  /** For every connection of the identity: names its certificate. */
  readonly configuration: RTCConfiguration;
  /** Whether a connection can carry sound and pictures. */
  readonly carriesCalls: boolean;
  /** Of the certificate whose key the other side has proved to hold, as `SHA-256 AB:…`; `undefined` before it has. */
  provenFingerprint(connection: RTCPeerConnection): string | undefined;
}

/** Makes a new identity. Rejects where the browser does not let the page use WebRTC. */
export async function createIdentity(platform?: Platform): Promise<Identity> {
  const its = platform ?? (await createBrowserPlatform());
  // Not every browser tells a certificate's fingerprint, but each writes it into what it describes.
  const connection = new its.wrtc.RTCPeerConnection(its.configuration);
  connection.createDataChannel('fingerprint');
  const { sdp = '' } = await connection.createOffer();
  connection.close();
  const fingerprint = fingerprintOf(sdp);
  if (fingerprint === undefined) throw new Error('WebRTC names no SHA-256 fingerprint of its certificate');
  return {
    session: sessionOf(fingerprint),
    createConnection: (options) => new SimplePeerConnection(options, its),
  };
}

async function createBrowserPlatform(): Promise<Platform> {
  // The cast: `expires` stands in the WebRTC specification and not in TypeScript's list.
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', expires: CERTIFICATE_MS } as EcKeyGenParams;
  const certificate = await RTCPeerConnection.generateCertificate(algorithm);
  return {
    wrtc: { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate },
    configuration: { certificates: [certificate] },
    carriesCalls: true,
    provenFingerprint: ({ sctp }) => {
      const [der] = sctp?.transport.getRemoteCertificates() ?? [];
      return der && fingerprintOfCertificate(der);
    },
  };
}

class SimplePeerConnection extends Emitter<ConnectionEvents> implements Connection {
  readonly #platform: Platform;
  readonly #peer: (Instance & Insides) | undefined;
  readonly #initiator: boolean;
  readonly #wantsMedia: boolean;
  #media: Media | undefined;
  #channel: RTCDataChannel | undefined;
  #lowWaterBytes = LOW_WATER_BYTES;
  #open = false;
  #ended = false;

  constructor(options: ConnectionOptions, platform: Platform) {
    super();
    const { initiator, iceServers, label, media = false } = options;
    const { wrtc, configuration, carriesCalls } = platform;
    this.#platform = platform;
    this.#initiator = initiator;
    this.#wantsMedia = media;
    if (media && !carriesCalls) {
      queueMicrotask(() => this.#end({ reason: 'this program carries no calls' }));
      return;
    }
    try {
      const config: RTCConfiguration = {
        ...configuration,
        iceServers: usable(iceServers, wrtc.RTCPeerConnection),
        bundlePolicy: 'max-bundle',
      };
      // Candidates go out as they come, so nothing waits for the last one; but simple-peer's timer for it would hold a program open.
      const peer: Instance & Insides = new SimplePeer({
        ...{ initiator, channelName: label, config, wrtc },
        iceCompleteTimeout: 1,
      });
      this.#peer = peer;
      peer.on('signal', (signal) => this.#handleLocalSignal(signal));
      peer.on('error', (cause) => this.#end({ reason: cause.message, cause }));
      peer.on('close', () => this.#end({ reason: 'closed by the other side' }));
      // The initiator has its channel already. The other side gets it in an event, where simple-peer's handler comes
      // first and ours next, before anything can have been received.
      if (peer._channel) this.#takeOver(peer._channel);
      else peer._pc?.addEventListener('datachannel', ({ channel }) => this.#takeOver(channel));
      if (peer._pc) this.#watch(peer._pc);
    } catch (cause) {
      queueMicrotask(() => this.#end({ reason: 'WebRTC is not available', cause }));
    }
  }

  get bufferedBytes(): number {
    return this.#channel?.bufferedAmount ?? 0;
  }

  setLowWater(bytes: number): void {
    this.#lowWaterBytes = bytes;
    if (this.#channel) this.#channel.bufferedAmountLowThreshold = bytes;
  }

  get maxMessageBytes(): number {
    return Math.min(this.#peer?._pc?.sctp?.maxMessageSize ?? DEFAULT_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
  }

  get provenFingerprint(): string | undefined {
    const connection = this.#peer?._pc;
    return connection ? this.#platform.provenFingerprint(connection) : undefined;
  }

  get media(): Media | undefined {
    return this.#media;
  }

  handleSignal(signal: ConnectionSignal): void {
    if (this.#ended) return;
    try {
      this.#peer?.signal(signal.type === 'candidate' ? nested(signal) : signal);
    } catch (cause) {
      this.#end({ reason: 'bad signal', cause });
    }
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#ended || !this.#open || this.#channel?.readyState !== 'open') return;
    try {
      // One overload per type of data, and none for both.
      if (typeof data === 'string') this.#channel.send(data);
      else this.#channel.send(data);
    } catch (cause) {
      this.#end({ reason: 'cannot send', cause });
    }
  }

  async route(): Promise<Route | undefined> {
    const connection = this.#ended ? undefined : this.#peer?._pc;
    try {
      return connection ? routeOf(await connection.getStats()) : undefined;
    } catch {
      return undefined; // closed while it was asked
    }
  }

  close(): void {
    if (this.#ended) return;
    // A channel that is closed sends what it still has (a last word above all), and simple-peer destroys itself when that
    // is done; a connection that is closed forgets it.
    // A call has no last word, and nothing of it may go on.
    const isOpen = !this.#wantsMedia && this.#channel?.readyState === 'open';
    if (isOpen) this.#channel?.close();
    if (isOpen) setTimeout(() => void this.#peer?.destroy(), LINGER_MS);
    else this.#peer?.destroy();
    this.#finish({ reason: 'closed here' });
  }

  #watch(connection: RTCPeerConnection): void {
    let interrupted = false;
    connection.addEventListener('connectionstatechange', () => {
      const isInterrupted = connection.connectionState === 'disconnected';
      if (this.#ended || isInterrupted === interrupted) return;
      interrupted = isInterrupted;
      this.emit('interrupted', interrupted);
    });
    if (!this.#wantsMedia) return;
    // Not only when the channel opens: its own handshake takes two round trips more, and nothing of a call goes over it.
    for (const change of ['connectionstatechange', 'signalingstatechange'])
      connection.addEventListener(change, this.#lookForMedia);
    // simple-peer makes its offer in a later turn, and its answer after these events.
    if (this.#initiator) layOutMedia(connection);
    else connection.addEventListener('track', () => answerMedia(connection));
  }

  #takeOver(channel: RTCDataChannel): void {
    if (this.#channel) return;
    this.#channel = channel;
    channel.bufferedAmountLowThreshold = this.#lowWaterBytes;
    channel.onmessage = ({ data }) => this.#handleMessage(data as string | ArrayBuffer);
    // The event may come late, when more has been handed over already; then another one follows.
    channel.onbufferedamountlow = () => {
      if (!this.#ended && channel.bufferedAmount <= this.#lowWaterBytes) this.emit('drain', undefined);
    };
    // Not simple-peer's `connect`, which asks for statistics first: messages may come meanwhile.
    channel.addEventListener('open', () => {
      if (this.#wantsMedia) return this.#lookForMedia();
      if (!this.#initiator || this.#ended) return;
      channel.send(READY);
      this.#handleOpen();
    });
  }

  #handleMessage(message: string | ArrayBuffer): void {
    if (this.#ended) return;
    if (this.#wantsMedia) this.#end({ reason: 'a message on the connection of a call' });
    else if (this.#open) this.emit('message', message);
    else if (message === READY) this.#handleOpen();
    else this.#end({ reason: 'a message before the channel was said to be ready' });
  }

  /** The transport may be there before the answer has wholly been taken in, and only then is it known what flows. */
  readonly #lookForMedia = (): void => {
    const connection = this.#peer?._pc;
    if (this.#ended || this.#open || connection?.signalingState !== 'stable') return;
    // Not the transport's state, which Chromium may set back to that of a moment ago: who has shown a certificate is connected.
    if (this.provenFingerprint === undefined)
      return connection.sctp?.transport.addEventListener('statechange', this.#lookForMedia);
    this.#media = mediaOf(connection);
    if (this.#media) this.#handleOpen();
    else this.#end({ reason: 'the other side describes no call' });
  };

  #handleOpen(): void {
    this.#open = true;
    this.emit('open', undefined);
  }

  #handleLocalSignal(signal: SignalData): void {
    if (this.#ended) return;
    if (signal.type === 'candidate') this.emit('signal', flat(signal.candidate));
    // Requests to renegotiate have no use here: a connection is one channel from beginning to end.
    else if (signal.type === 'offer' || signal.type === 'answer')
      this.emit('signal', { type: signal.type, sdp: signal.sdp ?? '' });
  }

  #end(end: ConnectionEnd): void {
    if (this.#ended) return;
    this.#peer?.destroy(); // does nothing if it destroyed itself
    this.#finish(end);
  }

  #finish(end: ConnectionEnd): void {
    this.#ended = true;
    this.emit('close', end);
  }
}

/** More STUN and TURN servers than these only slow gathering down, in every browser. */
const MAX_ICE_SERVERS = 16;
/** Whether this browser takes a server; asked once for each, as a browser has only so many connections to ask with. */
const verdicts = new Map<string, boolean>();

/** The servers that this browser takes: one that it does not would make every connection fail, and the server names them. */
function usable(iceServers: readonly IceServer[], PeerConnection: typeof RTCPeerConnection): RTCIceServer[] {
  return (iceServers.slice(0, MAX_ICE_SERVERS) as RTCIceServer[]).filter((server) => {
    const name = JSON.stringify(server);
    const verdict = verdicts.get(name) ?? isTaken(server, PeerConnection);
    if (verdicts.size < 16 * MAX_ICE_SERVERS) verdicts.set(name, verdict);
    return verdict;
  });
}

function isTaken(server: RTCIceServer, PeerConnection: typeof RTCPeerConnection): boolean {
  try {
    new PeerConnection({ iceServers: [server] }).close();
    return true;
  } catch (error) {
    console.warn('A STUN or TURN server that the server named is not used.', error);
    return false;
  }
}

function flat({ candidate, sdpMid, sdpMLineIndex }: RTCIceCandidate): ConnectionSignal {
  return { type: 'candidate', candidate, sdpMid: sdpMid ?? null, sdpMLineIndex: sdpMLineIndex ?? null };
}

function nested({ candidate, sdpMid, sdpMLineIndex }: Extract<ConnectionSignal, { type: 'candidate' }>): SignalData {
  return { type: 'candidate', candidate: { candidate, sdpMid, sdpMLineIndex } as RTCIceCandidate };
}

interface PairStats extends RTCIceCandidatePairStats {
  /** Firefox's own mark of the pair in use. */
  selected?: boolean;
}

function routeOf(stats: RTCStatsReport): Route | undefined {
  const reports = [...stats.values()] as RTCStats[];
  const transport = reports.find((report) => report.type === 'transport') as RTCTransportStats | undefined;
  const pairs = reports.filter((report) => report.type === 'candidate-pair') as PairStats[];
  const pair =
    pairs.find(({ id }) => id === transport?.selectedCandidatePairId) ??
    pairs.find(({ selected }) => selected) ??
    pairs.find(({ nominated, state }) => nominated && state === 'succeeded');
  if (!pair) return undefined;
  const isRelay = (id: string) => (stats.get(id) as { candidateType?: string } | undefined)?.candidateType === 'relay';
  return isRelay(pair.localCandidateId) || isRelay(pair.remoteCandidateId) ? 'relay' : 'direct';
}
