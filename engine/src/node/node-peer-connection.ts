import {
  type RTCDataChannel as Channel,
  RTCDataChannelEvent,
  RTCIceCandidate,
  RTCPeerConnection,
  RTCPeerConnectionIceEvent,
  RTCSessionDescription as Description,
} from 'node-datachannel/polyfill';
import { toNativeIceServers } from './ice-servers.ts';
import { NativeConnection } from './native-connection.ts';

/** How long the other side may take for what a channel brings after it was closed here. */
const LINGER_MS = 1_000;

/** The certificate and key that a connection shows, as PEM. */
export interface NodeConfiguration extends RTCConfiguration {
  certificatePem?: string;
  keyPem?: string;
}

/** WebRTC without a browser: the library's imitation of the W3C's class, where that differs from what browsers do. */
export class NodePeerConnection extends RTCPeerConnection {
  readonly #native: NativeConnection;
  #closedHere = false;
  #wasConnected = false;
  /** The channel was closed here, and may still have something to bring. */
  #bringsRest = false;
  /**
   * Candidates, until the other side's description is set. Who has them earlier begins its handshake earlier, and the library
   * (0.33.4) then may look at a certificate before it has stored the fingerprint that this has to fit, and give up.
   */
  #held: RTCPeerConnectionIceEvent[] | undefined = [];

  constructor({ iceServers = [], certificatePem, keyPem }: NodeConfiguration = {}) {
    // The fields are named for files, but take the text itself: so the key is never on a disk.
    const native = new NativeConnection('tincan', {
      iceServers: toNativeIceServers(iceServers),
      ...(certificatePem !== undefined && { certificatePemFile: certificatePem }),
      ...(keyPem !== undefined && { keyPemFile: keyPem }),
    });
    super({ iceServers: [], peerConnection: native });
    this.#native = native;
  }

  /** Of the certificate that the other side has shown in the handshake, whatever its description says; `undefined` before. */
  get provenFingerprint(): string | undefined {
    const { algorithm, value } = this.#native.remoteFingerprint();
    return algorithm === 'sha-256' && value !== '' ? `SHA-256 ${value.toUpperCase()}` : undefined;
  }

  /**
   * In a browser a connection that could not be made stays `failed`; the library's is `closed` at once, and nobody would notice.
   * One that was made ends with its channel, which first brings what has arrived.
   */
  override get connectionState(): RTCPeerConnectionState {
    if (this.#closedHere) return 'closed';
    const state = super.connectionState;
    return state === 'closed' && !this.#wasConnected ? 'failed' : state;
  }

  /** Not before the other side has had what its channel still brings, or has had time to. */
  override close(): void {
    if (this.#closedHere) return;
    this.#closedHere = true;
    if (!this.#bringsRest || super.connectionState !== 'connected') return super.close();
    const timer = setTimeout(() => super.close(), LINGER_MS);
    this.addEventListener('connectionstatechange', () => {
      if (super.connectionState !== 'closed') return;
      clearTimeout(timer);
      super.close();
    });
  }

  override createDataChannel(label: string, options?: RTCDataChannelInit): Channel {
    const channel = super.createDataChannel(label, options);
    this.#watch(channel);
    return channel;
  }

  override async createOffer(): Promise<RTCSessionDescriptionInit> {
    return plain((await super.createOffer()) as RTCSessionDescription);
  }

  override async createAnswer(): Promise<RTCSessionDescriptionInit> {
    return plain((await super.createAnswer()) as RTCSessionDescription);
  }

  /** Without candidates: each goes out by itself. */
  override get localDescription(): RTCSessionDescription {
    const { type, sdp } = super.localDescription;
    return new Description({ type, sdp: sdp.replace(/^a=(candidate:.*|end-of-candidates)(\r\n|\n|$)/gm, '') });
  }

  override async setRemoteDescription({ type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
    await super.setRemoteDescription({ type, sdp: withoutSctpInit(sdp) });
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) super.dispatchEvent(event);
  }

  override dispatchEvent(event: Event): boolean {
    if (event instanceof RTCDataChannelEvent) this.#watch(event.channel);
    if (event.type === 'connectionstatechange') this.#wasConnected ||= super.connectionState === 'connected';
    if (!(event instanceof RTCPeerConnectionIceEvent)) return super.dispatchEvent(event);
    if (!this.#held) return super.dispatchEvent(bare(event));
    this.#held.push(bare(event));
    return true;
  }

  /**
   * A channel that is closed here brings what it still has, and in a browser is `closed` after that. The library's is at once, and
   * simple-peer then closes the connection. Only one that the other side closes is `closing` before.
   */
  #watch(channel: Channel): void {
    let closedThere = false;
    channel.addEventListener('closing', () => (closedThere = true));
    channel.addEventListener('close', () => (this.#bringsRest = !closedThere));
  }
}

/**
 * Takes out of a description what a newer browser offers to save a round trip: the library does not know it, yet repeats the
 * line in its answer as if it were its own, and the connection fails.
 */
export function withoutSctpInit(sdp: string): string {
  return sdp.replace(/^a=sctp-init:.*(\r\n|\n|$)/gim, '');
}

/** simple-peer sets fields of a description, and the library's has none that can be set. */
function plain({ type, sdp }: RTCSessionDescription): RTCSessionDescriptionInit {
  return { type, sdp };
}

/** The library writes a candidate as a line of a description, `a=` and all; browsers do not read that. */
function bare(event: RTCPeerConnectionIceEvent): RTCPeerConnectionIceEvent {
  const { candidate, sdpMid } = event.candidate;
  return new RTCPeerConnectionIceEvent(
    new RTCIceCandidate({ candidate: candidate.replace(/^a=/, ''), sdpMid, sdpMLineIndex: 0 }),
  );
}
