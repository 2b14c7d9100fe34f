// What two browsers say to each other through the server before they have a link: what is sealed in a `payload`
// (seal.ts), which also says who speaks and to whom.
import * as v from 'valibot';
import { describe, parseJsonObject } from './parse.ts';
import type { Result } from './result.ts';

/** 128 bits (22 base64url characters) that name a page to its peers: of its certificate, see `sessionOf`. */
export const SessionId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/));
export type SessionId = string;

/** One step of setting up a connection: a description (SDP) or an ICE candidate (`null` in a field means "not given"). */
export const ConnectionSignal = v.variant('type', [
  v.object({ type: v.picklist(['offer', 'answer']), sdp: v.pipe(v.string(), v.maxLength(32_768)) }),
  v.object({
    type: v.literal('candidate'),
    candidate: v.pipe(v.string(), v.maxLength(1_024)),
    sdpMid: v.nullable(v.pipe(v.string(), v.maxLength(64))),
    sdpMLineIndex: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(64))),
  }),
]);
export type ConnectionSignal = v.InferOutput<typeof ConnectionSignal>;

/** Counts the attempts to connect two sessions; a description of an older epoch is dropped. */
export const Epoch = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffff_ffff));

const Introduction = v.variant('kind', [
  // To everyone in the room: the speaker is here, at the address that the server stamps on it.
  v.object({ kind: v.literal('presence') }),
  // To one peer: the same, and whether the speaker has no working link and asks the other to make one.
  v.object({ kind: v.literal('hello'), needsLink: v.boolean() }),
  // To one peer: a step of the link's connection.
  v.object({ kind: v.literal('link'), epoch: Epoch, signal: ConnectionSignal }),
]);
export type Introduction = v.InferOutput<typeof Introduction>;

/** Why an opened text is no introduction. */
export interface IntroductionRefusal {
  /** `not-over-link`: it describes another connection than the link, and those are described on the link only. */
  code: 'malformed' | 'not-over-link';
  message: string;
}

/** Encodes an introduction as the text that is sealed. */
export function encodeIntroduction(introduction: Introduction): string {
  return JSON.stringify(introduction);
}

/** Reads an opened text. A presence is for everyone and nothing else is: an introduction in the wrong envelope does not fit. */
export function parseIntroduction(text: string, toEveryone: boolean): Result<Introduction, IntroductionRefusal> {
  const json = parseJsonObject(text);
  if (!json) return refuse('malformed', 'not a JSON object');
  const parsed = v.safeParse(Introduction, json);
  if (!parsed.success) {
    const describes = v.is(ConnectionSignal, json['signal']) && json['kind'] !== 'link';
    return refuse(describes ? 'not-over-link' : 'malformed', describe(parsed.issues));
  }
  if (toEveryone !== (parsed.output.kind === 'presence')) return refuse('malformed', 'in the wrong envelope');
  return { ok: true, value: parsed.output };
}

function refuse(code: IntroductionRefusal['code'], message: string): Result<never, IntroductionRefusal> {
  return { ok: false, error: { code, message } };
}
