import { TincanError } from '../platform/errors.ts';
import { Budget } from './budget.ts';
import { LOW_WATER_BYTES } from './connection.ts';

/** Above this many buffered bytes a lane is full. More only costs memory and makes cancelling slow. */
const FULL_BYTES = 1_048_576;
/** What may wait in a lane that keeps to a rate, in milliseconds of its share: it goes out in one burst when the network takes it again. */
const BACKLOG_MS = 25;
/** A channel that holds less than this idles between two turns of a busy page, however slow the rate. */
const LEAST_BACKLOG_BYTES = 32_768;

/** What a lane needs of its connection. */
export interface LaneChannel {
  readonly bufferedBytes: number;
  readonly maxMessageBytes: number;
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** From now on the drain is told when the buffer falls to this, in bytes. */
  setLowWater(bytes: number): void;
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
  readonly #budget: Budget;
  readonly #onSend: () => void;
  #waiters: Waiter[] = [];
  #closed = false;
  /** More than this may not wait in the channel; `undefined` without a rate. */
  #backlogBytes: number | undefined;
  /** It waits in the budget's queue. */
  #queued = false;
  readonly #turn = () => {
    this.#queued = false;
    if (this.#budget.isOpen) this.#wake();
    else this.#wakeOrWait();
  };
  #handedOverBytes = 0;

  /** `budget` is what it shares with the other lanes to the peer; `onSend` is called before something is handed over. */
  constructor(
    { index, epoch }: { index: number; epoch: number },
    channel: LaneChannel,
    budget = new Budget(),
    onSend: () => void = () => {},
  ) {
    this.index = index;
    this.epoch = epoch;
    this.maxMessageBytes = channel.maxMessageBytes;
    this.#channel = channel;
    this.#budget = budget;
    this.#onSend = onSend;
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
    return !this.#closed && (this.#holdsEnough || !this.#budget.isOpen);
  }

  /** About how fast it is going to send, in bytes per second, which says how much may wait in it; `undefined` for as fast as it can. */
  share(bytesPerSecond: number | undefined): void {
    if (this.#closed) return;
    const backlog =
      bytesPerSecond === undefined ? undefined : Math.max(LEAST_BACKLOG_BYTES, (bytesPerSecond * BACKLOG_MS) / 1_000);
    if (backlog === this.#backlogBytes) return;
    this.#backlogBytes = backlog;
    this.#channel.setLowWater(Math.min(LOW_WATER_BYTES, backlog ?? LOW_WATER_BYTES));
    this.#wakeOrWait();
  }

  /** Hands one frame over, in order. Does nothing once the lane is closed. */
  send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#closed) return;
    this.#onSend();
    this.#handedOverBytes += frame.byteLength;
    this.#channel.send(frame);
    this.#budget.take(frame.byteLength);
  }

  /** Resolves once there is room again: the channel has drained, and it is this lane's turn to send; rejects when the lane closes. */
  drained(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (!this.#queued) this.#wakeOrWait();
    });
  }

  handleDrain(): void {
    this.#wakeOrWait();
  }

  handleClose(): void {
    this.#closed = true;
    this.#budget.leave(this.#turn);
    for (const { reject } of this.#takeWaiters()) reject(closedError());
  }

  get #holdsEnough(): boolean {
    if (this.#backlogBytes === undefined) return this.bufferedBytes >= FULL_BYTES;
    return this.bufferedBytes > this.#backlogBytes;
  }

  /** Of the channel and the budget, the channel first: a place in the budget's queue is for those who can send. */
  #wakeOrWait(): void {
    if (this.#waiters.length === 0 || this.#queued) return;
    if (this.bufferedBytes > Math.min(LOW_WATER_BYTES, this.#backlogBytes ?? LOW_WATER_BYTES)) return; // the connection says when
    if (this.#budget.isOpen && !this.#budget.isAwaited) return this.#wake();
    this.#queued = true;
    this.#budget.wait(this.#turn);
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
