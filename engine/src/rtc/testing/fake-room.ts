import { randomId } from '@tincan/shared/base64url';
import type { Introduction, SessionId } from '@tincan/shared/introduction';
import { Mesh, type Introducer, type MeshOptions } from '../mesh.ts';
import { nameOfFingerprint, type LinkedNetwork } from './linked-connections.ts';

const GRACE_MS = 30_000;
const LATENCY_MS = 2;

/** An introduction as it arrives: sealing and opening are done elsewhere, and what is sealed cannot be changed. */
interface Said {
  session: SessionId;
  /** Nobody else can open it; `undefined` is everyone. */
  forSession?: SessionId;
  introduction: Introduction;
}

interface Member {
  readonly id: string;
  readonly token: string;
  /** None while it is absent within its grace. */
  page: FakePage | undefined;
  readonly waiting: (Said & { address: string })[];
  grace: ReturnType<typeof setTimeout> | undefined;
}

/** One room of a signaling server, as protocol v1 has it: it stamps `from`, and keeps a dropped place for a while. */
export class FakeRoom {
  readonly #members = new Map<string, Member>();
  /** Everything that was relayed so far. */
  readonly relayed: Introduction[] = [];
  running = true;

  enter(page: FakePage, token: string | undefined): Member | undefined {
    if (!this.running) return undefined;
    const resumed = [...this.#members.values()].find((member) => member.token === token);
    const member = resumed ?? { id: crypto.randomUUID(), token: randomId(), page, waiting: [], grace: undefined };
    clearTimeout(member.grace);
    member.page = page;
    const others = [...this.#members.keys()].filter((id) => id !== member.id);
    this.#members.set(member.id, member);
    this.#later(member, (mesh) => mesh.handleWelcome(others));
    for (const message of member.waiting.splice(0)) this.#deliver(member, message);
    return member;
  }

  relay(from: Member, said: Said, to?: string): void {
    this.relayed.push(said.introduction);
    for (const member of this.#members.values())
      if (member !== from && (to === undefined || member.id === to))
        this.#deliver(member, { ...said, address: from.id });
  }

  drop(member: Member): void {
    member.page = undefined;
    member.grace = setTimeout(() => this.remove(member), GRACE_MS);
  }

  remove(member: Member): void {
    if (!this.#members.delete(member.id)) return;
    for (const other of this.#members.values()) this.#later(other, (mesh) => mesh.handlePeerLeft(member.id));
  }

  /** The process dies; with it every address, every token and every socket. */
  kill(): void {
    this.running = false;
    const members = [...this.#members.values()];
    this.#members.clear();
    for (const member of members) {
      clearTimeout(member.grace);
      const { page } = member;
      member.page = undefined; // what was on its way does not arrive
      page?.handleServerGone();
    }
  }

  #deliver(member: Member, message: Said & { address: string }): void {
    if (!member.page) return void member.waiting.push(message);
    if (message.forSession !== undefined && message.forSession !== member.page.session) return;
    member.page.heard.push(message.introduction);
    this.#later(member, (mesh) => mesh.handleIntroduction(message, message.introduction));
  }

  #later(member: Member, act: (mesh: Mesh) => void): void {
    const { page } = member;
    setTimeout(() => page !== undefined && member.page === page && act(page.mesh), LATENCY_MS);
  }
}

/** One open page: a mesh, and its socket to the room. */
export class FakePage implements Introducer {
  readonly session: SessionId;
  readonly mesh: Mesh;
  readonly room: FakeRoom;
  /** Everything that the mesh reported, in a word each, such as `link-up bob`. */
  readonly events: string[] = [];
  /** What others said to it, by way of the room. */
  readonly heard: Introduction[] = [];
  #member: Member | undefined;
  #token: string | undefined;

  /** `network` may be a real one, whose sessions are not names: `options` say so then. */
  constructor(
    room: FakeRoom,
    network: Pick<LinkedNetwork, 'showing'>,
    name: string,
    options: Partial<MeshOptions> = {},
  ) {
    this.room = room;
    this.session = options.me ?? sessionOf(name);
    const createConnection = network.showing(name);
    const mesh = new Mesh({
      me: this.session,
      name,
      introducer: this,
      createConnection,
      getIceServers: () => [],
      random: () => 0.5,
      sessionOf: nameOfFingerprint,
      ...options,
    });
    this.mesh = mesh;
    const log = (what: string, session: SessionId) => this.events.push(`${what} ${session.replace(/_+$/, '')}`);
    mesh.on('peer-added', (peer) => {
      const { session, link, lanes } = peer;
      log('peer-added', session);
      link.on('up', () => log('link-up', session));
      link.on('down', ({ wasUp }) => wasUp && log('link-down', session));
      link.on('fault', () => log('fault', session));
      peer.on('fault', () => log('fault', session));
      peer.on('breach', () => log('breach', session));
      for (const what of ['lane-opened', 'lane-closed'] as const) lanes.on(what, () => log(what, session));
    });
    mesh.on('peer-removed', ({ peer }) => log('peer-removed', peer.session));
    mesh.on('peer-refused', ({ session }) => log('peer-refused', session));
    mesh.on('breach', () => log('breach', 'somebody'));
  }

  get address(): string | undefined {
    return this.#member?.id;
  }

  /** Connects the socket, with what is left of an earlier place. */
  enter(): this {
    this.#member = this.room.enter(this, this.#token);
    this.#token = this.#member?.token;
    return this;
  }

  /** The socket drops; the server notices. */
  drop(): void {
    if (this.#member) this.room.drop(this.#member);
    this.handleServerGone();
  }

  leave(): void {
    if (this.#member) this.room.remove(this.#member);
    this.handleServerGone();
  }

  handleServerGone(): void {
    this.#member = undefined;
    this.mesh.handleServerState('offline');
  }

  async introduce(to: { address: string; session: SessionId }, introduction: Introduction): Promise<boolean> {
    return this.say({ session: this.session, forSession: to.session, introduction }, to.address);
  }

  async announce(introduction: Introduction): Promise<boolean> {
    return this.say({ session: this.session, introduction });
  }

  /** Says something through the room, in whoever's name: a member of the room can seal that. */
  say(said: Said, to?: string): boolean {
    if (this.#member) this.room.relay(this.#member, said, to);
    return this.#member !== undefined;
  }

  /** `bob connected, carol reconnecting`. */
  get view(): string {
    return this.mesh.peers
      .map(({ snapshot: { session, state } }) => `${session.replace(/_+$/, '')} ${state}`)
      .sort()
      .join(', ');
  }
}

/** A session id that sorts as the name does: alice initiates to bob, bob to carol. */
export function sessionOf(name: string): SessionId {
  return name.padEnd(22, '_');
}
