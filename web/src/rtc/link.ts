// The link: our control connection to one peer.
//
//   down ──open──▶ greeting ──both hellos──▶ up ──closed, silent or replaced──▶ down ──▶ …
//                     └──another wire version──▶ incompatible, for as long as both pages live
//
// Who begins a connection, and when, is not decided here but by the owner (peer.ts).
import type { ConnectionSignal, SessionId } from '@tincan/shared/introduction';
import { MAX_DISPLAY_NAME_CHARS } from '@tincan/shared/limits';
import { parseLinkMessage, WIRE_VERSION, type LinkMessage } from '@tincan/shared/link-message';
import type { IceServer } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import type { CreateConnection, Route } from './connection.ts';
import { ConnectionSlot } from './connection-slot.ts';
import { Heartbeat } from './heartbeat.ts';
import { Outbox } from './outbox.ts';

/** Faults that one connection may show; the next one ends it. A bug must not cost a link, a flood must. */
const MAX_FAULTS = 5;

export type LinkState = 'connecting' | 'connected' | 'reconnecting';
/** The two pages speak different wire versions, and which of them has to reload. */
export type Incompatible = 'reload-here' | 'reload-there';

type LinkEvents = {
  /** To be brought to the other side's link, by way of the server. */
  signal: { epoch: number; signal: ConnectionSignal };
  up: undefined;
  /** A connection, or an attempt at one, has ended. */
  down: { reason: string; wasUp: boolean };
  /** Everything but what the link itself is made of. */
  message: LinkMessage;
  /** The other side's name, or `incompatible`, is another than before. */
  changed: undefined;
  /** The other page is closing. */
  bye: undefined;
  /** The other side broke a rule of the link: for the log. */
  fault: string;
};

export interface LinkOptions {
  me: SessionId;
  peer: SessionId;
  createConnection: CreateConnection;
  getIceServers: () => readonly IceServer[];
  /** The name to greet with. */
  getName: () => string;
  /** Epochs up to this one were used between the two sessions before. */
  lastEpoch?: number;
  now?: () => number;
  /** The wire version to speak; tests play a page of another one. */
  wire?: number;
}

export class Link extends Emitter<LinkEvents> {
  /** Of two sessions the lexicographically smaller one begins every connection. */
  readonly initiates: boolean;
  readonly #getName: () => string;
  readonly #wire: number;
  readonly #slot: ConnectionSlot;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  #phase: 'down' | 'greeting' | 'up' = 'down';
  #wasUp = false;
  #name = '';
  #incompatible: Incompatible | undefined;
  #faults = 0;

