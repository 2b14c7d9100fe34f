// Whole peers over real data channels in one process. Only the server is played: rtc/testing/fake-room.ts relays the introductions.
import { sessionOf } from '@tincan/shared/session';
import type { Connection, CreateConnection } from '../../rtc/connection.ts';
import type { Lane } from '../../rtc/lane.ts';
import type { Mesh, MeshOptions } from '../../rtc/mesh.ts';
import type { Peer } from '../../rtc/peer.ts';
import { FakePage, FakeRoom } from '../../rtc/testing/fake-room.ts';
import { createNodeIdentity, createNodePlatform, type NodeIdentity } from '../node-identity.ts';

/** One end of a real connection: its channel's label, what the engine has of it, and what lies beneath that. */
export interface RealConnection {
  readonly label: string;
  readonly connection: Connection;
  readonly underlying: RTCPeerConnection;
}

/** Which of the connections between two pages: their link, or a lane from 0 to 15. */
export type Label = 'link' | `lane-${number}`;

type Options = Partial<MeshOptions>;
/** Runs before the page says that it is there: whoever listens to its mesh misses nothing. */
type Prepare = (page: NodePage) => Promise<void>;

/** One peer of the room: an identity of its own, its mesh, and its socket to the played server (`page`). */
export class NodePage {
  readonly name: string;
  readonly identity: NodeIdentity;
  readonly page: FakePage;
  readonly #connections: RealConnection[];

  constructor(room: FakeRoom, name: string, identity: NodeIdentity, connections: RealConnection[], options: Options) {
    this.name = name;
    this.identity = identity;
    this.#connections = connections;
    const { session: me, createConnection } = identity;
    const network = { showing: () => createConnection };
    this.page = new FakePage(room, network, name, { me, sessionOf, random: Math.random, ...options });
  }

  get mesh(): Mesh {
    return this.page.mesh;
  }

  /** The peer that this page knows `other` as. Throws while it knows none. */
  peer(other: NodePage): Peer {
    const peer = this.mesh.peer(other.identity.session);
    if (!peer) throw new Error(`${this.name} does not know ${other.name}`);
    return peer;
  }

  /** Resolves with the peer that this page knows `other` as, as soon as their link is up. */
  linkedTo(other: NodePage): Promise<Peer> {
    return new Promise((resolve) => {
      const look = (peer: Peer) => {
        if (peer.session !== other.identity.session) return;
        if (peer.connected) resolve(peer);
        else peer.link.on('up', () => resolve(peer));
      };
      for (const peer of this.mesh.peers) look(peer);
      this.mesh.on('peer-added', look);
    });
  }

  /** This page's end of every open connection of this label to `other`. */
  ends(other: NodePage, label: Label): RealConnection[] {
    return this.#connections.filter(({ label: its, connection: { provenFingerprint } }) => {
      const far = provenFingerprint === undefined ? undefined : sessionOf(provenFingerprint);
      return its === label && far === other.identity.session;
    });
  }

  /** Ends without a word, as a page whose process is killed; the server keeps its place for a while. */
  crash(): void {
    this.page.drop();
    endAbruptly(this.#connections);
    this.mesh.close();
  }

  /** Leaves as a page that is closed or loaded anew: says bye, and gives its place up. */
  leave(): void {
    this.mesh.close();
    this.page.leave();
    this.identity.close();
  }
}

/** A room of pages in one process, linked to each other over real data channels. To be closed after the test. */
export class NodeRoom {
  /** The played server: `kill()` ends it, `running = true` lets it begin again. */
  readonly server = new FakeRoom();
  readonly #pages = new Map<string, NodePage>();

  /** The page of this name that is there now. */
  page(name: string): NodePage {
    const page = this.#pages.get(name);
    if (!page) throw new Error(`nobody is called ${name}`);
    return page;
  }

  /** A page with a new identity comes in; resolves when it is linked to everyone who is there. */
  async enter(name: string, options: Options = {}, prepare?: Prepare): Promise<NodePage> {
    const connections: RealConnection[] = [];
    const identity = await createWatchedIdentity(connections);
    const page = new NodePage(this.server, name, identity, connections, options);
    const others = [...this.#pages.values()];
    this.#pages.set(name, page);
    await prepare?.(page);
    page.page.enter();
    await Promise.all(others.flatMap((other) => [page.linkedTo(other), other.linkedTo(page)]));
    return page;
  }

  /** Cuts the link or a lane between two pages: both ends notice at once, and what was under way is lost. */
  cut(one: NodePage, other: NodePage, label: Label = 'link'): void {
    const ends = [...one.ends(other, label), ...other.ends(one, label)];
    if (ends.length === 0) throw new Error(`there is no ${label} between ${one.name} and ${other.name}`);
    endAbruptly(ends);
  }

  /** A page is killed without a word, and nobody takes its place. */
  crash(name: string): void {
    this.page(name).crash();
    this.#pages.delete(name);
  }

  /** A page is loaded anew: it says bye, and a new identity of the same name comes in and is linked. */
  reload(name: string, options: Options = {}, prepare?: Prepare): Promise<NodePage> {
    this.page(name).leave();
    this.#pages.delete(name);
    return this.enter(name, options, prepare);
  }

  /** A page is killed without a word, and a new identity of the same name comes in and is linked. */
  replace(name: string, options: Options = {}, prepare?: Prepare): Promise<NodePage> {
    this.crash(name);
    return this.enter(name, options, prepare);
  }

  /** Ends everything, so that the process can end. */
  close(): void {
    this.server.kill();
    for (const page of this.#pages.values()) page.leave();
    this.#pages.clear();
  }
}

/** A room with these pages in it, all linked to each other. */
export async function createNodeRoom(...names: string[]): Promise<NodeRoom> {
  const room = new NodeRoom();
  for (const name of names) await room.enter(name);
  return room;
}

/** Resolves with the peer's next lane of this number, whoever asks for it; ask for it afterwards, with `peer.lanes.open()`. */
export function nextLane(peer: Peer, index = 0): Promise<Lane> {
  return new Promise((resolve) => {
    const stop = peer.lanes.on('lane-opened', (lane) => {
      if (lane.index !== index) return;
      stop();
      resolve(lane);
    });
  });
}

/** An identity that notes every connection it makes, and what lies beneath. */
async function createWatchedIdentity(connections: RealConnection[]): Promise<NodeIdentity> {
  const platform = await createNodePlatform();
  const made: RTCPeerConnection[] = [];
  class Watched extends platform.wrtc.RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
    }
  }
  const identity = await createNodeIdentity({ ...platform, wrtc: { ...platform.wrtc, RTCPeerConnection: Watched } });
  const createConnection: CreateConnection = (options) => {
    made.length = 0;
    const connection = identity.createConnection(options);
    const underlying = made.at(-1); // those before it only tried a server
    if (underlying) {
      const end: RealConnection = { label: options.label, connection, underlying };
      connections.push(end);
      connection.on('close', () => connections.splice(connections.indexOf(end), 1));
    }
    return connection;
  };
  return { ...identity, createConnection };
}

/** What is beneath goes first, so that nothing which still waits gets out. */
function endAbruptly(ends: readonly RealConnection[]): void {
  for (const { underlying } of ends) underlying.close();
  for (const { connection } of [...ends]) connection.close();
}
