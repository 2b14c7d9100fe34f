import type { ConnectionSignal, Introduction, SessionId } from '@tincan/shared/introduction';
import { isLaneMessage, LANE_ARRIVED, type LinkMessage } from '@tincan/shared/link-message';
import type { IceServer } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import type { Breach } from './breach.ts';
import type { Route } from './connection.ts';
import { Lanes, type LanesOptions } from './lanes.ts';
import { Link, type Incompatible, type LinkOptions, type LinkState } from './link.ts';
import { MediaConnection, type MediaConnectionOptions } from './media-connection.ts';
import { Retry } from './retry.ts';

/** How often the side that cannot begin a connection asks the other to. */
const HELLO_INTERVAL_MS = 5_000;
/** What may wait while a link is asked whether it lives: an offer and its candidates. */
const MAX_DOUBTED = 64;
/** How long a peer without a link may be unknown to a server that is there: after a restart everyone needs a while to come back. */
const ABSENCE_MS = 45_000;
const ROUTE_REFRESH_MS = 10_000;
/** Right after connecting the browser may not know the route yet. */
const ROUTE_UNKNOWN_RETRY_MS = 1_000;

/** A peer at one moment. */
export interface PeerSnapshot {
  session: SessionId;
  /** What the peer calls itself; empty until it has said so. */
  name: string;
  state: LinkState;
  /** Of the link, while it is connected. */
  route: Route | undefined;
  incompatible: Incompatible | undefined;
  /** The link's safety words, six numbers from 0 to 63, while it is connected. */
  words: readonly number[] | undefined;
}

type PeerEvents = {
  /** Its snapshot is another than before. */
  changed: undefined;
  /** What it says by way of the server is not what it should be: for the log. */
  fault: string;
  /** Security failed, on any of its connections or in its name. */
  breach: Breach;
  /** It said so, or nothing connects us to it any more and the server does not know it either. */
  gone: 'bye' | 'absent';
};

export interface PeerOptions extends Omit<LinkOptions & LanesOptions & MediaConnectionOptions, 'send'> {
  /** Sends an introduction to the server's address of this peer, and says whether it went out. */
  introduce: (address: string, introduction: Introduction) => Promise<boolean>;
}

