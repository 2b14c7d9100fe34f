// Control messages between two peers, on their link: JSON text, one object each. docs/protocol/link.md is their text.
import * as v from 'valibot';
import { CallMessage } from './call.ts';
import { ConnectionSignal, Epoch, SessionId } from './introduction.ts';
import {
  BLOCK_BYTES,
  MAX_BATCH_ENTRIES,
  MAX_CHAT_CHARS,
  MAX_CLAIMS,
  MAX_DATE_MS,
  MAX_DISPLAY_NAME_CHARS,
  MAX_FILES_PER_OFFER,
  MAX_LINK_MESSAGE_BYTES,
  MAX_PATH_CHARS,
  MAX_RANGES,
  PIECE_BYTES,
} from './limits.ts';
import { describe, parseJsonObject } from './parse.ts';
import type { Result } from './result.ts';

/** The version of everything that two peers say to each other; both sides state it first and must have the same. */
export const WIRE_VERSION = 2;

const Id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/));
/** 128 bits: no other text is the same key. */
const Key = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{21}[AQgw]$/));
const Handle = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffff_ffff));
const Lane = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(63));
const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const indexOf = (unitBytes: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Math.floor(Number.MAX_SAFE_INTEGER / unitBytes)));
const BlockIndex = indexOf(BLOCK_BYTES);
/** `[first, count]`, each. */
const ranges = (unitBytes: number) =>
  v.pipe(
    v.array(v.tuple([indexOf(unitBytes), v.pipe(v.number(), v.integer(), v.minValue(1))])),
    v.maxLength(MAX_RANGES),
  );
/** 32 bytes. */
const Digest = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
const BlockHash = Digest;
const FileHash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
/** When a file was changed, in milliseconds since 1970, as far as a `Date` reaches. */
const Time = v.pipe(v.number(), v.integer(), v.minValue(-MAX_DATE_MS), v.maxValue(MAX_DATE_MS));
const DisplayName = v.pipe(v.string(), v.maxLength(MAX_DISPLAY_NAME_CHARS));
const batch = <T extends v.GenericSchema>(entry: T) =>
  v.pipe(v.array(entry), v.minLength(1), v.maxLength(MAX_BATCH_ENTRIES));

// ---- the link itself
const Hello = v.object({
  type: v.literal('hello'),
  wire: v.number(),
  features: v.array(v.string()),
  name: DisplayName,
  /** To the nonce that `reveal` opens; required by this wire version, and absent in a hello of another one. */
  commitment: v.optional(Digest),
});
const Reveal = v.object({ type: v.literal('reveal'), nonce: Digest });
const Profile = v.object({ type: v.literal('profile'), name: DisplayName });
const Ping = v.object({ type: v.literal('ping') });
const Pong = v.object({ type: v.literal('pong') });
const Bye = v.object({ type: v.literal('bye') });

// ---- moving the room to a fresh link
const Move = v.object({
  type: v.literal('move'),
  /** The name of the room that the speaker leaves. */
  from: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
  /** The fresh link's secret, as it stands in the URL fragment. */
  secret: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22,86}$/)),
  /** Who else was asked along: links to all others end with the move. */
  sessions: v.pipe(v.array(SessionId), v.maxLength(64)),
});

// ---- chat
const Chat = v.object({
  type: v.literal('chat'),
  id: Id,
  text: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_CHAT_CHARS)),
});
/** This text has come. */
const ChatReceipt = v.object({ type: v.literal('chat-receipt'), id: Id });
/** Among the features of a `hello`: the speaker answers each `chat` with a receipt. */
export const CHAT_RECEIPT = 'chat-receipt';

// ---- finding each other again after a page was loaded anew
const Claims = v.object({
  type: v.literal('claims'),
  /** Proofs that the speaker has an offer's resume key, see `claimOf`; the first word on every link, empty if there is nothing to claim. */
  claims: v.pipe(v.array(Digest), v.maxLength(MAX_CLAIMS)),
});

// ---- lanes: further connections, set up over the link
const LaneRequest = v.object({ type: v.literal('lane-request'), lane: Lane });
const LaneSignal = v.object({ type: v.literal('lane-signal'), lane: Lane, epoch: Epoch, signal: ConnectionSignal });
/** The lane is not wanted any more. */
const LaneClose = v.object({ type: v.literal('lane-close'), lane: Lane });
/** Asks what has come on the speaker's lanes. The answer comes at once and names the number, so it tells how long the way is, too. */
const LaneAsk = v.object({ type: v.literal('lane-ask'), ask: Size });
/** What has come on each open lane since it opened: its number, its epoch, bytes. */
const LaneArrived = v.object({
  type: v.literal('lane-arrived'),
  ask: Size,
  arrived: v.pipe(v.array(v.tuple([Lane, Epoch, Size])), v.maxLength(64)),
});
/** Among the features of a `hello`: the speaker answers what has arrived on its lanes. */
export const LANE_ARRIVED = 'lane-arrived';

