// Pairing: the owner of a room hands its secret to the one who was told six digits, by way of a server that learns neither.
//
//   1.  owner ──▶ guest    1 ‖ sid (16, random) ‖ Ya (32)
//   2.  guest ──▶ owner    1 ‖ Yb (32) ‖ Tb (64)                                       the guest shows that he knows the code
//   3.  owner ──▶ guest    1 ‖ Ta (64) ‖ AES-256-GCM( key, nonce 0, secret )           the owner shows it, and hands over
//
//   CPace (cpace.ts) with PRS = the six digits, CI = lv_cat( "tincan.v1 code", slot ), ADa = "owner", ADb = "guest"
//   key = HKDF-SHA-256( ISK, salt sid, info "tincan.v1 code secret" )
//
// Each message is base64url and begins with its version, the byte 1. The key serves once, so its nonce may be zero. One
// run is one guess for whoever does not know the code: a slot must not be used for a second one.
import { fromBase64Url, toBase64Url } from '@tincan/shared/base64url';
import { MAX_SLOT_PAYLOAD_CHARS } from '@tincan/shared/limits';
import { parseSecret } from '@tincan/shared/secret';
import { TincanError } from '../platform/errors.ts';
import { lvCat, SHARE_BYTES, startCpace, TAG_BYTES } from './cpace.ts';
import type { SpokenCode } from './spoken-code.ts';

const VERSION = 1;
const SID_BYTES = 16;
/** The shortest and the longest secret that `parseSecret` takes, in characters. */
const MIN_SECRET_CHARS = 22;
const MAX_SECRET_CHARS = 86;
/** What AES-GCM puts behind the text, in bytes. */
const GCM_TAG_BYTES = 16;
const OWNER = utf8('owner');
const GUEST = utf8('guest');

/** What carries a pairing: messages to one other side and from it, in order. */
export interface PairingChannel {
  /** Sends base64url text. May throw where `receive` would reject. */
  send(payload: string): void;
  /** The next message; rejects when no further one can come. */
  receive(): Promise<string>;
}

/** Why a pairing failed: a proof did not fit, so that a code was typed wrong or guessed; or a message was none of this protocol's. */
export type PairingFailure = 'wrong-code' | 'protocol';

/**
 * The owner's side. Resolves when the secret is on its way, which it is only if the guest has shown that he knows the code.
 * Rejects with a TincanError of a `PairingFailure`, or with what the channel rejects with; then nothing was handed over, and
 * the code must not be used again.
 */
export async function handOverSecret(
  channel: PairingChannel,
  { secret, ...code }: SpokenCode & { secret: string },
): Promise<void> {
  // 1. Begin.
  const sid = crypto.getRandomValues(new Uint8Array(SID_BYTES));
  const run = startCpace({ role: 'initiator', ...inputs(code, sid), ownData: OWNER, otherData: GUEST });
  channel.send(encode(sid, run.share));

  // 2. The guest proves that he knows the code.
  const answer = decode(await channel.receive(), SHARE_BYTES + TAG_BYTES);
  const result = run.finish(answer.subarray(0, SHARE_BYTES));
  if (!result) throw failure('protocol', 'the guest’s share is no point');
  if (!result.check(answer.subarray(SHARE_BYTES))) throw failure('wrong-code', 'the guest’s proof does not fit');

  // 3. Prove the same, and hand over.
  const key = await deriveKey(result.isk, sid);
  const sealed = new Uint8Array(await crypto.subtle.encrypt(GCM, key, utf8(secret)));
  channel.send(encode(result.tag, sealed));
}

/**
 * The guest's side. Resolves with a secret as `parseSecret` takes it, which comes from somebody who knows the code. Rejects
 * with a TincanError of a `PairingFailure`, or with what the channel rejects with.
 */
export async function receiveSecret(channel: PairingChannel, code: SpokenCode): Promise<string> {
  // 1. The owner begins.
  const opening = decode(await channel.receive(), SID_BYTES + SHARE_BYTES);
  const sid = opening.subarray(0, SID_BYTES);
  const run = startCpace({ role: 'responder', ...inputs(code, sid), ownData: GUEST, otherData: OWNER });
  const result = run.finish(opening.subarray(SID_BYTES));
  if (!result) throw failure('protocol', 'the owner’s share is no point');

  // 2. Prove that we know the code.
  channel.send(encode(run.share, result.tag));

  // 3. The owner proves it too, and only then is anything opened.
  const sealedBytes = (chars: number) => TAG_BYTES + chars + GCM_TAG_BYTES;
  const handover = decode(await channel.receive(), sealedBytes(MIN_SECRET_CHARS), sealedBytes(MAX_SECRET_CHARS));
  if (!result.check(handover.subarray(0, TAG_BYTES))) throw failure('wrong-code', 'the owner’s proof does not fit');
  const text = await open(handover.subarray(TAG_BYTES), await deriveKey(result.isk, sid));
  if (text === undefined || parseSecret(text) !== text) throw failure('protocol', 'what was handed over is no secret');
  return text;
}

/** What both sides put into CPace alike. */
function inputs({ slot, password }: SpokenCode, sid: Uint8Array) {
  return { password: utf8(password), channelId: lvCat(utf8('tincan.v1 code'), utf8(slot)), sid };
}

const GCM: AesGcmParams = { name: 'AES-GCM', iv: new Uint8Array(12) };

async function deriveKey(isk: Uint8Array<ArrayBuffer>, sid: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: sid, info: utf8('tincan.v1 code secret') };
  const key = await crypto.subtle.importKey('raw', isk, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(hkdf, key, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

async function open(sealed: Uint8Array<ArrayBuffer>, key: CryptoKey): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await crypto.subtle.decrypt(GCM, key, sealed));
  } catch {
    return undefined; // WebCrypto gives no reason, on purpose
  }
}

function encode(first: Uint8Array, second: Uint8Array): string {
  return toBase64Url(Uint8Array.of(VERSION, ...first, ...second));
}

/** What stands behind the version; throws `protocol` for a message of another version or length. */
function decode(payload: string, minBytes: number, maxBytes = minBytes): Uint8Array<ArrayBuffer> {
  const bytes = payload.length <= MAX_SLOT_PAYLOAD_CHARS ? fromBase64Url(payload) : undefined;
  const content = bytes?.[0] === VERSION ? bytes.subarray(1) : undefined;
  if (!content || content.length < minBytes || content.length > maxBytes)
    throw failure('protocol', `a message of ${payload.length} characters is none of a pairing’s`);
  return content;
}

function failure(code: PairingFailure, message: string): TincanError<PairingFailure> {
  return new TincanError(code, message);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
