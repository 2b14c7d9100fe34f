// What two browsers say to each other through the server before they have a link: the content of `payload`.
// The server never reads it. It is encoded here in one place, which is where sealing belongs.
import * as v from 'valibot';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { describe, parseJsonObject } from './parse.ts';
import type { Result } from './result.ts';

/** A random id of 128 bits (22 base64url characters) that a page gives itself; it names the page to its peers. */
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
  // To everyone in the room: this session is here, at the address that the server stamps on it.
  v.object({ kind: v.literal('presence'), session: SessionId }),
  // To one peer: the same, and whether the sender has no working link and asks the other to make one.
  v.object({ kind: v.literal('hello'), session: SessionId, to: SessionId, needsLink: v.boolean() }),
  // To one peer: a step of the link's connection.
  v.object({ kind: v.literal('link'), session: SessionId, to: SessionId, epoch: Epoch, signal: ConnectionSignal }),
]);
export type Introduction = v.InferOutput<typeof Introduction>;

/** Encodes an introduction as a `payload`. */
export function encodeIntroduction(introduction: Introduction): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(introduction)));
}

/** Reads a `payload`; one that does not fit gives the reason and is ignored by the receiver. */
export function parseIntroduction(payload: string): Result<Introduction, string> {
  const bytes = fromBase64Url(payload);
  const json = bytes && parseJsonObject(new TextDecoder().decode(bytes));
  if (!json) return { ok: false, error: 'payload is not an encoded JSON object' };
  const parsed = v.safeParse(Introduction, json);
  return parsed.success ? { ok: true, value: parsed.output } : { ok: false, error: describe(parsed.issues) };
}
