// What is known of a call, in snapshots.
import type { CallMessage, MediaSource } from '@tincan/shared/call';
import type { SessionId } from '@tincan/shared/introduction';

/** What a peer has said of the call that it is in. */
export type Said = Extract<CallMessage, { type: 'call' }>;
/** What a page says that it sends. */
export type Sending = Readonly<Record<Exclude<MediaSource, 'screen-sound'>, boolean>>;

/** `missed`: it rang here, and was neither answered nor declined. */
export type CallEndReason = 'declined' | 'no-answer' | 'left' | 'missed';

/** The call that this page is in. */
export interface CurrentCall {
  readonly id: string;
  readonly open: boolean;
  readonly video: boolean;
  /** Those who are in it, and those who were asked. */
  readonly members: readonly CallMember[];
}

export interface CallMember {
  readonly session: SessionId;
  readonly state: 'in' | 'ringing' | 'declined' | 'no-answer';
  /** What it says of itself; there while it is in the call. */
  readonly said: Said | undefined;
}

/** A call that this page is not in. */
export interface OtherCall {
  readonly id: string;
  readonly open: boolean;
  readonly video: boolean;
  /** Who is in it, who rings this page first. */
  readonly sessions: readonly SessionId[];
}
