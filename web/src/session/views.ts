// What the page shows: plain snapshots, replaced and never changed, at most ten times a second.
import type { SessionId } from '@tincan/shared/introduction';
import type { Breach } from '@tincan/engine/rtc/breach';
import type { Saved } from '@tincan/engine/transfer/file-state';
import type { TextRefusal } from '@tincan/engine/room/texts';
import type { TransferFailure } from '@tincan/engine/transfer/path';
import type { LookKind } from './look-kinds.ts';

export type { Breach, TextRefusal };

export type ServerState = 'connecting' | 'online' | 'offline';

/** Why the room cannot be entered; it stays so until the person acts. */
export type RoomProblem =
  | 'cannot-start' // the browser refuses what a connection takes
  | 'not-loaded' // a part of this page could not be fetched
  | 'room-full'
  | 'replaced' // the same page's connection was taken over elsewhere
  | 'refused'; // the server refused this page's messages: most likely an old version, reload

/** How a code that this page offered came to nothing. */
export const CODE_ENDS = [
  'wrong-code', // a guess, or a slip of the finger; the code is used up
  'expired',
  'slot-limit', // too many from this network
  'unsupported', // the server has none
  'not-loaded', // the part of this page that it takes could not be fetched
  'offline', // the connection to the server was lost
  'failed', // anything else: the other page left, took too long, or did not speak the protocol
] as const;
export type CodeEnd = (typeof CODE_ENDS)[number];

/** Why a typed code led nowhere. */
export const CODE_PROBLEMS = [
  'not-digits',
  'too-short',
  'too-long',
  'unknown', // no slot of that number
  'wrong-code',
  'expired',
  'used',
  'left', // its owner is not there any more
  'slot-limit',
  'unsupported',
  'server-unreachable',
  'not-loaded', // the part of this page that it takes could not be fetched
  'failed',
] as const;
export type CodeProblem = (typeof CODE_PROBLEMS)[number];

/** The code for people without a link, as its owner sees it. */
export type CodeView =
  | { state: 'none' | 'opening' | 'used' }
  | { state: 'open'; code: string; entered: boolean }
  /** `tried`: somebody had entered it. */
  | { state: 'ended'; why: CodeEnd; tried: boolean };

export interface PeerView {
  session: SessionId;
  /** What it calls itself, as far as that can be seen (LINK-10); empty while it has not said so. */
  name: string;
  state: 'connecting' | 'connected' | 'reconnecting';
  route: 'direct' | 'relay' | undefined;
  /** The two pages run different versions: which one must reload. */
  incompatible: 'reload-here' | 'reload-there' | undefined;
  /** The safety words of the present link, the same on the other page; `undefined` while there is no link. */
  words: readonly SafetyWord[] | undefined;
  /** The person has compared the words and said that they agree. */
  verified: boolean;
  /** Why a connection in this peer's name was refused, until it is mended or dismissed. */
  breach: Breach | undefined;
}

/** One of the six pictures of a link. */
export interface SafetyWord {
  /** 0 to 63. */
  index: number;
  emoji: string;
}

export interface OfferView {
  /** Unlike any other offer's, also of other peers: for lists and commands. */
  key: string;
  id: string;
  peer: SessionId;
  /** Cleaned relative paths, the first 100 of files and folders. */
  preview: { path: string; size: number }[];
  files: number;
  /** Empty ones; folders with something in them are in the files' paths. */
  folders: number;
  bytes: number;
  /** The first file of it that can be seen or heard while it arrives. */
  media: { id: string; kind: 'video' | 'audio' } | undefined;
}

export type TransferState =
  'offered' | 'active' | 'paused' | 'waiting' | 'verifying' | 'done' | 'failed' | 'declined' | 'cancelled';