/** One other session: its link, lanes and call, the address under which the server reaches it, and the will to stay connected. */
export class Peer extends Emitter<PeerEvents> {
  readonly session: SessionId;
  readonly #introduce: PeerOptions['introduce'];
  readonly #now: () => number;
  /** Of these three only the peer itself begins and ends anything; others listen to them, and say and ask what they have to. */
  readonly link: Link;
  readonly lanes: Lanes;
  readonly media: MediaConnection;
  readonly #retry: Retry;
  #address: string | undefined;
  /** Where the current offer went. */
  #offeredTo: string | undefined;
  #online = false;
  #closed = false;
  /** What came while the link is asked whether it lives. */
  #doubted: Introduction[] | undefined;
  #route: Route | undefined;
  /** The clock's time before which neither a new attempt nor another hello is due. */
  #notBefore = 0;
  #pursuit: ReturnType<typeof setTimeout> | undefined;
  #absence: ReturnType<typeof setTimeout> | undefined;
  #routeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PeerOptions) {
    super();
    this.session = options.peer;
    this.#introduce = options.introduce;
    this.#now = options.now ?? (() => performance.now());
    this.#retry = new Retry({ now: this.#now, random: options.random ?? Math.random });
    const link = new Link(options);
    const lanes = new Lanes({
      ...options,
      send: (message) => void link.send(message),
      answers: () => link.features.includes(LANE_ARRIVED),
      isRelayed: () => this.#route === 'relay',
      // What the link reaches directly, its lanes do: a relay has no part in it.
      getIceServers: () =>
        this.#route === 'direct' ? withoutRelays(options.getIceServers()) : options.getIceServers(),
    });
    const media = new MediaConnection({ ...options, send: (message) => void link.send(message) });
    this.link = link;
    this.lanes = lanes;
    this.media = media;
    link.on('signal', ({ epoch, signal }) => this.#handleLocalSignal(epoch, signal));
    link.on('up', () => this.#handleUp());
    link.on('down', (end) => this.#handleDown(end));
    link.on('changed', () => this.emit('changed', undefined));
    link.on('message', (message) => this.#handleMessage(message));
    link.on('bye', () => this.emit('gone', 'bye'));
    media.on('opened', () => this.#review());
    media.on('closed', () => this.#review());
    const handleBreach = (breach: Breach) => this.emit('breach', breach);
    link.on('breach', handleBreach);
    lanes.on('breach', handleBreach);
    media.on('breach', handleBreach);
  }

  get snapshot(): PeerSnapshot {
    const { name, state, incompatible, words } = this.link;
    return { session: this.session, name, state, route: this.#route, incompatible, words };
  }
  get connected(): boolean {
    return this.link.state === 'connected';
  }
  get epoch(): number {
    return this.link.epoch;
  }
  /** There is a way to it: its link, or a call that outlives the link. */
  get isThere(): boolean {
    return this.connected || this.media.isOpen;
  }
  /** Where the server reaches this peer; `undefined` when it does not. */
  get address(): string | undefined {
    return this.#address;
  }

  /** The peer was heard of under this address. */
  bind(address: string): void {
    this.#address = address;
    this.#review();
  }

  /** The server does not know the address any more. A live link stays as it is. */
  unbind(): void {
    this.#address = undefined;
    this.#review();
  }

  setOnline(online: boolean): void {
    this.#online = online;
    this.#review();
  }

  /**
   * What the peer says by way of the server. Any member of the room can say it in its name, so what would end a link that is
   * up is believed only once the link itself has fallen silent.
   */
  async handleIntroduction(introduction: Introduction): Promise<void> {
    if (this.#doubted) {
      if (this.#doubted.length < MAX_DOUBTED) this.#doubted.push(introduction);
      return;
    }
    if (!this.connected || !this.#wouldEndLink(introduction)) return this.#act(introduction);
    const doubted = [introduction];
    this.#doubted = doubted;
    const alive = await this.link.probe();
    this.#doubted = undefined;
    if (alive) this.emit('fault', `${introduction.kind}, by way of the server, while the link lives`);
    else for (const each of doubted) this.#act(each);
  }

  #wouldEndLink(introduction: Introduction): boolean {
    if (introduction.kind === 'presence') return false;
    if (introduction.kind === 'hello') return introduction.needsLink && this.link.initiates;
    return introduction.signal.type !== 'candidate' && introduction.epoch >= this.link.epoch;
  }

  #act(introduction: Introduction): void {
    if (this.#closed) return; // while the link was asked whether it lives
    if (introduction.kind === 'presence') this.#handlePresence();
    else if (introduction.kind === 'hello') this.#handleHello(introduction.needsLink);
    else this.link.handleSignal(introduction.epoch, introduction.signal);
  }

  /** The peer told the room that it is there, so it may not know us. */
  #handlePresence(): void {
    if (!this.link.initiates) return this.#sendHello();
    const lost = !this.link.answered && this.#offeredTo !== this.#address;
    if (this.link.idle || (lost && !this.connected)) this.#connect();
    else this.#sendHello();
  }

  /** The peer told us that it is there, and whether it has a link. Never answered by a hello, or two would go on for ever. */
  #handleHello(needsLink: boolean): void {
    if (!this.link.initiates) return;
    // Messages keep their order: a need that is stated after the answer to our offer is about a link lost since.
    const lost = this.link.answered ? needsLink : this.#offeredTo !== this.#address;
    if (this.link.idle || lost) this.#connect();
  }

  /**
   * An introduction in this peer's name, or from its address, is not to be trusted. An attempt at a link that may be made of
   * such is given up; a link that is connected has nothing to do with it.
   */
  handleBreach(breach: Breach): void {
    if (this.connected && breach === 'unopenable') return this.emit('fault', 'unopenable, by way of the server');
    if (breach === 'unopenable') this.link.drop(breach);
    this.emit('breach', breach);
  }

  handleWakeUp(): void {
    this.link.handleWakeUp();
    this.#retry.reset();
    if (this.link.initiates) this.#notBefore = 0;
    this.#review();
  }

  /** Final. The other side is told, if it can be. */
  close(): void {
    this.#closed = true;
    this.lanes.handleLinkDown();
    this.media.close();
    this.link.close();
    this.#review();
    clearTimeout(this.#routeTimer);
  }

  #handleMessage(message: LinkMessage): void {
    if (isLaneMessage(message)) this.lanes.handleMessage(message);
    if (message.type === 'media-request' || message.type === 'media-signal') this.media.handleMessage(message);
  }

  #handleLocalSignal(epoch: number, signal: ConnectionSignal): void {
    const address = this.#address;
    if (signal.type === 'offer') this.#offeredTo = address;
    void this.#send({ kind: 'link', epoch, signal }).then((sent) => {
      if (sent || signal.type === 'candidate') return; // of several candidates the rest may do
      if (this.link.epoch === epoch && !this.connected) this.link.drop('the server is not there to introduce us');
    });
  }

  #send(introduction: Introduction): Promise<boolean> {
    return this.#address === undefined ? Promise.resolve(false) : this.#introduce(this.#address, introduction);
  }

  #handleUp(): void {
    this.#retry.handleUp();
    this.lanes.handleLinkUp();
    this.media.handleLinkUp(this.link.epoch);
    this.#review();
    this.emit('changed', undefined);
    void this.#refreshRoute();
  }

