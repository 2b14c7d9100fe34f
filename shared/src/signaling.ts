// Signaling protocol v1: the messages between a client and the server. docs/protocol/signaling.md is its text;
// these schemas are its form. Unknown fields are dropped, so that later versions can add some.
import * as v from 'valibot';
import { ERROR_CODES, LEAVE_REASONS, SLOT_CLIENT_REASONS, SLOT_END_REASONS, type ErrorCode } from './codes.ts';
import {
  MAX_PAYLOAD_CHARS,
  MAX_REF_CHARS,
  MAX_SLOT_DIGITS,
  MAX_SLOT_PAYLOAD_CHARS,
  MIN_SLOT_DIGITS,
  ROOM_NAME_CHARS,
} from './limits.ts';
import { describe, parseJsonObject } from './parse.ts';
import type { Result } from './result.ts';

/** The WebSocket subprotocol; none means v1 too. */
export const SUBPROTOCOL = 'tincan.v1';

/** What `welcome.features` says where spoken codes are served. */
export const SLOTS_FEATURE = 'slots';

/** The longest operator's notice, in characters. */
const MAX_NOTICE_CHARS = 500;

const Ref = v.optional(v.pipe(v.string(), v.maxLength(MAX_REF_CHARS)));
const Payload = v.pipe(v.string(), v.maxLength(MAX_PAYLOAD_CHARS), v.regex(/^[A-Za-z0-9_-]+$/));
const RoomName = v.pipe(v.string(), v.length(ROOM_NAME_CHARS), v.regex(/^[A-Za-z0-9_-]+$/));
const PeerId = v.pipe(v.string(), v.uuid());
const ResumeToken = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const SlotNumber = v.pipe(v.string(), v.regex(new RegExp(`^[0-9]{${MIN_SLOT_DIGITS},${MAX_SLOT_DIGITS}}$`)));
const SlotPayload = v.pipe(v.string(), v.maxLength(MAX_SLOT_PAYLOAD_CHARS), v.regex(/^[A-Za-z0-9_-]+$/));

const clientMessages = {
  join: v.object({ type: v.literal('join'), room: RoomName, resume: v.optional(ResumeToken), ref: Ref }),
  signal: v.object({ type: v.literal('signal'), to: PeerId, payload: Payload, ref: Ref }),
  announce: v.object({ type: v.literal('announce'), payload: Payload, ref: Ref }),
  leave: v.object({ type: v.literal('leave'), ref: Ref }),
  ping: v.object({ type: v.literal('ping'), ref: Ref }),
  'slot-open': v.object({ type: v.literal('slot-open'), ref: Ref }),
  'slot-enter': v.object({ type: v.literal('slot-enter'), slot: SlotNumber, ref: Ref }),
  'slot-message': v.object({ type: v.literal('slot-message'), payload: SlotPayload, ref: Ref }),
  'slot-closed': v.object({ type: v.literal('slot-closed'), reason: v.picklist(SLOT_CLIENT_REASONS), ref: Ref }),
};
const ClientMessage = v.variant('type', Object.values(clientMessages) as ClientSchemas);
type ClientSchemas = [(typeof clientMessages)['join'], ...(typeof clientMessages)[keyof typeof clientMessages][]];

/** A message from a client to the server. */
export type ClientMessage = v.InferOutput<(typeof clientMessages)[keyof typeof clientMessages]>;

const IceServer = v.object({
  urls: v.union([v.string(), v.array(v.string())]),
  username: v.optional(v.string()),
  credential: v.optional(v.string()),
});
/** A STUN or TURN server, in the form that RTCPeerConnection takes. */
export type IceServer = v.InferOutput<typeof IceServer>;

const Limits = v.object({
  messageBytes: v.number(),
  payloadChars: v.number(),
  peersPerRoom: v.number(),
  graceSeconds: v.number(),
});

