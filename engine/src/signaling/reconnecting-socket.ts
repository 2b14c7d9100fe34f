import { shouldRetry } from '@tincan/shared/codes';
import { SUBPROTOCOL } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import { reconnectDelayMs } from './backoff.ts';

/** After this much silence the socket is asked whether it still lives. */
const IDLE_MS = 20_000;
/** Hearing nothing for this long, once something is due, means that the socket is dead: browsers show no WebSocket ping. */
const ANSWER_MS = 10_000;
/** A timer that fires this much too late says that the page slept, not that the server was silent. */
const LATE_MS = 2_000;
/** A connection attempt older than this when the network comes back was begun on the old one. */
const STALE_ATTEMPT_MS = 2_000;
/** What may wait in the browser for a slow network, in bytes; more is dropped. */
const MAX_BUFFERED_BYTES = 1_048_576;

export interface SocketEnvironment {
  createSocket: (url: string) => WebSocket;
  /** Whether somebody looks at it; a program is always awake. */
  isVisible: () => boolean;
  /** Calls the handler when the page or the network comes back; a program hears of neither. */
  onWakeUp: (handler: () => void) => () => void;
  now: () => number;
  random: () => number;
}

/** A WebSocket that speaks the signaling protocol; throws where the address is none. */
export function createSocket(url: string): WebSocket {
  return new WebSocket(url, SUBPROTOCOL);
}

const defaults: SocketEnvironment = {
  createSocket,
  isVisible: () => true,
  onWakeUp: () => () => {},
  now: () => performance.now(),
  random: Math.random,
};

type SocketEvents = {
  /** A connection is there and knows nothing yet. */
  open: undefined;
  message: string;
  /** The connection, or an attempt at one, ended; another will be made. */
  lost: undefined;
  /** The server said not to come back: no further attempt until `open()`. */
  stopped: { code: number };
};

/** Keeps one WebSocket to a server: connects again by itself, and finds out by pings when the connection only seems alive. */
export class ReconnectingSocket extends Emitter<SocketEvents> {
  readonly #url: string;
  readonly #ping: string;
  readonly #env: SocketEnvironment;
  #socket: WebSocket | undefined;
  #running = false;
  #failures = 0;
  #healthy = false;
  #attemptAt = 0;
  /** The one thing that is waited for: the next attempt, the next ping, or an answer. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopWakeUps: (() => void) | undefined;

  /** `ping` is the message that makes the server answer. */
  constructor(url: string, ping: string, environment: Partial<SocketEnvironment> = {}) {
    super();
    this.#url = url;
    this.#ping = ping;
    this.#env = { ...defaults, ...environment };
  }

  open(): void {
    if (this.#running) return;
    this.#running = true;
    this.#failures = 0;
    this.#stopWakeUps = this.#env.onWakeUp(() => this.#handleWakeUp());
    this.#connect();
  }

  /** Sends now or not at all: there is no queue. */
  send(text: string): boolean {
    const socket = this.#socket;
    if (socket?.readyState !== 1 || socket.bufferedAmount + text.length > MAX_BUFFERED_BYTES) return false;
    socket.send(text);
    return true;
  }

  /** The server has accepted us: from now on silence is normal until a ping, and the next failure is a first one. */
  markHealthy(): void {
    this.#healthy = true;
    this.#failures = 0;
    this.#awaitSilence();
  }

  /** Gives this connection up and makes a new one after `delayMs`. */
  retryIn(delayMs: number): void {
    if (!this.#running) return;
    this.#abandon();
    this.#after(delayMs, () => this.#connect());
    this.emit('lost', undefined);
  }

  /** Final until `open()`; what was sent before still goes out. */
  close(): void {
    this.#running = false;
    this.#stopWakeUps?.();
    this.#abandon();
  }

  #connect(): void {
    this.#abandon();
    this.#attemptAt = this.#env.now();
    const socket = this.#env.createSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.emit('open', undefined);
    socket.onmessage = ({ data }) => {
      if (this.#healthy) this.#awaitSilence();
      if (typeof data === 'string') this.emit('message', data);
    };
    socket.onclose = ({ code }) => this.#handleClose(code);
    this.#awaitAnswer();
  }

  #handleClose(code: number): void {
    if (shouldRetry(code)) return this.#fail();
    this.close();
    this.emit('stopped', { code });
  }

  #fail(): void {
    this.#failures += 1;
    const { isVisible, random } = this.#env;
    this.retryIn(reconnectDelayMs({ failures: this.#failures, visible: isVisible(), random }));
  }

  #handleWakeUp(): void {
    if (this.#healthy) return this.#askForLife();
    const connecting = this.#socket !== undefined && this.#env.now() - this.#attemptAt < STALE_ATTEMPT_MS;
    if (!connecting) this.#connect();
  }

  #awaitSilence(): void {
    this.#after(IDLE_MS, () => this.#askForLife());
  }

  #askForLife(): void {
    this.send(this.#ping);
    this.#awaitAnswer();
  }

  #awaitAnswer(): void {
    this.#after(ANSWER_MS, (lateMs) => (this.#healthy && lateMs > LATE_MS ? this.#askForLife() : this.#fail()));
  }

  #after(delayMs: number, act: (lateMs: number) => void): void {
    clearTimeout(this.#timer);
    const due = this.#env.now() + delayMs;
    this.#timer = setTimeout(() => act(this.#env.now() - due), delayMs);
  }

  /** Lets go of the socket: whatever it still says, its close code above all, is of no interest any more. */
  #abandon(): void {
    clearTimeout(this.#timer);
    this.#healthy = false;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
