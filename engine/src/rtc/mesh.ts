// The mesh: everyone in the room, by session, and what is heard of them from the server.
//
// The server's addresses (PEER) come and go with its restarts and our sockets; sessions do not. So an address is only
// ever a way to reach a session, and no news about addresses ends a link that lives.
import type { Introduction, SessionId } from '@tincan/shared/introduction';
import { MAX_DISPLAY_NAME_CHARS } from '@tincan/shared/limits';
import { sessionOf } from '@tincan/shared/session';
import type { IceServer } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import type { Timers } from '../platform/timers.ts';
import type { Breach } from './breach.ts';
import type { CreateConnection } from './connection.ts';
import { Peer } from './peer.ts';

/** Links that one page keeps: each costs a connection, and every file to everyone is sent once per peer. */
const MAX_PEERS = 8;
/** Sessions that are remembered after they went, so that their epochs keep growing and their late messages stay unheard. */
const MAX_DEPARTED = 4_096;

/** How an introduction gets to others in the room, sealed; says whether it went out. What is said first arrives first. */
export interface Introducer {
  introduce(to: { address: string; session: SessionId }, introduction: Introduction): Promise<boolean>;
  announce(introduction: Introduction): Promise<boolean>;
}

type MeshEvents = {
  /** Whoever wants to know what becomes of its link, its lanes and its call listens to these from now on. */
  'peer-added': Peer;
  /** Its connections have ended. It will not come back if `forGood`; else the same session may be added again later, as another object. */
  'peer-removed': { peer: Peer; forGood: boolean };
  /** Somebody could not be taken in: there are `maxPeers` already. */
  'peer-refused': { session: SessionId };
  /** Security failed in the name of nobody who is known. */
  breach: Breach;
};

export interface MeshOptions {
  me: SessionId;
  /** The name that peers are greeted with. */
  name: string;
  introducer: Introducer;
  createConnection: CreateConnection;
  /** The latest that the server gave; asked for each connection. */
  getIceServers: () => readonly IceServer[];
  maxPeers?: number;
  now?: () => number;
  /** For what sets the pace of bulk bytes; a hidden page's own are too slow for it. */
  timers?: Timers;
  random?: () => number;
  /** The wire version to speak; tests play a page of another one. */
  wire?: number;
  /** What to say that this page can do beside that; tests play an earlier one. */
  features?: readonly string[];
  /** Which session a certificate is of; tests have certificates that are names. */
  sessionOf?: (fingerprint: string) => SessionId;
}

export class Mesh extends Emitter<MeshEvents> {
  readonly #options: MeshOptions;
  readonly #maxPeers: number;
  readonly #sessionOf: (fingerprint: string) => SessionId;
  readonly #peers = new Map<SessionId, Peer>();
  /** The last epoch of those who went, or that they said they will not come back. */
  readonly #departed = new Map<SessionId, number | 'for-good'>();
  /** Those whom the person does not want here. */
  readonly #blocked = new Set<SessionId>();
  #name: string;
  #online = false;
  #closed = false;
  #refusedSome = false;

  constructor(options: MeshOptions) {
    super();
    this.#options = options;
    this.#maxPeers = options.maxPeers ?? MAX_PEERS;
    this.#sessionOf = options.sessionOf ?? sessionOf;
    this.#name = clip(options.name);
  }

