import type { ConnectionSignal } from '@tincan/shared/introduction';
import type { IceServer } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import type { Breach } from './breach.ts';
import type { Connection, ConnectionEnd, CreateConnection, Route } from './connection.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Media } from './media.ts';

/** ICE gives up on a pair after about 15 s; an attempt that is not through by then is begun anew. */
const CONNECT_TIMEOUT_MS = 15_000;

type SlotEvents = {
  signal: { epoch: number; signal: ConnectionSignal };
  open: undefined;
  message: string | ArrayBuffer;
  drain: undefined;
  interrupted: boolean;
  /** A connection ended, or gave way to a newer one: then `idle` is already false again. */
  close: ConnectionEnd;
  /** The other side did not show its own certificate: the connection that it meant is closed or was not begun. */
  breach: Breach;
};

export interface ConnectionSlotOptions {
  /** Whether this side makes the offers. */
  initiates: boolean;
  createConnection: CreateConnection;
  getIceServers: () => readonly IceServer[];
  label: string;
  /** Whether its connections carry a call. */
  media?: boolean;
  /** Epochs up to this one have been used. */
  lastEpoch?: number;
  /** Whether this is the other side's certificate. */
  isTheirs: (fingerprint: string) => boolean;
}

/** Of both sides' certificates, as the descriptions name them and the browser then enforces. */
export interface Fingerprints {
  local: string;
  remote: string;
}

interface Attempt {
  readonly epoch: number;
  readonly connection: Connection;
  readonly timeout: ReturnType<typeof setTimeout>;
  answered: boolean;
  localFingerprint: string | undefined;
  remoteFingerprint: string | undefined;
  /** The other side has shown its certificate, and may be listened to. */
  proven: boolean;
}

/**
 * Holds at most one connection at a time, each of a higher epoch than the one before. What belongs to an older one,
 * signals from the other side as much as events of a connection that has gone, never gets past here.
 */
export class ConnectionSlot extends Emitter<SlotEvents> {
  readonly #options: ConnectionSlotOptions;
  #epoch: number;
  #current: Attempt | undefined;

  constructor(options: ConnectionSlotOptions) {
    super();
    this.#options = options;
    this.#epoch = options.lastEpoch ?? 0;
  }

  /** The highest epoch seen so far. */
  get epoch(): number {
    return this.#epoch;
  }
  /** There is no connection, and no attempt at one. */
  get idle(): boolean {
    return this.#current === undefined;
  }
  /** The other side has answered the current offer: whatever it says later, it says knowing of this connection. */
  get answered(): boolean {
    return this.#current?.answered ?? false;
  }
  /** Of the present attempt; `undefined` if there is none. */
  get currentEpoch(): number | undefined {
    return this.#current?.epoch;
  }
  get media(): Media | undefined {
    return this.#current?.proven ? this.#current.connection.media : undefined;
  }
  /** Of the present connection, once both sides have described themselves. */
  get fingerprints(): Fingerprints | undefined {
    const { localFingerprint: local, remoteFingerprint: remote } = this.#current ?? {};
    return local !== undefined && remote !== undefined ? { local, remote } : undefined;
  }
  /** The largest message that the other side takes on the present connection, in bytes. */
  get maxMessageBytes(): number {
    return this.#current?.connection.maxMessageBytes ?? 0;
  }
  get bufferedBytes(): number {
    return this.#current?.connection.bufferedBytes ?? 0;
  }

  /** Begins a new connection in place of the present one. Only for the side that initiates. */
  start(): void {
    this.#begin(this.#epoch + 1);
  }

  /** Epochs up to this one have been used, by an attempt that never got here or was not wanted. */
  skipTo(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  handleSignal(epoch: number, signal: ConnectionSignal): void {
    const { initiates } = this.#options;
    if (signal.type === 'offer' && (initiates || epoch <= this.#epoch)) return;
    if (signal.type === 'answer' && !initiates) return;
    if (signal.type !== 'offer' && this.#current?.epoch !== epoch) return;
    if (signal.type !== 'candidate' && !this.#admitDescription(signal)) return;
    if (signal.type === 'offer') this.#begin(epoch);
    if (!this.#current) return;
    if (signal.type !== 'candidate') this.#current.remoteFingerprint = fingerprintOf(signal.sdp);
    if (signal.type === 'answer') this.#current.answered = true;
    this.#current.connection.handleSignal(signal);
  }

  /** The attempt has succeeded: lifts its time limit. */
  settle(): void {
    clearTimeout(this.#current?.timeout);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#current?.connection.send(data);
  }

  /** Of the present connection. */
  setLowWater(bytes: number): void {
    this.#current?.connection.setLowWater(bytes);
  }

  async route(): Promise<Route | undefined> {
    return this.#current?.connection.route();
  }

  /** Ends the present connection, if any. */
  drop(reason: string): void {
    const ended = this.#current;
    if (!ended) return;
    this.#current = undefined;
    this.#retire(ended, { reason });
  }

  /** Whoever describes another certificate than the session's is somebody else. An offer is refused before it replaces anything. */
  #admitDescription({ type, sdp }: Extract<ConnectionSignal, { sdp: string }>): boolean {
    const fingerprint = fingerprintOf(sdp);
    if (fingerprint !== undefined && this.#options.isTheirs(fingerprint)) return true;
    if (type === 'answer') this.drop('refused: a description without the certificate of the session');
    this.emit('breach', 'wrong-certificate');
    return false;
  }

  #begin(epoch: number): void {
    const { createConnection, getIceServers, initiates, label, media = false } = this.#options;
    const replaced = this.#current;
    this.#epoch = epoch;
    const connection = createConnection({ initiator: initiates, iceServers: getIceServers(), label, media });
    const timeout = setTimeout(() => this.drop('not connected in time'), CONNECT_TIMEOUT_MS);
    const attempt: Attempt = {
      ...{ epoch, connection, timeout },
      answered: false,
      localFingerprint: undefined,
      remoteFingerprint: undefined,
      proven: false,
    };
    this.#current = attempt;
    const isCurrent = () => this.#current === attempt;
    connection.on('signal', (signal) => {
      if (!isCurrent()) return;
      if (signal.type !== 'candidate') attempt.localFingerprint = fingerprintOf(signal.sdp);
      this.emit('signal', { epoch, signal });
    });
    connection.on('open', () => isCurrent() && this.#handleOpen(attempt));
    connection.on('message', (message) => isCurrent() && attempt.proven && this.emit('message', message));
    connection.on('drain', () => isCurrent() && this.emit('drain', undefined));
    connection.on('interrupted', (is) => isCurrent() && attempt.proven && this.emit('interrupted', is));
    connection.on('close', (end) => {
      if (!isCurrent()) return;
      this.#current = undefined;
      this.#retire(attempt, end);
    });
    if (replaced) this.#retire(replaced, { reason: 'replaced by a newer connection' });
  }

  /** A description says which certificate is to be expected; what counts is which one the other side has proved to hold. */
  #handleOpen(attempt: Attempt): void {
    const { provenFingerprint } = attempt.connection;
    attempt.proven = provenFingerprint !== undefined && provenFingerprint === attempt.remoteFingerprint;
    if (attempt.proven) return this.emit('open', undefined);
    this.drop('refused: another certificate than was described');
    this.emit('breach', 'wrong-certificate');
  }

  #retire({ connection, timeout }: Attempt, end: ConnectionEnd): void {
    clearTimeout(timeout);
    connection.close();
    this.emit('close', end);
  }
}
