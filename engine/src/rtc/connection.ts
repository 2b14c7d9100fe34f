// The port to WebRTC: one peer connection with one ordered, reliable channel, and a call's media where asked for. testing/connection-contract.ts says in
// runnable form what every implementation must keep.
import type { ConnectionSignal } from '@tincan/shared/introduction';
import type { IceServer } from '@tincan/shared/signaling';
import type { Media } from './media.ts';

/** `drain` comes when the buffer falls to this, in bytes, unless told otherwise: enough to keep the network busy until more is handed over. */
export const LOW_WATER_BYTES = 262_144;

export interface ConnectionEnd {
  /** Terse, for the log. */
  reason: string;
  cause?: unknown;
}

export type ConnectionEvents = {
  /** To be brought to the other side's `handleSignal`, in order. */
  signal: ConnectionSignal;
  /** Both sides can send; with `media`, tracks. */
  open: undefined;
  message: string | ArrayBuffer;
  /** `bufferedBytes` has fallen to the low mark from above it. */
  drain: undefined;
  /** The path is lost for the moment, or is there again; the connection waits for it, and ends by itself if that takes too long. */
  interrupted: boolean;
  /** Exactly once, whoever ended it and whether it was ever open; nothing comes after it. */
  close: ConnectionEnd;
};

/** Between `createConnection` and its return no event is emitted, so handlers added at once miss nothing. */
export interface Connection {
  on<Name extends keyof ConnectionEvents>(name: Name, handler: (event: ConnectionEvents[Name]) => void): () => void;
  /** Takes what the other side's `signal` gave. Never throws: what does not fit ends the connection. */
  handleSignal(signal: ConnectionSignal): void;
  /** In order. Does nothing unless open. Never throws: what cannot be sent ends the connection. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedBytes: number;
  /** From now on the low mark is this, in bytes. */
  setLowWater(bytes: number): void;
  /** The largest message that the other side takes, in bytes, once open. */
  readonly maxMessageBytes: number;
  /** Of the certificate whose key the other side has proved to hold, once open; the browser's word, not the description's. */
  readonly provenFingerprint: string | undefined;
  /** What it carries of a call: of a connection with `media`, once it is open. */
  readonly media: Media | undefined;
  /** How the bytes travel; `undefined` while that is not known. */
  route(): Promise<Route | undefined>;
  close(): void;
}

export type Route = 'direct' | 'relay';

export interface ConnectionOptions {
  /** One side makes the offer, the other waits for it. */
  initiator: boolean;
  iceServers: readonly IceServer[];
  /** Names the channel in the browser's own diagnostics. */
  label: string;
  /**
   * For a call: lays out its sections, and carries no messages. Without the sections in the other side's description, or with a message
   * from there, the connection closes.
   */
  media?: boolean;
}

/** Never throws: where WebRTC is missing, the connection closes. */
export type CreateConnection = (options: ConnectionOptions) => Connection;
