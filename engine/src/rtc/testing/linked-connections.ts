import { MEDIA_SOURCES, type MediaSource } from '@tincan/shared/call';
import type { ConnectionSignal, SessionId } from '@tincan/shared/introduction';
import { Emitter } from '../../platform/emitter.ts';
import { fingerprintOf } from '../fingerprint.ts';
import {
  LOW_WATER_BYTES,
  type Connection,
  type ConnectionEvents,
  type ConnectionOptions,
  type CreateConnection,
  type Route,
} from '../connection.ts';
import type { Encoding, Media } from '../media.ts';

export interface LinkedNetworkOptions {
  /** How long each message takes; order within one direction is kept all the same. */
  latencyMs?: () => number;
}

/** A network in memory. Connections that it creates find each other by their descriptions, as real ones do. */
export class LinkedNetwork {
  /** Everything that was ever created here, oldest first. */
  readonly connections: LinkedConnection[] = [];
  readonly latencyMs: () => number;
  /** While set, whatever is sent is lost and nobody is told. */
  silent = false;
  /** While set, the network takes nothing: what is sent waits, and is never carried. */
  stuck = false;
  /** While set, descriptions are exchanged but no connection opens. */
  blocked = false;
  route: Route = 'direct';

  constructor({ latencyMs = () => 0 }: LinkedNetworkOptions = {}) {
    this.latencyMs = latencyMs;
  }

  readonly createConnection: CreateConnection = this.showing('anybody');

  /** Connections of a page with a certificate of its own, named by any text. */
  showing(certificate: string): CreateConnection {
    return (options) => {
      const connection = new LinkedConnection(this, `${this.connections.length}`, certificate, options);
      this.connections.push(connection);
      return connection;
    };
  }

  /** The connections of this label that are open now, the initiators' ends only. */
  open(label = 'link'): LinkedConnection[] {
    return this.connections.filter(
      (connection) => connection.initiator && connection.isOpen && connection.label === label,
    );
  }

  /** Cuts connections: both ends close, and what was on its way is lost. */
  cut(connections: readonly LinkedConnection[] = this.connections): void {
    for (const connection of connections) connection.cut();
  }
}

/** One end of a connection in memory. */
export class LinkedConnection extends Emitter<ConnectionEvents> implements Connection {
  readonly id: string;
  readonly initiator: boolean;
  readonly label: string;
  /** Its description, of either type. */
  readonly sdp: string;
  /** Of the certificate that it really has, whatever its description says. */
  readonly certificateLine: string;
  readonly #network: LinkedNetwork;
  readonly hasMedia: boolean;
  readonly #fakeMedia: FakeMedia | undefined;
  #far: LinkedConnection | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  #bufferedBytes = 0;
  #lowWaterBytes = LOW_WATER_BYTES;
  #arriving: { at: number; arrive: () => void }[] = [];