  constructor(options: LinkOptions) {
    super();
    const { me, peer, createConnection, getIceServers, getName, lastEpoch = 0, wire = WIRE_VERSION } = options;
    const now = options.now ?? (() => performance.now());
    this.initiates = me < peer;
    this.#getName = getName;
    this.#wire = wire;
    const slot = new ConnectionSlot({
      initiates: this.initiates,
      createConnection,
      getIceServers,
      label: 'link',
      lastEpoch,
    });
    this.#slot = slot;
    this.#outbox = new Outbox(slot);
    this.#heartbeat = new Heartbeat({
      ping: () => this.#transmit({ type: 'ping' }),
      onSilence: () => slot.drop('nothing heard'),
      now,
    });
    slot.on('signal', (signal) => this.emit('signal', signal));
    slot.on('open', () => this.#handleOpen());
    slot.on('message', (message) => this.#handleMessage(message));
    slot.on('drain', () => this.#outbox.flush());
    slot.on('close', ({ reason }) => this.#handleClose(reason));
  }

  get state(): LinkState {
    if (this.#phase === 'up') return 'connected';
    return this.#wasUp ? 'reconnecting' : 'connecting';
  }
  get incompatible(): Incompatible | undefined {
    return this.#incompatible;
  }
  /** What the other side calls itself; empty until its hello. */
  get name(): string {
    return this.#name;
  }
  get epoch(): number {
    return this.#slot.epoch;
  }
  /** There is no connection, and no attempt at one. */
  get idle(): boolean {
    return this.#slot.idle;
  }
  /** The other side has answered the current offer. */
  get answered(): boolean {
    return this.#slot.answered;
  }

  /** Begins a new connection in place of the present one. Only for the side that initiates. */
  connect(): void {
    if (!this.#incompatible) this.#slot.start();
  }

  handleSignal(epoch: number, signal: ConnectionSignal): void {
    if (!this.#incompatible) this.#slot.handleSignal(epoch, signal);
  }

  /** Sends while the link is up; else the message is dropped, and the answer is `false`. */
  send(message: LinkMessage): boolean {
    return this.#phase === 'up' && this.#transmit(message);
  }

  async route(): Promise<Route | undefined> {
    return this.#phase === 'up' ? this.#slot.route() : undefined;
  }

  /** This page or its network was away: asks at once whether the other side is still there. */
  handleWakeUp(): void {
    this.#heartbeat.wakeUp();
  }

  /** Gives the present connection up, and says why to whoever reads the log. */
  drop(reason: string): void {
    this.#slot.drop(reason);
  }

  /** Ends the link for good, with a word to the other side. */
  close(): void {
    if (this.#phase !== 'down') this.#slot.send(JSON.stringify({ type: 'bye' }));
    this.#slot.drop('closed here');
  }

  #handleOpen(): void {
    this.#phase = 'greeting';
    const name = this.#getName().slice(0, MAX_DISPLAY_NAME_CHARS);
    this.#transmit({ type: 'hello', wire: this.#wire, features: [], name });
  }

  #handleMessage(text: string | ArrayBuffer): void {
    this.#heartbeat.handleHeard();
    if (typeof text !== 'string') return this.#handleFault('a binary message');
    const parsed = parseLinkMessage(text);
    if (parsed.ok) return this.#handleParsed(parsed.value);
    // Of a later version of the protocol; the other wire's messages need not even have a form that is known here.
    if (parsed.error.code === 'unknown-type' || this.#incompatible) return;
    this.#handleFault(parsed.error.message);
  }

  #handleParsed(message: LinkMessage): void {
    if (message.type === 'bye') return this.emit('bye', undefined);
    if (this.#incompatible) return;
    if (message.type === 'hello') return this.#handleHello(message);
    if (this.#phase !== 'up') return this.#handleFault(`${message.type} before hello`);
    switch (message.type) {
      case 'ping':
        this.#transmit({ type: 'pong' });
        return;
      case 'pong':
        return; // hearing it was all
      case 'profile':
        return this.#setName(message.name);
      default:
        this.emit('message', message);
    }
  }

  #handleHello({ wire, name }: Extract<LinkMessage, { type: 'hello' }>): void {
    if (this.#phase === 'up') return this.#handleFault('a second hello');
    this.#slot.settle();
    if (wire !== this.#wire) {
      // The connection stays, unused: the other side must be able to read our hello, and one of the two goes anyway.
      this.#incompatible = wire > this.#wire ? 'reload-here' : 'reload-there';
      this.#name = name;
      return this.emit('changed', undefined);
    }
    this.#phase = 'up';
    this.#wasUp = true;
    this.#heartbeat.start();
    this.#setName(name);
    this.emit('up', undefined);
  }

  #handleFault(reason: string): void {
    this.#faults += 1;
    this.emit('fault', reason);
    if (this.#faults > MAX_FAULTS) this.#slot.drop('too many malformed messages');
  }

  #handleClose(reason: string): void {
    const wasUp = this.#phase === 'up';
    this.#phase = 'down';
    this.#faults = 0;
    this.#heartbeat.stop();
    this.#outbox.clear();
    this.emit('down', { reason, wasUp });
  }

  #setName(name: string): void {
    if (this.#name === name) return;
    this.#name = name;
    this.emit('changed', undefined);
  }

  #transmit(message: LinkMessage): boolean {
    const taken = this.#outbox.push(JSON.stringify(message));
    if (!taken) this.#slot.drop('too much waits to be sent');
    return taken;
  }
}