const ServerMessage = v.variant('type', [
  v.object({
    type: v.literal('welcome'),
    id: PeerId,
    resume: ResumeToken,
    peers: v.array(PeerId),
    iceServers: v.array(IceServer),
    limits: Limits,
    features: v.array(v.string()),
  }),
  v.object({ type: v.literal('peer-joined'), id: PeerId }),
  v.object({ type: v.literal('peer-left'), id: PeerId, reason: v.picklist(LEAVE_REASONS) }),
  v.object({ type: v.literal('signal'), from: PeerId, payload: Payload }),
  v.object({ type: v.literal('ice-servers'), iceServers: v.array(IceServer), ttlSeconds: v.number() }),
  v.object({ type: v.literal('notice'), text: v.string() }),
  v.object({ type: v.literal('pong') }),
  v.object({ type: v.literal('slot-open'), slot: SlotNumber, ttlSeconds: v.number() }),
  v.object({ type: v.literal('slot-enter'), slot: SlotNumber }),
  v.object({ type: v.literal('slot-message'), payload: SlotPayload }),
  v.object({ type: v.literal('slot-closed'), reason: v.picklist(SLOT_END_REASONS) }),
  v.object({
    type: v.literal('error'),
    // A later server may know more codes; an old client shows the message and goes on.
    code: v.union([v.picklist(ERROR_CODES), v.string()]),
    message: v.string(),
    ref: Ref,
  }),
]);

/** A message from the server to a client. */
export type ServerMessage = v.InferOutput<typeof ServerMessage>;
export type Welcome = Extract<ServerMessage, { type: 'welcome' }>;

/** Checks an operator's ICE server list (`ICE_SERVERS`). */
export function parseIceServers(value: unknown): Result<IceServer[], string> {
  const parsed = v.safeParse(v.array(IceServer), value);
  return parsed.success ? { ok: true, value: parsed.output } : { ok: false, error: describe(parsed.issues) };
}

const NoticeText = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NOTICE_CHARS));
const NoticeRequest = v.object({ text: NoticeText });

/** Reads what an operator posts to send a notice: `{"text": …}`. */
export function parseNoticeRequest(text: string): Result<{ text: string }, string> {
  const parsed = v.safeParse(NoticeRequest, parseJsonObject(text));
  return parsed.success ? { ok: true, value: parsed.output } : { ok: false, error: describe(parsed.issues) };
}

/** Why a client's message was refused; `ref` repeats the message's own where that could be read. */
export interface Refusal {
  code: ErrorCode;
  message: string;
  ref?: string;
}

/** Reads a client's text frame. Never throws, whatever the text is. */
export function parseClientMessage(text: string): Result<ClientMessage, Refusal> {
  const json = parseJsonObject(text);
  if (json === undefined) return refuse('malformed', 'A message is one JSON object in a text frame.');
  const ref = v.safeParse(Ref, json['ref']);
  const withRef = ref.success && ref.output !== undefined ? { ref: ref.output } : {};
  const parsed = v.safeParse(ClientMessage, json);
  if (parsed.success) return { ok: true, value: parsed.output };
  const known = typeof json['type'] === 'string' && Object.hasOwn(clientMessages, json['type']);
  return known
    ? refuse('invalid-message', describe(parsed.issues), withRef)
    : refuse('unknown-type', `Known types: ${Object.keys(clientMessages).join(', ')}.`, withRef);
}

/** Reads a server's text frame; an unknown type or a bad form gives the reason, and the client ignores the message. */
export function parseServerMessage(text: string): Result<ServerMessage, string> {
  const json = parseJsonObject(text);
  if (json === undefined) return { ok: false, error: 'not a JSON object' };
  const parsed = v.safeParse(ServerMessage, json);
  return parsed.success ? { ok: true, value: parsed.output } : { ok: false, error: describe(parsed.issues) };
}

function refuse(code: ErrorCode, message: string, ref: { ref?: string } = {}): Result<never, Refusal> {
  return { ok: false, error: { code, message, ...ref } };
}
