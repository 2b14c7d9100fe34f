// What the pages of a call say to each other, on their links. docs/protocol/link.md, rules CALL, is its text.
import * as v from 'valibot';
import { SessionId } from './introduction.ts';

/**
 * What a page may send in a call, in the order of the media sections of every description of a call's connection: each has one
 * transceiver there, negotiated once, so that a source comes and goes without a new description.
 */
export const MEDIA_SOURCES = ['microphone', 'camera', 'screen', 'screen-sound'] as const;
export type MediaSource = (typeof MEDIA_SOURCES)[number];

/** People whom one page asks into a call at the same time, at most: far more than it keeps links to. */
const MAX_ASKED = 64;

/** Random; whoever knows it may come in. */
const CallId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/));

/** The speaker is in this call. Said again whenever anything in it changes, and whenever the link is up again. */
const Call = v.object({
  type: v.literal('call'),
  call: CallId,
  /** Everyone whom the speaker has a link to hears of it, and may come in. */
  open: v.boolean(),
  /** It was begun with pictures. */
  video: v.boolean(),
  /** Whom the speaker is ringing: they have neither come, nor declined, nor been given up. */
  asked: v.pipe(v.array(SessionId), v.maxLength(MAX_ASKED)),
  /** Who else is in it, as far as the speaker knows. */
  members: v.optional(v.pipe(v.array(SessionId), v.maxLength(MAX_ASKED)), []),
  /** What the speaker sends. */
  microphone: v.boolean(),
  camera: v.boolean(),
  screen: v.boolean(),
  /** Files to the receiver of this message go slower than they could, for the sake of the call. */
  heldBack: v.optional(v.boolean(), false),
});
/** The speaker is in no call that the receiver could know of. */
const CallLeave = v.object({ type: v.literal('call-leave') });
/** The speaker was asked into this call and does not come. */
const CallDecline = v.object({ type: v.literal('call-decline'), call: CallId });

export const CallMessage = v.variant('type', [Call, CallLeave, CallDecline]);
export type CallMessage = v.InferOutput<typeof CallMessage>;
