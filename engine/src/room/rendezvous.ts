// How the pages of a room find each other: everything that goes through the server is sealed on the way out and opened
// on the way in, in order.
//
//   mesh ─▶ introduce ─▶ seal ─▶ signaling ─▶ server ─▶ signaling ─▶ open ─▶ parse ─▶ mesh
import { encodeIntroduction, parseIntroduction, type Introduction, type SessionId } from '@tincan/shared/introduction';
import { Seal } from '@tincan/shared/seal';
import { RoomSecret } from '@tincan/shared/secret';
import type { IceServer, Welcome } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import { SerialQueue } from '../platform/serial-queue.ts';
import type { Timers } from '../platform/timers.ts';
import type { CreateConnection } from '../rtc/connection.ts';
import { Mesh, type Introducer } from '../rtc/mesh.ts';
import type { SocketEnvironment } from '../signaling/reconnecting-socket.ts';
import { SignalingClient, type ServerState, type SignalingProblem } from '../signaling/signaling-client.ts';

/** What may wait to be sealed, or to be opened; a server that sends faster than this is heard in parts. */
const MAX_WAITING = 1_024;
/** A hostile server can cause refusals as fast as it likes; one line of a kind in this time is enough. */
const REFUSAL_INTERVAL_MS = 60_000;
/** The kinds are few, but the server's own words can be many. */
const MAX_REFUSALS = 64;
/** Pieces of cryptography whose cost is noted at most. */
const MAX_MEASURED = 200;

type RendezvousEvents = {
  /** Of the server that the room is on now. */
  state: ServerState;
  /** We are in the room, again or for the first time. */
  welcome: Welcome;
  problem: SignalingProblem;
  notice: string;
  /** Something that was heard or said was refused: for the log. Each kind is told once in a minute at most. */
  refused: string;
};

/** Who meets, and over which server. */
export interface RendezvousOptions {
  me: SessionId;
  name: string;
  /** See `signalingUrl`. */
  url: string;
  createConnection: CreateConnection;
  environment?: Partial<SocketEnvironment>;
  /** See `MeshOptions`. */
  timers?: Timers;
  sessionOf?: (fingerprint: string) => SessionId;
}

/** A room on the server, and the seal that belongs to it. */
interface Place {
  readonly room: string;
  readonly signaling: SignalingClient;
  readonly seal: Seal;
  readonly outgoing: SerialQueue;
  readonly incoming: SerialQueue;
}

/** The people of a room, and where they meet: by one secret, and after a move by another, while all links stay. */
export class Rendezvous extends Emitter<RendezvousEvents> implements Introducer {
  readonly mesh: Mesh;
  readonly #options: RendezvousOptions;
  #place: Place | undefined;
  #iceServers: readonly IceServer[] = [];
  #closed = false;
  /** The latest secret to be entered. */
  #wanted = '';
  /** One for each secret for as long as the page lives: a seal that were made again would count from the beginning again. */
  readonly #seals = new Map<string, Promise<{ room: string; seal: Seal }>>();
  readonly #refusedAt = new Map<string, number>();
  /** Until somebody is connected, the cost of sealing is noted for whoever measures it. */
  #measuring = true;
  #measured = 0;

