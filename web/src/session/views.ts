// What the page shows: plain snapshots, replaced and never changed, at most ten times a second.
import type { SessionId } from '@tincan/shared/introduction';
import type { TransferFailure } from '../transfer/path.ts';

export type ServerState = 'connecting' | 'online' | 'offline';

/** Why the room cannot be entered; it stays so until the person acts. */
export type RoomProblem =
  | 'room-full'
  | 'replaced' // the same page's connection was taken over elsewhere
  | 'refused'; // the server refused this page's messages: most likely an old version, reload

export interface PeerView {
  session: SessionId;
  /** What it calls itself, without invisible characters; empty while it has not said so. */
  name: string;
  state: 'connecting' | 'connected' | 'reconnecting';
  route: 'direct' | 'relay' | undefined;
  /** The two pages run different versions: which one must reload. */
  incompatible: 'reload-here' | 'reload-there' | undefined;
}

export interface OfferView {
  /** Unlike any other offer's, also of other peers: for lists and commands. */
  key: string;
  id: string;
  peer: SessionId;
  /** Cleaned relative paths, the first 100 of `files`. */
  preview: { path: string; size: number }[];
  files: number;
  bytes: number;
}

export type TransferState =
  'offered' | 'active' | 'paused' | 'waiting' | 'verifying' | 'done' | 'failed' | 'declined' | 'cancelled';

const OPEN: ReadonlySet<TransferState> = new Set(['offered', 'active', 'paused', 'waiting', 'verifying']);

/** Whether a transfer in this state has not come to its end. */
export function isOpen(state: TransferState): boolean {
  return OPEN.has(state);
}

export interface TransferView {
  /** Unlike any other transfer's, also of other peers: for lists and commands. */
  key: string;
  /** What both sides call it. */
  id: string;
  peer: SessionId;
  direction: 'send' | 'receive';
  /** The cleaned relative path. */
  path: string;
  /** In bytes. */
  size: number;
  /** Durable at the receiver, in bytes. */
  bytes: number;
  state: TransferState;
  /** SHA-256 over the block hashes, 64 hex digits, once this side knows it. */
  hash: string | undefined;
  /** Why, where `state` is `failed`. */
  failure: TransferFailure | undefined;
  /** Over the last seconds; `undefined` unless bytes are moving. */
  bytesPerSecond: number | undefined;
  secondsLeft: number | undefined;
  /** Received and whole: `save` puts it into the downloads. */
  savable: boolean;
  saved: boolean;
}

export interface ChatView {
  id: string;
  from: SessionId | 'me';
  name: string;
  text: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Chosen while nobody is there, or kept for everyone who joins. */
export interface StagedView {
  id: string;
  path: string;
  size: number;
}

/** A file that the person chose, with its path inside a chosen folder. */
export interface PickedFile {
  file: File;
  path: string;
}

/** A file that an earlier visit received whole and never saved. */
export interface PartialView {
  id: string;
  path: string;
  /** In bytes. */
  size: number;
  saved: boolean;
}