  #handleDown({ wasUp }: { wasUp: boolean }): void {
    this.lanes.handleLinkDown();
    this.media.handleLinkDown();
    this.#route = undefined;
    clearTimeout(this.#routeTimer);
    const delayMs = this.#retry.handleDown();
    if (this.link.initiates) this.#notBefore = this.#now() + delayMs;
    this.#review();
    if (wasUp && !this.#closed) this.emit('changed', undefined);
  }

  /** Brings both timers in line with what is known: called whenever any of it changes. */
  #review(): void {
    const reachable = this.#online && this.#address !== undefined;
    clearTimeout(this.#pursuit);
    if (!this.#closed && reachable && this.link.idle && !this.link.incompatible)
      this.#pursuit = setTimeout(() => this.#pursue(), Math.max(0, this.#notBefore - this.#now()));

    const absent = !this.#closed && this.#online && this.#address === undefined && !this.isThere;
    if (absent) this.#absence ??= setTimeout(() => this.emit('gone', 'absent'), ABSENCE_MS);
    else {
      clearTimeout(this.#absence);
      this.#absence = undefined;
    }
  }

  #pursue(): void {
    if (!this.link.idle) return;
    if (this.link.initiates) this.#connect();
    else this.#sendHello();
  }

  #connect(): void {
    this.#offeredTo = this.#address;
    this.link.connect();
  }

  #sendHello(): void {
    if (this.#address === undefined) return;
    const needsLink = this.link.idle && !this.link.incompatible;
    void this.#send({ kind: 'hello', needsLink });
    if (this.link.initiates) return;
    this.#notBefore = this.#now() + HELLO_INTERVAL_MS;
    this.#review();
  }

  async #refreshRoute(): Promise<void> {
    clearTimeout(this.#routeTimer);
    const route = await this.link.route();
    if (!this.connected) return;
    clearTimeout(this.#routeTimer);
    this.#routeTimer = setTimeout(() => void this.#refreshRoute(), route ? ROUTE_REFRESH_MS : ROUTE_UNKNOWN_RETRY_MS);
    if (route === this.#route) return;
    this.#route = route;
    this.emit('changed', undefined);
  }
}

/** STUN alone. */
function withoutRelays(servers: readonly IceServer[]): IceServer[] {
  return servers.flatMap((server) => {
    const urls = [server.urls].flat().filter((url) => !/^turns?:/i.test(url));
    return urls.length > 0 ? [{ urls }] : [];
  });
}
