// The link: our control connection to one peer.
//
//   down ──open──▶ greeting ──hello──▶ revealing ──reveal──▶ up ──closed, silent or replaced──▶ down ──▶ …
//                     │                    └──the nonce does not fit its commitment──▶ closed
//                     └──another wire version──▶ incompatible, for as long as both pages live
//
// Who begins a connection, and when, is not decided here but by the owner (peer.ts).
import { fromBase64Url, toBase64Url } from '@tincan/shared/base64url';
import type { ConnectionSignal, SessionId } from '@tincan/shared/introduction';
import { MAX_DISPLAY_NAME_CHARS } from '@tincan/shared/limits';
import {
  CHAT_RECEIPT,
  LANE_ARRIVED,
  parseLinkMessage,
  WIRE_VERSION,
  type LinkMessage,
} from '@tincan/shared/link-message';
import { commitmentTo, SAFETY_NONCE_BYTES, safetyWords } from '@tincan/shared/safety-words';
import type { IceServer } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import { visibleText } from '../platform/visible-text.ts';
import type { Breach } from './breach.ts';
import type { CreateConnection, Route } from './connection.ts';
import { ConnectionSlot } from './connection-slot.ts';
import { Heartbeat } from './heartbeat.ts';
import { Outbox } from './outbox.ts';

/** Faults that one connection may show; the next one ends it. A bug must not cost a link, a flood must. */
const MAX_FAULTS = 5;
/** A link that lives answers a ping in less, also beside a transfer that fills the path. */
const PROBE_MS = 2_000;
const PROBE_LATE_MS = 500;
/** What every page of this build can do, and earlier ones of the same wire version may not. */
const FEATURES = [CHAT_RECEIPT, LANE_ARRIVED];

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
  /** Security failed, and the connection is closed. */
  breach: Breach;
};

type Phase =
  | { name: 'down' }
  | { name: 'greeting'; nonce: Uint8Array<ArrayBuffer> }
  | { name: 'revealing'; nonce: Uint8Array<ArrayBuffer>; theirCommitment: string }
  | { name: 'up'; words: readonly number[] };

export interface LinkOptions {
  me: SessionId;
  peer: SessionId;
  createConnection: CreateConnection;
  getIceServers: () => readonly IceServer[];
  /** The name to greet with. */
  getName: () => string;
  /** Epochs up to this one were used between the two sessions before. */
  lastEpoch?: number;
  /** Whether this is the other session's certificate. */
  isTheirs: (fingerprint: string) => boolean;
  now?: () => number;
  /** The wire version to speak; tests play a page of another one. */
  wire?: number;
  /** What to say that this page can do beside that; tests play an earlier one. */
  features?: readonly string[];
}

export class Link extends Emitter<LinkEvents> {
  /** Of two sessions the lexicographically smaller one begins every connection. */
  readonly initiates: boolean;
  readonly #me: SessionId;
  readonly #peer: SessionId;
  readonly #getName: () => string;
  readonly #wire: number;
  readonly #ownFeatures: readonly string[];
  readonly #now: () => number;
  readonly #slot: ConnectionSlot;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  /** Those who wait for the next word of the other side. */
  readonly #probes = new Set<(alive: boolean) => void>();
  #phase: Phase = { name: 'down' };
  #wasUp = false;
  #name = '';
  #features: readonly string[] = [];
  #incompatible: Incompatible | undefined;
  #faults = 0;