  constructor(options: RendezvousOptions) {
    super();
    this.#options = options;
    this.mesh = new Mesh({ ...options, introducer: this, getIceServers: () => this.#iceServers });
    this.mesh.on('peer-added', ({ link }) =>
      link.on('up', () => {
        if (this.#measuring) performance.mark('tincan:connected');
        this.#measuring = false;
      }),
    );
  }

  /** The connection to the server; `undefined` before `enter`. */
  get signaling(): SignalingClient | undefined {
    return this.#place?.signaling;
  }

  /** The name of the room where we are, as the server knows it. */
  get room(): string | undefined {
    return this.#place?.room;
  }

  /** Goes to the room of this secret, and gives up the one before. Links that are connected stay as they are. */
  async enter(secret: string): Promise<void> {
    this.#wanted = secret;
    const { room, seal } = await this.#sealOf(secret);
    if (this.#closed || this.#wanted !== secret) return;
    this.#leave();
    const { url, environment = {} } = this.#options;
    const signaling = new SignalingClient({ url, room, environment });
    const [outgoing, incoming] = [new SerialQueue(MAX_WAITING), new SerialQueue(MAX_WAITING)];
    const place = { room, signaling, seal, outgoing, incoming };
    this.#place = place;
    this.#listen(place);
    signaling.open();
  }

  #sealOf(secret: string): Promise<{ room: string; seal: Seal }> {
    const made = this.#seals.get(secret) ?? this.#measure('derive', () => makeSeal(secret, this.#options.me));
    this.#seals.set(secret, made);
    made.catch(() => this.#seals.delete(secret)); // the caller hears of it, and may try again
    return made;
  }

  /** Leaves the room on the server, and ends all links. Final. */
  close(): void {
    this.#closed = true;
    this.mesh.close();
    this.#leave();
  }

  #leave(): void {
    const place = this.#place;
    this.#place = undefined;
    place?.signaling.leave();
    this.mesh.handleServerState('offline');
  }

  introduce(to: { address: string; session: SessionId }, introduction: Introduction): Promise<boolean> {
    return this.#say(encodeIntroduction(introduction), to);
  }

  announce(introduction: Introduction): Promise<boolean> {
    return this.#say(encodeIntroduction(introduction));
  }

  async #say(text: string, to?: { address: string; session: SessionId }): Promise<boolean> {
    const place = this.#place;
    if (place?.signaling.state !== 'online') return false;
    const sent = place.outgoing.push(async () => {
      const payload = await this.#measure('seal', () => place.seal.seal(text, to?.session));
      return to === undefined ? place.signaling.announce(payload) : place.signaling.signal(to.address, payload);
    });
    return (await sent) ?? false;
  }

  #listen(place: Place): void {
    const { signaling } = place;
    // Opening takes a moment, so whatever else the server says waits its turn behind it.
    const inOrder = (act: () => Promise<void> | void) => {
      void place.incoming.push(() => (this.#place === place ? act() : undefined));
    };
    signaling.on('state', (state) => {
      if (this.#place !== place) return;
      this.emit('state', state);
      inOrder(() => this.mesh.handleServerState(state));
    });
    signaling.on('welcome', (welcome) => {
      this.#iceServers = welcome.iceServers;
      this.emit('welcome', welcome);
      inOrder(() => this.mesh.handleWelcome(welcome.peers));
    });
    signaling.on('ice-servers', ({ iceServers }) => (this.#iceServers = iceServers));
    signaling.on('signal', ({ from, payload }) => inOrder(() => this.#handlePayload(place, from, payload)));
    signaling.on('peer-left', ({ id }) => inOrder(() => this.mesh.handlePeerLeft(id)));
    signaling.on('notice', ({ text }) => this.emit('notice', text));
    signaling.on('problem', (problem) => this.emit('problem', problem));
    signaling.on('refusal', ({ code, message }) => this.#noteRefusal(`by the server: ${code}: ${message}`));
  }

  async #handlePayload(place: Place, address: string, payload: string): Promise<void> {
    const opened = await this.#measure('open', () => place.seal.open(payload));
    if (this.#place !== place) return;
    if (!opened.ok) {
      this.#noteRefusal(`a payload: ${opened.error}`);
      if (opened.error === 'unopenable') this.mesh.handleBreach({ address }, 'unopenable');
      return;
    }
    const { from: session, toEveryone, text } = opened.value;
    const parsed = parseIntroduction(text, toEveryone);
    if (parsed.ok) return this.mesh.handleIntroduction({ address, session }, parsed.value);
    this.#noteRefusal(`an introduction: ${parsed.error.code}`);
    if (parsed.error.code === 'not-over-link') this.mesh.handleBreach({ address, session }, 'not-over-link');
  }

  #noteRefusal(what: string): void {
    const now = performance.now();
    const last = this.#refusedAt.get(what);
    const isTooMuch = last === undefined ? this.#refusedAt.size >= MAX_REFUSALS : now - last < REFUSAL_INTERVAL_MS;
    if (isTooMuch) return;
    this.#refusedAt.set(what, now);
    this.emit('refused', what);
  }

  async #measure<T>(name: 'derive' | 'seal' | 'open', work: () => Promise<T>): Promise<T> {
    if (!this.#measuring || this.#measured++ > MAX_MEASURED) return work();
    const start = performance.now();
    const result = await work();
    performance.measure(`tincan:${name}`, { start });
    return result;
  }
}

async function makeSeal(secret: string, me: SessionId): Promise<{ room: string; seal: Seal }> {
  const imported = await RoomSecret.import(secret);
  const [room, seal] = await Promise.all([imported.roomName(), Seal.create(imported, me)]);
  return { room, seal };
}
