import { TincanError } from '../platform/errors.ts';
import { LOW_WATER_BYTES } from './connection.ts';
import { Pace } from './pace.ts';

/** Above this many buffered bytes a lane is full. More only costs memory and makes cancelling slow. */
const FULL_BYTES = 1_048_576;

/** What a lane needs of its connection. */
export interface LaneChannel {
  readonly bufferedBytes: number;
  readonly maxMessageBytes: number;
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
  /** Of its connection: a lane that is opened anew has another. */
  readonly epoch: number;
  /** The largest message that the other side takes, in bytes. */
  readonly maxMessageBytes: number;
  readonly #channel: LaneChannel;
  readonly #now: () => number;
  #waiters: Waiter[] = [];
  #closed = false;
  #pace: Pace | undefined;
  /** Runs while somebody waits for the pace. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #handedOverBytes = 0;

  constructor({ index, epoch }: { index: number; epoch: number }, channel: LaneChannel, now = () => performance.now()) {
    this.index = index;
    this.epoch = epoch;
    this.maxMessageBytes = channel.maxMessageBytes;
    this.#channel = channel;
    this.#now = now;
  }

  /** Bytes handed over and not yet taken by the network. */
  get bufferedBytes(): number {
    return this.#closed ? 0 : this.#channel.bufferedBytes;
  }

  /** Bytes that the network has taken since the lane opened. */
  get carriedBytes(): number {
    return this.#handedOverBytes - this.bufferedBytes;
  }

  /** Whoever has more to send waits for `drained`. False once the lane is closed. */
  get full(): boolean {
    if (this.#closed) return false;
    if (this.#pace) return this.#pace.waitMs(this.bufferedBytes, this.#now()) > 0;
    return this.bufferedBytes >= FULL_BYTES;
  }

  /** From now on the lane is full whenever more would pass this pace, and holds little; `undefined` for no limit. */
  limit(bytesPerSecond: number | undefined): void {
    if (this.#closed || bytesPerSecond === this.#pace?.bytesPerSecond) return;
    if (bytesPerSecond === undefined) this.#pace = undefined;
    else if (this.#pace) this.#pace.change(bytesPerSecond, this.#now());
    else this.#pace = new Pace(bytesPerSecond, this.#now());
    this.#wakeOrWait();
  }

  /** Hands one frame over, in order. Does nothing once the lane is closed. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#closed) return;
    this.#handedOverBytes += frame.byteLength;
    this.#pace?.take(frame.byteLength, this.#now());
    this.#channel.send(frame);
  }

  /** Resolves once there is room again: `bufferedBytes` at the low mark, or what a limit allows; rejects when the lane closes. */
  drained(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#timer === undefined) this.#wakeOrWait();
    });
  }

  handleDrain(): void {
    // Under a limit the mark may be reached long before more is allowed.
    if (!this.#pace) this.#wake();
  }

  handleClose(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { reject } of this.#takeWaiters()) reject(closedError());
  }

  #wakeOrWait(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiters.length === 0) return;
    if (!this.#pace) {
      if (this.bufferedBytes <= LOW_WATER_BYTES) this.#wake();
      return; // else the connection says when
    }
    const waitMs = this.#pace.waitMs(this.bufferedBytes, this.#now());
    if (waitMs === 0) this.#wake();
    else this.#timer = setTimeout(() => this.#wakeOrWait(), waitMs);
  }

  #wake(): void {
    for (const { resolve } of this.#takeWaiters()) resolve();
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
