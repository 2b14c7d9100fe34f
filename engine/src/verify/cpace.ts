// CPace: two sides that share a short password agree on a strong key, and who stands between them can try one guess in a
// run and learns nothing else. Not a line of it is ours: it is draft-irtf-cfrg-cpace-21 with the cipher suite
// CPACE-RISTR255-SHA512, in the initiator-responder setting, with a session id and with explicit key confirmation.
//
//   initiator A    Ya = ya · g, ADa ──▶
//                                    ◀── Yb = yb · g, ADb   responder B     g from the password, CI and sid
//   both           K = ya · yb · g, ISK from sid, K and the transcript, tags Ta and Tb from ISK
//
// Functions that the draft names have its names.
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { concatBytes, equalBytes } from '@noble/curves/utils.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** A public share (Ya, Yb) is this long, in bytes. */
export const SHARE_BYTES = 32;
/** An authenticator tag (Ta, Tb) is this long, in bytes. */
export const TAG_BYTES = 64;

const { Point } = ristretto255;
type Point = InstanceType<typeof Point>;
/** G.DSI, section "CPace group objects G_Ristretto255 and G_Decaf448". */
const DSI = utf8('CPaceRistretto255');
const DSI_ISK = utf8('CPaceRistretto255_ISK');
const MAC_LABEL = utf8('CPaceMac');

/** What one side brings to a run, under the draft's names. */
export interface CpaceOptions {
  role: 'initiator' | 'responder';
  /** PRS: what both sides know and nobody else does. */
  password: Uint8Array;
  /** CI: what this run is for; both sides must mean the same. */
  channelId: Uint8Array;
  /** sid: public, and another one in every run. */
  sid: Uint8Array;
  /** ADa of an initiator, ADb of a responder: who each side is. */
  ownData: Uint8Array;
  otherData: Uint8Array;
  /** For test vectors: 32 bytes, little endian. Otherwise it is random, and known to nobody. */
  scalar?: Uint8Array;
}

/** One side of a run that has begun. */
export interface CpaceRun {
  /** Ya or Yb: to be sent to the other side. */
  readonly share: Bytes;
  /**
   * Takes the other side's share; once, as the scalar must not serve twice. Gives `undefined` where the draft says to
   * abort: the share is no canonical encoding of a point, or the neutral element.
   */
  finish(otherShare: Uint8Array): CpaceResult | undefined;
}

/** What a run gives. Whether the other side has the same is not known before `check` has said so. */
export interface CpaceResult {
  /** The intermediate session key, 64 bytes; to be put through a key derivation before use. */
  readonly isk: Bytes;
  /** Ta or Tb: proves to the other side that we have the key. */
  readonly tag: Bytes;
  /** Whether the other side has the same key, by its tag. Takes as long for any tag of the right length. */
  check(otherTag: Uint8Array): boolean;
}

/** Begins a run, section "CPace protocol instructions". */
export function startCpace(options: CpaceOptions): CpaceRun {
  const { role, password, channelId, sid, ownData, otherData } = options;
  let scalar: Uint8Array | undefined = options.scalar ?? sampleScalar();
  const share = scalarMult(scalar, calculateGenerator(password, channelId, sid));

  const finish = (otherShare: Uint8Array): CpaceResult | undefined => {
    if (!scalar) throw new Error('a run of CPace is finished once');
    const k = scalarMultVfy(scalar, otherShare);
    scalar = undefined;
    if (!k) return undefined;
    const transcript =
      role === 'initiator'
        ? transcriptIr(share, ownData, otherShare, otherData)
        : transcriptIr(otherShare, otherData, share, ownData);
    const isk = sha512(concatBytes(lvCat(DSI_ISK, sid, k), transcript));
    // Section "Key confirmation".
    const macKey = sha512(concatBytes(MAC_LABEL, sid, isk));
    const expected = hmac(sha512, macKey, lvCat(otherShare, otherData));
    return {
      isk,
      tag: hmac(sha512, macKey, lvCat(share, ownData)),
      check: (otherTag) => equalBytes(otherTag, expected),
    };
  };
  return { share, finish };
}

/** Appendix "prepend_len function": the length in LEB128, then the bytes. */
export function prependLen(bytes: Uint8Array): Bytes {
  const encoded: number[] = [];
  let length = bytes.length;
  for (; length > 0x7f; length >>= 7) encoded.push((length & 0x7f) | 0x80);
  return concatBytes(Uint8Array.of(...encoded, length), bytes);
}

/** Appendix "lv_cat function": each part behind its length, so that no two lists of parts look the same. */
export function lvCat(...parts: readonly Uint8Array[]): Bytes {
  return concatBytes(...parts.map(prependLen));
}

/** Appendix "Definitions for transcript_ir function". */
export function transcriptIr(ya: Uint8Array, ada: Uint8Array, yb: Uint8Array, adb: Uint8Array): Bytes {
  return concatBytes(lvCat(ya, ada), lvCat(yb, adb));
}

/** Appendix "Definition of generator_string function": the zeros make the password's own hash block independent of its length. */
export function generatorString(password: Uint8Array, channelId: Uint8Array, sid: Uint8Array): Bytes {
  const zeros = Math.max(0, sha512.blockLen - 1 - prependLen(password).length - prependLen(DSI).length);
  return lvCat(DSI, password, new Uint8Array(zeros), channelId, sid);
}

/** G.calculate_generator: the element derivation of RFC 9496, section 4.3.4, of the hashed generator string. */
export function calculateGenerator(password: Uint8Array, channelId: Uint8Array, sid: Uint8Array): Point {
  // `!`: the type is that of all groups, and not every one has it.
  return ristretto255_hasher.deriveToCurve!(sha512(generatorString(password, channelId, sid)));
}

/** G.scalar_mult_vfy; `undefined` stands for G.I, where the protocol must abort. */
export function scalarMultVfy(scalar: Uint8Array, share: Uint8Array): Bytes | undefined {
  let point: Point;
  try {
    point = Point.fromBytes(share);
  } catch {
    return undefined; // not 32 bytes, not canonical, or no point of the group
  }
  // The order of the group is prime, so with a scalar below it nothing else leads to the neutral element.
  return point.is0() ? undefined : scalarMult(scalar, point);
}

function scalarMult(scalar: Uint8Array, point: Point): Bytes {
  return point.multiply(Point.Fn.fromBytes(scalar)).toBytes();
}

/** G.sample_scalar as recommended: 252 uniform bits, little endian. That it is 0 does not happen, and would throw. */
function sampleScalar(): Bytes {
  const scalar = crypto.getRandomValues(new Uint8Array(32));
  scalar[31]! &= 0x0f;
  return scalar;
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}
