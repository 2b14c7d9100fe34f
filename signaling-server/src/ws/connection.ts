// One WebSocket: turns frames into calls of its Client, and keeps the client within its limits.
import type { Duplex } from 'node:stream';
import { CLOSE, type CloseCode } from '@tincan/shared/codes';
import type { Refusal } from '@tincan/shared/signaling';
import type { WebSocket } from 'ws';
import { Client } from '../core/client.ts';
import type { Hub } from '../core/hub.ts';
import type { Log } from '../core/log.ts';
import type { SlotSocket, Slots } from '../core/slots.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import type { ConnectionPolicy } from './connection-policy.ts';
import type { Cork } from './cork.ts';

export interface ConnectionContext {
  hub: Hub;
  slots: Slots;
  policy: ConnectionPolicy;
  cork: Cork;
  log: Log;
  now: () => number;
}

/** Honest clients meet these too; they say nothing about the message. */
const BLAMELESS: ReadonlySet<Refusal['code']> = new Set([
  ...(['room-full', 'unreachable'] as const),
  ...(['already-in-slot', 'not-in-slot', 'slot-limit'] as const),
]);

export class Connection implements SlotSocket {
  readonly address: string;
  readonly #ws: WebSocket;
  readonly #stream: Duplex;
  readonly #context: ConnectionContext;
  readonly #client: Client;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #strikes: TokenBucket;
  readonly #joinTimer: NodeJS.Timeout;
  #resumeTimer: NodeJS.Timeout | undefined;
  #heard = true;
  #closing = false;

  constructor(ws: WebSocket, stream: Duplex, address: string, context: ConnectionContext) {
    const { hub, slots, policy, now } = context;
    this.address = address;
    this.#ws = ws;
    this.#stream = stream;
    this.#context = context;
    this.#messages = new TokenBucket(policy.messages, now());
    this.#bytes = new TokenBucket(policy.bytes, now());
    this.#strikes = new TokenBucket(policy.badMessages, now());
    this.#client = new Client(hub, slots, this);
    this.#joinTimer = setTimeout(() => {
      if (this.#client.isIdle) this.close(CLOSE.joinTimeout);
    }, policy.joinDeadlineMs);

    ws.on('message', (data, isBinary) => {
      this.#guard(() => {
        this.#handleFrame(data as Buffer, isBinary);
      });
    });
    ws.on('ping', (data) => {
      this.#guard(() => {
        this.#handlePing(data);
      });
    });
    ws.on('pong', (data) => {
      this.#guard(() => {
        this.#handlePong(data);
      });
    });
    // Broken frames. ws closes with the code that fits, and `close` follows.
    ws.on('error', () => {
      this.#context.log.warn('websocket error');
    });
    ws.on('close', () => {
      this.#handleClosed();
    });
  }

  send(text: string): void {
    if (this.#closing) return;
    this.#context.cork.hold(this.#stream);
    this.#ws.send(text);
    this.#checkBuffered();
  }

  close(code: CloseCode): void {
    if (this.#closing) return;
    this.#closing = true;
    if (code !== CLOSE.left && code !== CLOSE.goingAway && code !== CLOSE.replaced) {
      this.#context.log.warn(`connection closed: ${code.reason}`, { code: code.code });
    }
    this.#ws.close(code.code, code.reason);
    setTimeout(() => {
      this.#ws.terminate();
    }, this.#context.policy.closeTimeoutMs).unref();
    // What is sent to the peer from now on has to wait for its next socket. Not at once: the hub may be on the stack.
    queueMicrotask(() => {
      this.#client.handleClose();
    });
  }

  /** Whoever has just been in a slot, or was not let into one, may try again, and has the time to join once more. */
  handleSlotClosed(): void {
    if (!this.#closing) this.#joinTimer.refresh();
  }

  /** Once per heartbeat: a socket from which nothing came since the last one is dead. */
  beat(): void {
    if (this.#closing || this.#ws.isPaused) return; // paused: its answer could not be read
    if (!this.#heard) {
      this.#ws.terminate();
      return;
    }
    this.#heard = false;
    this.#ws.ping();
  }

  #handleFrame(data: Buffer, isBinary: boolean): void {
    if (!this.#admit(data.length)) return;
    const refusal = isBinary
      ? ({ code: 'malformed', message: 'Binary frames have no meaning here.' } satisfies Refusal)
      : this.#client.handleText(data.toString());
    if (refusal) this.#refuse(refusal);
  }

  #refuse(refusal: Refusal): void {
    const isStrike = !BLAMELESS.has(refusal.code) && this.#strikes.spend(1, this.#context.now()) > 0;
    if (isStrike) this.close(CLOSE.tooManyBadMessages);
    else this.send(JSON.stringify({ type: 'error', ...refusal }));
  }

  // Control frames are budgeted like messages, and answered here instead of by ws, so that they cannot flood either way.
  #handlePing(data: Buffer): void {
    if (!this.#admit(data.length)) return;
    this.#ws.pong(data);
    this.#checkBuffered();
  }

  #handlePong(data: Buffer): void {
    this.#admit(data.length);
  }

  /** Takes a frame's cost from the budget. A closing connection pays as well, but is not acted on any more. */
  #admit(bytes: number): boolean {
    this.#heard = true;
    this.#awaitBudget(1, bytes);
    return !this.#closing;
  }

  /** Stops reading for as long as the budget is overdrawn. Nothing is dropped: the client's own sending stalls. */
  #awaitBudget(messages: number, bytes: number): void {
    const now = this.#context.now();
    const waitMs = Math.max(this.#messages.spend(messages, now), this.#bytes.spend(bytes, now));
    if (this.#resumeTimer || waitMs === 0) return;
    this.#ws.pause();
    this.#resumeTimer = setTimeout(() => {
      this.#resumeTimer = undefined;
      this.#ws.resume();
      this.#awaitBudget(0, 0); // frames that were read already have added to the debt meanwhile
    }, waitMs);
  }

  #checkBuffered(): void {
    if (this.#ws.bufferedAmount > this.#context.policy.bufferedBytes) this.close(CLOSE.slowReader);
  }

  #handleClosed(): void {
    this.#closing = true;
    clearTimeout(this.#joinTimer);
    clearTimeout(this.#resumeTimer);
    this.#guard(() => {
      this.#client.handleClose();
    });
  }

  /** A mistake of ours while handling one client's frame costs that client its connection, and nobody else anything. */
  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#context.log.error('connection failed', error);
      this.close(CLOSE.internalError);
    }
  }
}
