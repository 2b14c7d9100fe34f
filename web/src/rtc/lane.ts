import { TincanError } from '../platform/errors.ts';
import { LOW_WATER_BYTES } from './connection.ts';

/** What a lane needs of its connection. */
export interface LaneChannel {
  readonly bufferedBytes: number;
  send(frame: Uint8Array<ArrayBuffer>): void;
}

interface Waiter {
  resolve: () => void;
  reject: (error: TincanError<'lane-closed'>) => void;
}

/** An open connection that carries frames to one peer. A lane that has closed stays closed; the next one is another. */
export class Lane {
  /** Which of the link's lanes. */
  readonly index: number;
  readonly #channel: LaneChannel;
  #waiters: Waiter[] = [];
  #closed = false;

  constructor(index: number, channel: LaneChannel) {
    this.index = index;
    this.#channel = channel;
  }

  /** Bytes handed over and not yet taken by the network. */
  get bufferedBytes(): number {
    return this.#closed ? 0 : this.#channel.bufferedBytes;
  }

  /** Hands one frame over, in order. Does nothing once the lane is closed. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#closed) this.#channel.send(frame);
  }

  /** Resolves once `bufferedBytes` is at the low mark; rejects when the lane closes. */
  drained(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.bufferedBytes <= LOW_WATER_BYTES) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  handleDrain(): void {
    for (const { resolve } of this.#takeWaiters()) resolve();
  }

  handleClose(): void {
    this.#closed = true;
    for (const { reject } of this.#takeWaiters()) reject(closedError());
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }
}

function closedError(): TincanError<'lane-closed'> {
  return new TincanError('lane-closed', 'the lane has closed');
}