  constructor(network: LinkedNetwork, id: string, certificate: string, options: ConnectionOptions) {
    super();
    const { initiator, label, media = false } = options;
    this.hasMedia = media;
    this.#fakeMedia = media ? new FakeMedia() : undefined;
    this.certificateLine = fingerprintLine(certificate);
    this.sdp = `v=0 ${id}\r\n${this.certificateLine}\r\n`;
    this.#network = network;
    this.id = id;
    this.initiator = initiator;
    this.label = label;
    if (initiator) setTimeout(() => this.#describe('offer'), 0);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }
  setLowWater(bytes: number): void {
    this.#lowWaterBytes = bytes;
  }
  get maxMessageBytes(): number {
    return 262_144;
  }
  get provenFingerprint(): string | undefined {
    return this.#far && fingerprintOf(this.#far.certificateLine);
  }

  get media(): FakeMedia | undefined {
    return this.isOpen ? this.#fakeMedia : undefined;
  }

  handleSignal(signal: ConnectionSignal): void {
    if (this.#state === 'closed' || signal.type === 'candidate') return;
    const far = this.#network.connections.find(({ id }) => signal.sdp.startsWith(`v=0 ${id}\r\n`));
    if (!far || this.#far || this.initiator !== (signal.type === 'answer')) return this.#end('bad signal');
    this.#far = far;
    if (signal.type === 'offer') return void setTimeout(() => this.#describe('answer'), 0);
    if (this.#network.blocked || far.#far !== this) return;
    far.#deliver(() => this.#open());
    this.#deliver(() => far.#open());
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#state !== 'open') return;
    const message = typeof data === 'string' ? data : data.slice().buffer;
    const bytes = typeof message === 'string' ? message.length : message.byteLength;
    this.#bufferedBytes += bytes;
    if (this.#network.stuck) return;
    const lost = this.#network.silent;
    const far = this.#far;
    this.#deliver(() => {
      this.#release(bytes);
      if (!lost && far?.isOpen) far.#receive(message);
    });
  }

  async route(): Promise<Route | undefined> {
    return this.#state === 'open' ? this.#network.route : undefined;
  }

  close(): void {
    const far = this.#far;
    const lost = this.#network.silent;
    if (far && !lost) this.#deliver(() => far.#end('closed by the other side'));
    this.#end('closed here');
  }

  /** The path is lost for the moment, or there again, and this end notices. */
  interrupt(interrupted: boolean): void {
    if (this.#fakeMedia) this.#fakeMedia.interrupted = interrupted;
    if (this.isOpen) this.emit('interrupted', interrupted);
  }

  /** As if the cable had been cut, and both had noticed at once. */
  cut(): void {
    this.#end('cut');
    const far = this.#far;
    if (far) far.#end('cut');
  }

  /** Only this end closes, and the other does not notice. */
  cutOneEnd(): void {
    this.#end('cut');
  }

  #describe(type: 'offer' | 'answer'): void {
    if (this.#state === 'closed') return;
    this.emit('signal', { type, sdp: this.sdp });
    this.emit('signal', { type: 'candidate', candidate: `candidate:${this.id}`, sdpMid: '0', sdpMLineIndex: 0 });
  }

  #open(): void {
    if (this.#state !== 'new') return;
    if (this.hasMedia && !this.#far?.hasMedia) return this.#end('the other side describes no call');
    this.#state = 'open';
    this.emit('open', undefined);
  }

  #receive(message: string | ArrayBuffer): void {
    if (this.hasMedia) this.#end('a message on the connection of a call');
    else this.emit('message', message);
  }

  /** In order: nothing arrives before what was sent earlier. */
  #deliver(arrive: () => void): void {
    this.#arriving.push({ at: performance.now() + this.#network.latencyMs(), arrive });
    if (this.#arriving.length === 1) this.#awaitArrival();
  }

  #awaitArrival(): void {
    const [first] = this.#arriving;
    if (!first) return;
    setTimeout(() => {
      for (let due = this.#arriving[0]; due && due.at <= performance.now() + 1; due = this.#arriving[0]) {
        due.arrive();
        this.#arriving.shift(); // only now: what `arrive` sends stands behind it
      }
      this.#awaitArrival();
    }, first.at - performance.now());
  }

  #release(bytes: number): void {
    const wasAbove = this.#bufferedBytes > this.#lowWaterBytes;
    this.#bufferedBytes -= bytes;
    if (wasAbove && this.#bufferedBytes <= this.#lowWaterBytes && this.isOpen) this.emit('drain', undefined);
  }

  #end(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.emit('close', { reason });
  }
}

/** Media without any: it remembers what it is told. */
export class FakeMedia implements Media {
  readonly remote = record((source) => ({ kind: kindOf(source) }) as MediaStreamTrack);
  readonly mids = record((source) => `${MEDIA_SOURCES.indexOf(source)}`);
  interrupted = false;
  readonly sending: Partial<Record<MediaSource, MediaStreamTrack | null>> = {};
  readonly encodings: Partial<Record<MediaSource, Encoding>> = {};

  async setTrack(source: MediaSource, track: MediaStreamTrack | null): Promise<void> {
    this.sending[source] = track;
  }
  async setEncoding(source: MediaSource, encoding: Encoding): Promise<void> {
    this.encodings[source] = { ...this.encodings[source], ...encoding };
  }
  remoteLevel(): number {
    return 0;
  }
  async stats(): Promise<RTCStatsReport> {
    return new Map();
  }
}

function kindOf(source: MediaSource): string {
  return source === 'microphone' || source === 'screen-sound' ? 'audio' : 'video';
}

function record<T>(make: (source: MediaSource) => T): Record<MediaSource, T> {
  return Object.fromEntries(MEDIA_SOURCES.map((source) => [source, make(source)])) as Record<MediaSource, T>;
}

/** What a description says of a certificate that is a name: its letters, filled up to 32 bytes. */
export function fingerprintLine(certificate: string): string {
  const bytes = [...certificate.padEnd(32, '_')].map((letter) => letter.charCodeAt(0).toString(16).padStart(2, '0'));
  return `a=fingerprint:sha-256 ${bytes.join(':')}`;
}

/** The session of a certificate that is a name: the name itself, so that sessions sort as names do. */
export function nameOfFingerprint(fingerprint: string): SessionId {
  const bytes = fingerprint.replace('SHA-256 ', '').split(':');
  return bytes
    .map((hex) => String.fromCharCode(parseInt(hex, 16)))
    .join('')
    .slice(0, 22);
}

/** A repeatable latency: uniform between the two, from a linear congruential generator. */
export function seededLatency(seed: number, fromMs: number, toMs: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return fromMs + (state / 2 ** 32) * (toMs - fromMs);
  };
}
