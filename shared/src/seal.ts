// Sealing: what two sessions say to each other through a server that must not read or change it.
// docs/protocol/sealing.md gives the steps for each side.
//
//   payload  = base64url( nonce (12, random) ‖ AES-256-GCM( presence key, nonce, aad "tincan.v1", envelope ) )
//
//    0        1              23                  31
//   +--------+--------------+-------------------+----------------------------------------------------------
//   | kind   | session (22) | counter (uint64)  | kind 1, to everyone: the text
//   | 1 or 2 | who speaks   | big endian        | kind 2, to one: AES-256-GCM( direction key, 0000 ‖ counter, text )
//   +--------+--------------+-------------------+----------------------------------------------------------
//
// The envelope hides who speaks; the direction key says to whom. A session counts everything that it seals with one
// counter, so no nonce is used twice under a direction key, and a receiver can tell what it has heard before.
import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { Result } from './result.ts';
import type { RoomSecret } from './secret.ts';

const NONCE_BYTES = 12;
const SESSION_CHARS = 22;
const COUNTER_AT = 1 + SESSION_CHARS;
const HEADER_BYTES = COUNTER_AT + 8;
const SESSION = /^[A-Za-z0-9_-]{22}$/;
const TO_EVERYONE = 1;
const TO_ONE = 2;
const LABEL = new TextEncoder().encode('tincan.v1');
/** Direction keys that are kept. More sessions than these cost a derivation each time they speak. */
const MAX_KEYS = 64;
/** Sessions whose counters are remembered; of the oldest beyond that an old message could be heard again. */
const MAX_COUNTERS = 4_096;

/** Why a payload is not let in. */
export type SealRefusal =
  | 'unopenable' // not sealed under this room's secret, changed on the way, or meant for another session
  | 'replayed' // this or a later message of the same session was heard before
  | 'reflected'; // our own

/** What a payload held. */
export interface Opened {
  /** Who says so. Any member of the room could have sealed it: the seal proves membership, not which member. */
  from: string;
  /** To everyone in the room, or to us alone. */
  toEveryone: boolean;
  text: string;
}

/** Seals and opens for one session of one room. Outgoing payloads must be sent in the order in which they were sealed. */
export class Seal {
  readonly #secret: RoomSecret;
  readonly #me: string;
  readonly #presenceKey: CryptoKey;
  readonly #directionKeys = new Map<string, Promise<CryptoKey>>();
  /** The last counter heard, by session. */
  readonly #heard = new Map<string, number>();
  #counter = 0;

  private constructor(secret: RoomSecret, me: string, presenceKey: CryptoKey) {
    this.#secret = secret;
    this.#me = me;
    this.#presenceKey = presenceKey;
  }

  /** `me` is the session id, 22 characters that no other page ever had. */
  static async create(secret: RoomSecret, me: string): Promise<Seal> {
    return new Seal(secret, me, await secret.presenceKey());
  }

  /** Seals a text for one session, or for everyone in the room. */
  async seal(text: string, to?: string): Promise<string> {
    const counter = ++this.#counter;
    const plain = new TextEncoder().encode(text);
    const header = encodeHeader(to === undefined ? TO_EVERYONE : TO_ONE, this.#me, counter);
    const content = to === undefined ? plain : await this.#sealFor(to, counter, plain);
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(envelopeParams(nonce), this.#presenceKey, concat(header, content));
    return toBase64Url(concat(nonce, new Uint8Array(sealed)));
  }

  /** Opens a payload, or says why not. Each can be opened once. Never throws. */
  async open(payload: string): Promise<Result<Opened, SealRefusal>> {
    const bytes = fromBase64Url(payload);
    const envelope =
      bytes && (await decrypt(envelopeParams(bytes.subarray(0, NONCE_BYTES)), this.#presenceKey, bytes, NONCE_BYTES));
    if (!envelope || envelope.length < HEADER_BYTES) return refuse('unopenable');
    const { kind, from, counter } = decodeHeader(envelope);
    if (!SESSION.test(from)) return refuse('unopenable');
    if (from === this.#me) return refuse('reflected');
    const content = kind === TO_ONE ? await this.#openFrom(from, counter, envelope) : envelope.subarray(HEADER_BYTES);
    if (!content || (kind !== TO_ONE && kind !== TO_EVERYONE)) return refuse('unopenable');
    // Only now: what cannot be opened must not use up a counter. No await may stand between the check and the note.
    if (counter <= (this.#heard.get(from) ?? 0)) return refuse('replayed');
    touch(this.#heard, from, counter, MAX_COUNTERS);
    return { ok: true, value: { from, toEveryone: kind === TO_EVERYONE, text: new TextDecoder().decode(content) } };
  }

  async #sealFor(to: string, counter: number, plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const key = await this.#directionKey(this.#me, to);
    return new Uint8Array(await crypto.subtle.encrypt(directionParams(counter), key, plain));
  }

  async #openFrom(from: string, counter: number, envelope: Uint8Array<ArrayBuffer>) {
    return decrypt(directionParams(counter), await this.#directionKey(from, this.#me), envelope, HEADER_BYTES);
  }

  #directionKey(from: string, to: string): Promise<CryptoKey> {
    const name = `${from} ${to}`;
    const key = this.#directionKeys.get(name) ?? this.#secret.directionKey(from, to);
    touch(this.#directionKeys, name, key, MAX_KEYS);
    return key;
  }
}

function encodeHeader(kind: number, session: string, counter: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = kind;
  header.set(new TextEncoder().encode(session), 1);
  new DataView(header.buffer).setBigUint64(COUNTER_AT, BigInt(counter));
  return header;
}

function decodeHeader(envelope: Uint8Array<ArrayBuffer>): { kind: number; from: string; counter: number } {
  const from = new TextDecoder().decode(envelope.subarray(1, COUNTER_AT));
  const counter = new DataView(envelope.buffer, envelope.byteOffset).getBigUint64(COUNTER_AT);
  // A counter beyond 2^53 is nobody's; as 0 it is refused as heard before.
  return { kind: envelope[0] ?? 0, from, counter: counter <= Number.MAX_SAFE_INTEGER ? Number(counter) : 0 };
}

function envelopeParams(nonce: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: 'AES-GCM', iv: nonce, additionalData: LABEL };
}

function directionParams(counter: number): AesGcmParams {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(NONCE_BYTES - 8, BigInt(counter));
  return { name: 'AES-GCM', iv: nonce };
}

/** The plain bytes of what stands from `start` on; `undefined` if it was not sealed like this. */
async function decrypt(
  params: AesGcmParams,
  key: CryptoKey,
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params, key, bytes.subarray(start)));
  } catch {
    return undefined; // WebCrypto gives no reason, on purpose
  }
}

function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Puts an entry in the newest place, and lets the oldest go where there are too many. */
function touch<T>(map: Map<string, T>, name: string, value: T, most: number): void {
  map.delete(name);
  map.set(name, value);
  const oldest = map.keys().next();
  if (map.size > most && !oldest.done) map.delete(oldest.value);
}

function refuse(error: SealRefusal): Result<never, SealRefusal> {
  return { ok: false, error };
}
