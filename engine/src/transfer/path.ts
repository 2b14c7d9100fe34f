import type { ReceiverMessage, SenderMessage, StopReason } from '@tincan/shared/link-message';

/** Which lane: its number, and the epoch of its connection. One that is opened anew is another. */
export interface LaneName {
  readonly index: number;
  readonly epoch: number;
}

/** A lane, as far as the transfer engine sees it: where frames go, and how full it is. */
export interface FrameLane extends LaneName {
  /** The largest message that the other side takes, in bytes. */
  readonly maxMessageBytes: number;
  /** Whoever has more to send waits for `drained`. False once the lane is closed. */
  readonly full: boolean;
  /** Hands one frame over, in order; it is copied before this returns. Does nothing once the lane is closed: whoever waits for the bytes asks again. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Resolves once there is room again; rejects when the lane closes. */
  drained(): Promise<void>;
}

/** The way to one peer, as far as the transfer engine sees it. */
export interface TransferPath {
  /** Sends one control message over the link: in order while the link lives, dropped when it is down. */
  send(message: SenderMessage | ReceiverMessage): void;
  /** Asks for lanes, as there is something to carry; they arrive through `handleLaneOpened`. Repeating it is harmless. */
  openLanes(): void;
}

/** Why a transfer failed: what one side told the other, or that the other side has left for good. */
export type TransferFailure = Exclude<StopReason, 'cancelled'> | 'peer-left';