/** What keeps a transfer from going on, by whose side it is. */
export type WaitReason =
  | 'paused-here'
  | 'paused-there'
  | 'space-here' // no room on the disk
  | 'space-there'
  | 'file-here' // the file has to be given again
  | 'file-there'
  | 'path' // there is no link
  | 'peer' // the other page is closed
  | 'lanes'; // there is a link, and no connection for bytes can be made

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
  /** `undefined` while nobody has come back to a transfer of an earlier visit. */
  peer: SessionId | undefined;
  /** What the other side called itself on an earlier visit; empty for a transfer of this one. */
  name: string;
  direction: 'send' | 'receive';
  /** The cleaned relative path; that of an empty folder ends with `/`. */
  path: string;
  /** In bytes. */
  size: number;
  /** Durable at the receiver, in bytes. */
  bytes: number;
  state: TransferState;
  /** What it waits for, or who has paused it. */
  why: WaitReason | undefined;
  /** SHA-256 over the block hashes, 64 hex digits, once this side knows it. */
  hash: string | undefined;
  /** Why, where `state` is `failed`. */
  failure: TransferFailure | undefined;
  /** Over the last seconds; `undefined` unless bytes are moving. */
  bytesPerSecond: number | undefined;
  secondsLeft: number | undefined;
  canPause: boolean;
  /** Paused by this person, or failed, so that another try may help. */
  canResume: boolean;
  /** Received, whole, and kept in this browser: it can be saved, with others if it is an empty folder. */
  kept: boolean;
  /** The name that a download of it alone gets, where browsers do not take its own. */
  downloadsAs: string | undefined;
  saved: Saved;
  /** How it can be looked at here, if it can at this moment. */
  look: LookKind | undefined;
}

/** Why a received file is not where its person wanted it. It is still in this browser. */
export type SaveFailure =
  | 'stopped' // by its person
  | 'not-allowed' // the browser does not let the page write there any more
  | 'no-space'
  | 'name' // the browser refuses it
  | 'cut' // a download ended in the middle
  | 'failed';

/** What is being saved at this moment. */
export interface SaveProgress {
  files: number;
  /** In bytes. */
  bytes: number;
  size: number;
}

export interface SavingView {
  progress: SaveProgress | undefined;
  /** Since its person has dismissed it last. */
  unsaved: readonly { path: string; why: SaveFailure }[];
  /** What has another name where it was saved: `name` is a path in a picked folder, or the name of a download. */
  renamed: readonly { path: string; name: string }[];
  /** The names of picked places that files are to go to, and for which the browser has to ask its person again first. */
  toAllow: readonly string[];
}

export interface ChatView {
  id: string;
  from: SessionId | 'me';
  name: string;
  text: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The names of those who have not got it yet; of this person's own texts only. */
  waitsFor: readonly string[];
  /** The names of those who had left before it could be delivered. */
  missedBy: readonly string[];
}

/** Chosen while nobody is there, or kept for everyone who joins. */
export interface StagedView {
  id: string;
  path: string;
  size: number;
  /** Whether it was offered to somebody. Whoever has left for good without an answer is as if nobody had been there. */
  isOffered: () => boolean;
}

/** A file that the person chose, with its path inside a chosen folder. */
export interface PickedFile {
  file: File;
  /** That of an empty folder ends with `/`; its `file` is an empty one. */
  path: string;
  /** With which the browser can open it again at a later visit, where it gives such. */
  handle?: FileSystemFileHandle | undefined;
  /** Gives the file as it is now, where the browser does. */
  reopen?: (() => Promise<File>) | undefined;
}

/** A send of an earlier visit that waits for its file. */
export interface AskedFile {
  id: string;
  path: string;
  /** In bytes. */
  size: number;
  /** The browser can open it upon a click; else it has to be chosen again. */
  canOpen: boolean;
}

/** A file of an earlier visit that is unfinished, or was never saved. */
export interface PartialView {
  id: string;
  path: string;
  /** In bytes. */
  size: number;
  /** Of it on the disk, in bytes. */
  bytes: number;
  state: 'unfinished' | 'done';
  saved: Saved;
  /** It is received by another page of this browser at this moment. */
  busy: boolean;
  /** Of the room where it goes on, where it is unfinished. */
  link: string | undefined;
  /** What the sender called itself; may be empty. */
  from: string;
}