  get peers(): Peer[] {
    return [...this.#peers.values()];
  }

  peer(session: SessionId): Peer | undefined {
    return this.#peers.get(session);
  }

  /** Calls the handler for everyone who is here, and for whoever is added later. */
  forEachPeer(handler: (peer: Peer) => void): void {
    for (const peer of this.peers) handler(peer);
    this.on('peer-added', handler);
  }

  /** We are in the room, and these addresses are in it too. */
  handleWelcome(addresses: readonly string[]): void {
    if (this.#closed) return;
    this.#online = true;
    for (const peer of this.#peers.values()) {
      if (peer.address !== undefined && !addresses.includes(peer.address)) peer.unbind();
      peer.setOnline(true);
    }
    this.#announcePresence();
  }

  /** The server is there or not; that it is there counts from the welcome on. */
  handleServerState(state: 'connecting' | 'online' | 'offline'): void {
    if (state === 'online' || !this.#online) return;
    this.#online = false;
    for (const peer of this.#peers.values()) peer.setOnline(false);
  }

  /** The server says that this address is not in the room any more, for whatever reason. */
  handlePeerLeft(address: string): void {
    const peer = this.#at(address);
    if (!peer) return;
    peer.unbind();
    if (!peer.isThere) this.#remove(peer);
  }

  /** What a session says, opened, and the address that the server stamped on it. */
  handleIntroduction(from: { address: string; session: SessionId }, introduction: Introduction): void {
    const { address, session } = from;
    if (this.#closed || session === this.#options.me || this.#blocked.has(session)) return;
    const peer = this.#peers.get(session) ?? this.#admit(session, introduction);
    if (!peer) return;
    // While a session is linked it keeps its address until the server says that this one left: whoever claims it from
    // another address is somebody else in the room.
    if (peer.connected && peer.address !== undefined && peer.address !== address) return;
    this.#bind(peer, address);
    void peer.handleIntroduction(introduction);
  }

  /** Something from this address, or in this session's name, must not be trusted. It ends an attempt at a link, never a link. */
  handleBreach(from: { address: string; session?: SessionId }, breach: Breach): void {
    const { address, session } = from;
    if (this.#closed || (session !== undefined && this.#blocked.has(session))) return;
    const peer = session === undefined ? this.#at(address) : this.#peers.get(session);
    if (peer) peer.handleBreach(breach);
    else this.emit('breach', breach);
  }

  /** Ends the link to this session, with everything on it, and does not let it in again. */
  block(session: SessionId): void {
    this.#blocked.add(session);
    const peer = this.#peers.get(session);
    if (peer) this.#remove(peer, true);
  }

  /** The page or its network was away: look at once who is still there. */
  handleWakeUp(): void {
    for (const peer of this.#peers.values()) peer.handleWakeUp();
  }

  setName(name: string): void {
    this.#name = clip(name);
    for (const peer of this.#peers.values()) peer.link.send({ type: 'profile', name: this.#name });
  }

  /** Final: says bye to everyone, for this session will not come back. */
  close(): void {
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }

  #announcePresence(): void {
    void this.#options.introducer.announce({ kind: 'presence' });
  }

  /** One address is one page: whoever had it before is not there any more. */
  #bind(peer: Peer, address: string): void {
    if (peer.address === address) return;
    for (const other of this.#peers.values()) if (other.address === address) other.unbind();
    peer.bind(address);
  }

  #at(address: string): Peer | undefined {
    return [...this.#peers.values()].find((peer) => peer.address === address);
  }

  #admit(session: SessionId, introduction: Introduction): Peer | undefined {
    const departed = this.#departed.get(session);
    // What is left over of a link cannot begin one.
    const begins = introduction.kind !== 'link' || introduction.signal.type === 'offer';
    if (departed === 'for-good' || !begins) return undefined;
    if (this.#peers.size >= this.#maxPeers && !this.#makeRoom()) {
      this.#refusedSome = true;
      this.emit('peer-refused', { session });
      return undefined;
    }
    return this.#add(session, departed ?? 0);
  }

  /** A peer that nothing leads to gives way to one who is there. */
  #makeRoom(): boolean {
    const unreachable = [...this.#peers.values()].find((peer) => !peer.isThere && peer.address === undefined);
    if (unreachable) this.#remove(unreachable);
    return unreachable !== undefined;
  }

  #add(session: SessionId, lastEpoch: number): Peer {
    const { introducer } = this.#options;
    const peer = new Peer({
      ...this.#options,
      peer: session,
      lastEpoch,
      isTheirs: (fingerprint) => this.#sessionOf(fingerprint) === session,
      getName: () => this.#name,
      introduce: (address, introduction) => introducer.introduce({ address, session }, introduction),
    });
    this.#peers.set(session, peer);
    peer.on('gone', (why) => this.#remove(peer, why === 'bye'));
    peer.setOnline(this.#online);
    this.emit('peer-added', peer);
    return peer;
  }

  #remove(peer: Peer, forGood = false): void {
    const { session } = peer;
    this.#peers.delete(session);
    this.#departed.delete(session); // the newest stand last
    this.#departed.set(session, forGood ? 'for-good' : peer.epoch);
    const oldest = this.#departed.keys().next();
    if (this.#departed.size > MAX_DEPARTED && !oldest.done) this.#departed.delete(oldest.value);
    peer.close();
    this.emit('peer-removed', { peer, forGood });
    if (!this.#refusedSome) return;
    this.#refusedSome = false;
    this.#announcePresence(); // there is a place now, and they will answer
  }
}

function clip(name: string): string {
  return name.slice(0, MAX_DISPLAY_NAME_CHARS);
}