  constructor(options: LinkOptions) {
    super();
    const { me, peer, createConnection, getIceServers, getName, lastEpoch = 0, wire = WIRE_VERSION } = options;
    const now = options.now ?? (() => performance.now());
    this.initiates = me < peer;
    this.#me = me;
    this.#peer = peer;
    this.#getName = getName;
    this.#wire = wire;
    this.#ownFeatures = options.features ?? FEATURES;
    this.#now = now;
    const slot = new ConnectionSlot({
      initiates: this.initiates,
      createConnection,
      getIceServers,
      label: 'link',
      lastEpoch,
      isTheirs: options.isTheirs,
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
    slot.on('breach', (breach) => this.emit('breach', breach));
  }

  get state(): LinkState {
    if (this.#phase.name === 'up') return 'connected';
    return this.#wasUp ? 'reconnecting' : 'connecting';
  }
  get incompatible(): Incompatible | undefined {
    return this.#incompatible;
  }
  /** What the other side calls itself, without what could garble the text around it (LINK-10); empty until its hello. */
  get name(): string {
    return this.#name;
  }
  /** What the other side's page can do beside what every page of this wire version can; as its last hello said. */
  get features(): readonly string[] {
    return this.#features;
  }
  get epoch(): number {
    return this.#slot.epoch;
  }
  /** The safety words of the present connection, the same at the other side; `undefined` while it is not connected. */
  get words(): readonly number[] | undefined {
    return this.#phase.name === 'up' ? this.#phase.words : undefined;
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
    return this.#phase.name === 'up' && this.#transmit(message);
  }

  async route(): Promise<Route | undefined> {
    return this.#phase.name === 'up' ? this.#slot.route() : undefined;
  }

  /** This page or its network was away: asks at once whether the other side is still there. */
  handleWakeUp(): void {
    this.#heartbeat.wakeUp();
  }

  /** Asks the other side for a sign of life on this connection: false if none comes within two seconds. */
  probe(): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (alive: boolean) => {
        clearTimeout(timer);
        this.#probes.delete(answer);
        resolve(alive);
      };
      const start = this.#now();
      let timer = setTimeout(() => {
        // A timer that fires late says that this page stood still, and an answer may wait to be read.
        if (this.#now() - start < PROBE_MS + PROBE_LATE_MS) answer(false);
        else timer = setTimeout(answer, PROBE_MS, false);
      }, PROBE_MS);
      this.#probes.add(answer);
      if (!this.send({ type: 'ping' })) answer(false);
    });
  }

  /** Gives the present connection up, and says why to whoever reads the log. */
  drop(reason: string): void {
    this.#slot.drop(reason);
  }

  /** Ends the link for good, with a word to the other side. */
  close(): void {
    if (this.#phase.name !== 'down') this.#slot.send(JSON.stringify({ type: 'bye' }));
    this.#slot.drop('closed here');
  }

  #handleOpen(): void {
    const nonce = crypto.getRandomValues(new Uint8Array(SAFETY_NONCE_BYTES));
    this.#phase = { name: 'greeting', nonce };
    const name = this.#getName().slice(0, MAX_DISPLAY_NAME_CHARS);
    const commitment = commitmentTo({ session: this.#me, nonce });
    this.#transmit({ type: 'hello', wire: this.#wire, features: [...this.#ownFeatures], name, commitment });
  }

  #handleMessage(text: string | ArrayBuffer): void {
    this.#heartbeat.handleHeard();
    for (const answer of this.#probes) answer(true);
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
    if (message.type === 'reveal') return this.#handleReveal(message.nonce);
    if (this.#phase.name !== 'up') return this.#handleFault(`${message.type} before the link is up`);
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

  #handleHello({ wire, features, name, commitment }: Extract<LinkMessage, { type: 'hello' }>): void {
    if (this.#phase.name !== 'greeting') return this.#handleFault('a second hello');
    if (wire !== this.#wire) {
      // The connection stays, unused: the other side must be able to read our hello, and one of the two goes anyway.
      this.#slot.settle();
      this.#incompatible = wire > this.#wire ? 'reload-here' : 'reload-there';
      this.#name = shownName(name);
      return this.emit('changed', undefined);
    }
    if (commitment === undefined) return this.#refuse('wrong-opening', 'a hello without a commitment');
    // Theirs is here, so ours may be opened: from now on neither side can choose its nonce any more.
    const { nonce } = this.#phase;
    this.#phase = { name: 'revealing', nonce, theirCommitment: commitment };
    this.#features = features;
    this.#setName(name);
    this.#transmit({ type: 'reveal', nonce: toBase64Url(nonce) });
  }

  #handleReveal(text: string): void {
    if (this.#phase.name !== 'revealing') return this.#handleFault('reveal out of place');
    const { nonce, theirCommitment } = this.#phase;
    const theirs = fromBase64Url(text);
    const { fingerprints } = this.#slot;
    if (!theirs || !fingerprints || commitmentTo({ session: this.#peer, nonce: theirs }) !== theirCommitment)
      return this.#refuse('wrong-opening', 'the nonce does not fit its commitment');
    const me = { session: this.#me, fingerprint: fingerprints.local, nonce };
    const peer = { session: this.#peer, fingerprint: fingerprints.remote, nonce: theirs };
    this.#slot.settle();
    this.#phase = { name: 'up', words: this.initiates ? safetyWords(me, peer) : safetyWords(peer, me) };
    this.#wasUp = true;
    this.#heartbeat.start();
    this.emit('up', undefined);
  }

  #refuse(breach: Breach, reason: string): void {
    this.#slot.drop(reason);
    this.emit('breach', breach);
  }

  #handleFault(reason: string): void {
    this.#faults += 1;
    this.emit('fault', reason);
    if (this.#faults > MAX_FAULTS) this.#slot.drop('too many malformed messages');
  }

  #handleClose(reason: string): void {
    const wasUp = this.#phase.name === 'up';
    this.#phase = { name: 'down' };
    this.#faults = 0;
    this.#heartbeat.stop();
    this.#outbox.clear();
    for (const answer of this.#probes) answer(false);
    this.emit('down', { reason, wasUp });
  }

  #setName(given: string): void {
    const name = shownName(given);
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

function shownName(name: string): string {
  return visibleText(name).trim();
}