// ---- a call's connection, set up over the link
/** The speaker wants one that it cannot begin itself; `epoch` is the highest that it has seen, 0 for none. */
const MediaRequest = v.object({ type: v.literal('media-request'), epoch: v.union([v.literal(0), Epoch]) });
const MediaSignal = v.object({ type: v.literal('media-signal'), epoch: Epoch, signal: ConnectionSignal });

/** Why one side ended a transfer. `cancelled` is a person's wish; all others are failures. */
export const STOP_REASONS = [
  'cancelled',
  'source-unreadable', // the sender can no longer read the file
  'source-changed', // the file is not the one that was offered any more
  'store-failed', // the receiver cannot write it
  'corrupt', // a block did not match its hash twice
  'hash-mismatch', // the two sides' file hashes differ
  'unknown-transfer', // the sender does not have such a transfer (any more)
  'protocol', // the other side broke a rule
] as const;
export const StopReason = v.picklist(STOP_REASONS);
export type StopReason = (typeof STOP_REASONS)[number];

// ---- transfer, from the sender
const FileEntry = v.object({
  id: Id,
  handle: Handle,
  /** The relative path as the sender has it, with `/`; the receiver cleans it before anything is written. That of an empty folder ends with `/`. */
  path: v.pipe(v.string(), v.maxLength(MAX_PATH_CHARS)),
  size: Size,
  /** Where the sender knows it. */
  modified: v.optional(Time),
});
export type FileEntry = v.InferOutput<typeof FileEntry>;
/** A part of an offer: entries `start` to `start + entries.length`; the offer is whole once `files` entries have come. */
const Offer = v.object({
  type: v.literal('offer'),
  offer: Id,
  /** 128 random bits that only the two ends of this offer know: by them they find each other after a page was loaded anew. */
  key: Key,
  /** The sender remembers the offer when its page is closed. */
  keeps: v.boolean(),
  files: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_FILES_PER_OFFER)),
  bytes: Size,
  start: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_FILES_PER_OFFER)),
  entries: batch(FileEntry),
});
const Hashes = v.object({
  type: v.literal('hashes'),
  /** The SHA-256 of one block each, as base64url. */
  hashes: batch(v.object({ handle: Handle, block: BlockIndex, hash: BlockHash })),
});
/** The sender's own file hashes, in answer to `complete`; each side compares for itself. */
const Verified = v.object({ type: v.literal('verified'), files: batch(v.object({ handle: Handle, hash: FileHash })) });
/** Why the sender does not answer what is asked of these for now: a person's wish, or the page waits for its person to give the file again. */
const Hold = v.object({
  type: v.literal('hold'),
  handles: batch(Handle),
  why: v.picklist(['person', 'file', 'none']),
});
const Withdraw = v.object({ type: v.literal('withdraw'), handles: batch(Handle), reason: StopReason });

// ---- transfer, from the receiver
/** `keeps`: what arrives stays when the receiver's page is closed. */
const Accept = v.object({ type: v.literal('accept'), offer: Id, keeps: v.boolean() });
const Decline = v.object({ type: v.literal('decline'), offer: Id });
const Want = v.object({
  type: v.literal('want'),
  /** The lane on which the pieces are to come, by its number and the epoch of its connection; lost with it. */
  lane: Lane,
  epoch: Epoch,
  /** Somebody waits for these: they come before what was asked for on this lane earlier. */
  now: v.optional(v.boolean()),
  wants: batch(
    v.object({
      handle: Handle,
      /** Pieces of 64 KiB as `[first, count]`, in the order in which they are to come. */
      pieces: ranges(PIECE_BYTES),
      /** Bytes of this file that are written and flushed at the receiver. */
      durable: Size,
    }),
  ),
});
/** The receiver has every block of these files, durable, and this is the hash that it computed for itself. */
const Complete = v.object({ type: v.literal('complete'), files: batch(v.object({ handle: Handle, hash: FileHash })) });
/** What became durable of these files, in bytes, without asking for anything. */
const Durable = v.object({
  type: v.literal('durable'),
  files: batch(v.object({ handle: Handle, durable: Size })),
});
/** Blocks that an earlier page has written: a sender that reads the file anew tells their hashes, so that a changed file is found. */
const Have = v.object({ type: v.literal('have'), handle: Handle, blocks: ranges(BLOCK_BYTES) });
/** Why the receiver does not ask for these for now: a person's wish, or its disk is full. */
const Pause = v.object({
  type: v.literal('pause'),
  handles: batch(Handle),
  why: v.picklist(['person', 'space', 'none']),
});
/** These files are verified, and that stands on the receiver's disk: the sender may forget them. */
const Done = v.object({ type: v.literal('done'), handles: batch(Handle) });
const Stop = v.object({ type: v.literal('stop'), handles: batch(Handle), reason: StopReason });

