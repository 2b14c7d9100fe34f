import { CLOSE } from '@tincan/shared/codes';
import { MAX_PAYLOAD_CHARS } from '@tincan/shared/limits';
import { parseServerMessage, type ClientMessage, type ServerMessage, type Welcome } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import { roomFullDelayMs } from './backoff.ts';
import { ReconnectingSocket, type SocketEnvironment } from './reconnecting-socket.ts';

/** `connecting` until the first success or failure; later attempts do not change `offline` until they succeed. */
export type ServerState = 'connecting' | 'online' | 'offline';

/** Why the room cannot be entered. After `room-full` the client tries again by itself, slowly; after the others never. */
export type SignalingProblem = 'room-full' | 'replaced' | 'refused';

type Message<Type extends ServerMessage['type']> = Omit<Extract<ServerMessage, { type: Type }>, 'type'>;
/** What a client says about its slot. */
export type SlotRequest = Extract<ClientMessage, { type: `slot-${string}` }>;
/** What a server says about a slot. */
export type SlotNews = Extract<ServerMessage, { type: `slot-${string}` }>;

type SignalingEvents = {
  state: ServerState;
  /** We are in the room; comes again after every reconnection, before the state turns `online`. */
  welcome: Welcome;
  signal: Message<'signal'>;
  'peer-joined': Message<'peer-joined'>;
  'peer-left': Message<'peer-left'>;
  notice: Message<'notice'>;
  'ice-servers': Message<'ice-servers'>;
  /** Of the one slot that this connection may have. */
  slot: SlotNews;
  problem: SignalingProblem;
  /** The server refused one of our messages and said why: for the log. */
  refusal: Message<'error'>;
};

export interface SignalingClientOptions {
  /** See `signalingUrl`. */
  url: string;
  /** The room's name, derived from its secret. */
  room: string;
  environment?: Partial<SocketEnvironment>;
}

/** One room on the signaling server: joins it, stays in it whatever happens to the connection, and speaks protocol v1. */
export class SignalingClient extends Emitter<SignalingEvents> {
  readonly #room: string;
  readonly #random: () => number;
  readonly #socket: ReconnectingSocket;
  #state: ServerState = 'connecting';
  #resume: string | undefined;
  #features: readonly string[] = [];

  constructor({ url, room, environment = {} }: SignalingClientOptions) {
    super();
    this.#room = room;
    this.#random = environment.random ?? Math.random;
    this.#socket = new ReconnectingSocket(url, encode({ type: 'ping' }), environment);
    this.#socket.on('open', () => this.#join());
    this.#socket.on('message', (text) => this.#handleText(text));
    this.#socket.on('lost', () => this.#setState('offline'));
    this.#socket.on('stopped', ({ code }) => {
      this.#setState('offline');
      this.emit('problem', code === CLOSE.replaced.code ? 'replaced' : 'refused');
    });
  }

  get state(): ServerState {
    return this.#state;
  }

  /** What the server said at the latest welcome that it knows beyond the protocol's first text. */
  get features(): readonly string[] {
    return this.#features;
  }

  open(): void {
    this.#socket.open();
  }

  /** Sends a payload to one peer. Says whether it went out; what does not is dropped. */
  signal(to: string, payload: string): boolean {
    return this.#send({ type: 'signal', to, payload }, payload);
  }

  /** Sends a payload to everyone else in the room. Says whether it went out; what does not is dropped. */
  announce(payload: string): boolean {
    return this.#send({ type: 'announce', payload }, payload);
  }

  /** Sends something about this connection's slot. Says whether it went out; what does not is dropped. */
  sendSlot(request: SlotRequest): boolean {
    return this.#send(request);
  }

  /** Gives our place in the room up at once, and closes. */
  leave(): void {
    this.#socket.send(encode({ type: 'leave' }));
    this.#resume = undefined;
    this.close();
  }

  /** Closes without leaving: the server keeps our place for its grace period. */
  close(): void {
    this.#socket.close();
    this.#setState('offline');
  }

  #join(): void {
    const resume = this.#resume === undefined ? {} : { resume: this.#resume };
    this.#socket.send(encode({ type: 'join', room: this.#room, ...resume }));
  }

  #send(message: ClientMessage, payload = ''): boolean {
    return this.#state === 'online' && payload.length <= MAX_PAYLOAD_CHARS && this.#socket.send(encode(message));
  }

  #handleText(text: string): void {
    const parsed = parseServerMessage(text);
    if (!parsed.ok) return; // of a later version of the protocol
    const message = parsed.value;
    switch (message.type) {
      case 'welcome':
        return this.#handleWelcome(message);
      case 'error':
        return this.#handleError(message);
      case 'pong':
        return; // hearing it was all
      case 'signal':
        return this.emit('signal', message);
      case 'peer-joined':
        return this.emit('peer-joined', message);
      case 'peer-left':
        return this.emit('peer-left', message);
      case 'notice':
        return this.emit('notice', message);
      case 'ice-servers':
        return this.emit('ice-servers', message);
      case 'slot-open':
      case 'slot-enter':
      case 'slot-message':
      case 'slot-closed':
        return this.emit('slot', message);
    }
  }

  #handleWelcome(welcome: Welcome): void {
    this.#resume = welcome.resume;
    this.#features = welcome.features;
    this.#socket.markHealthy();
    const before = this.#state;
    this.#state = 'online'; // handlers of `welcome` may already send
    this.emit('welcome', welcome);
    if (before !== 'online' && this.#state === 'online') this.emit('state', 'online');
  }

  #handleError(error: Message<'error'>): void {
    this.emit('refusal', error);
    if (error.code !== 'room-full' || this.#state === 'online') return;
    this.#socket.retryIn(roomFullDelayMs(this.#random));
    this.emit('problem', 'room-full');
  }

  #setState(state: ServerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('state', state);
  }
}

/** Where a page's own server listens. */
export function signalingUrl({ protocol, host }: Pick<Location, 'protocol' | 'host'>): string {
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/signal`;
}

function encode(message: ClientMessage): string {
  return JSON.stringify(message);
}