const SenderMessage = v.variant('type', [Offer, Hashes, Verified, Hold, Withdraw]);
const ReceiverMessage = v.variant('type', [Accept, Decline, Want, Durable, Have, Complete, Done, Pause, Stop]);
const LaneMessage = v.variant('type', [LaneRequest, LaneSignal, LaneClose, LaneAsk, LaneArrived]);
const MediaMessage = v.variant('type', [MediaRequest, MediaSignal]);
const LinkMessage = v.variant('type', [
  Hello,
  Reveal,
  Profile,
  Ping,
  Pong,
  Bye,
  Claims,
  Move,
  Chat,
  ChatReceipt,
  LaneMessage,
  MediaMessage,
  CallMessage,
  SenderMessage,
  ReceiverMessage,
]);

/** What the sending side of a transfer says. */
export type SenderMessage = v.InferOutput<typeof SenderMessage>;
/** What the receiving side of a transfer says. */
export type ReceiverMessage = v.InferOutput<typeof ReceiverMessage>;
export type LaneMessage = v.InferOutput<typeof LaneMessage>;
/** What sets up a call's connection. */
export type MediaMessage = v.InferOutput<typeof MediaMessage>;
export type LinkMessage = v.InferOutput<typeof LinkMessage>;

const SENDER_TYPES = typesOf(SenderMessage.options);
const RECEIVER_TYPES = typesOf(ReceiverMessage.options);
const LANE_TYPES = typesOf(LaneMessage.options);
const CALL_TYPES = typesOf(CallMessage.options);
const LINK_TYPES: ReadonlySet<string> = new Set([
  ...typesOf([Hello, Reveal, Profile, Ping, Pong, Bye, Claims, Move, Chat, ChatReceipt, ...MediaMessage.options]),
  ...LANE_TYPES,
  ...CALL_TYPES,
  ...SENDER_TYPES,
  ...RECEIVER_TYPES,
]);

export function isSenderMessage(message: LinkMessage): message is SenderMessage {
  return SENDER_TYPES.has(message.type);
}
export function isReceiverMessage(message: LinkMessage): message is ReceiverMessage {
  return RECEIVER_TYPES.has(message.type);
}

export function isLaneMessage(message: LinkMessage): message is LaneMessage {
  return LANE_TYPES.has(message.type);
}

export function isCallMessage(message: LinkMessage): message is CallMessage {
  return CALL_TYPES.has(message.type);
}

/** Why a message was not read: one of an unknown type is a later version's and passed over, a malformed one is a fault. */
export interface LinkMessageRefusal {
  code: 'malformed' | 'unknown-type';
  message: string;
}

/** Reads a link's text message. Never throws; a message that does not fit gives the reason. */
export function parseLinkMessage(text: string): Result<LinkMessage, LinkMessageRefusal> {
  if (text.length > MAX_LINK_MESSAGE_BYTES) return refuse('malformed', `message of ${text.length} characters`);
  const json = parseJsonObject(text);
  if (!json) return refuse('malformed', 'not a JSON object');
  const parsed = v.safeParse(LinkMessage, json);
  if (parsed.success) return { ok: true, value: parsed.output };
  const known = typeof json['type'] !== 'string' || LINK_TYPES.has(json['type']);
  return refuse(known ? 'malformed' : 'unknown-type', describe(parsed.issues));
}

function refuse(code: LinkMessageRefusal['code'], message: string): Result<never, LinkMessageRefusal> {
  return { ok: false, error: { code, message } };
}

function typesOf(messages: readonly { entries: { type: { literal: string } } }[]): ReadonlySet<string> {
  return new Set(messages.map((message) => message.entries.type.literal));
}
