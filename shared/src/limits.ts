// Sizes that both ends of a wire must agree on. Each says its unit and why it is what it is.

/** Signaling: the largest WebSocket message, in bytes. An SDP with its candidates is about 4 KiB. */
export const MAX_SIGNALING_MESSAGE_BYTES = 65_536;
/** Signaling: the longest `payload`, in characters; leaves room for the envelope within the message. */
export const MAX_PAYLOAD_CHARS = 49_152;
/** Signaling: the longest `ref`, in characters. */
export const MAX_REF_CHARS = 32;
/** Signaling: a room name is 32 bytes as base64url, in characters. */
export const ROOM_NAME_CHARS = 43;

/** Spoken code: digits of a slot number, at least; a busy server gives longer ones. */
export const MIN_SLOT_DIGITS = 3;
/** Spoken code: digits of a slot number, at most. */
export const MAX_SLOT_DIGITS = 9;
/** Spoken code: the longest `payload` of a `slot-message`, in characters. The longest of the three that a pairing takes has about 250. */
export const MAX_SLOT_PAYLOAD_CHARS = 512;

/** The room's secret in the URL fragment, in bytes (128 bits). */
export const SECRET_BYTES = 16;

/** Link: the longest control message, in bytes of UTF-8. All browsers carry 64 KiB in one message. */
export const MAX_LINK_MESSAGE_BYTES = 65_536;
/** Link: what a batching sender fills a message to, in bytes of UTF-8; far enough below the limit for any envelope. */
export const LINK_BATCH_BYTES = 32_768;
/** Chat: the longest text, in characters. */
export const MAX_CHAT_CHARS = 4_000;
/** Chat: texts that wait for one peer's receipt at most, and texts of a peer that are known again when it repeats them. */
export const MAX_WAITING_TEXTS = 100;
/** The longest display name, in characters. */
export const MAX_DISPLAY_NAME_CHARS = 40;

/** The unit that is hashed, asked for and written, in bytes. */
export const BLOCK_BYTES = 1_048_576;
/** The unit that is asked for on one lane, in bytes, and the most of a file in one frame: the size at which RTCDataChannels are level in all browsers. */
export const PIECE_BYTES = 65_536;
/** What a frame carries to a peer that takes no message of a piece and its header, in bytes: half a piece. */
export const SMALL_FRAME_PAYLOAD_BYTES = 32_768;
/** Files in one offer at most; bounds what a receiver holds before anyone has accepted. */
export const MAX_FILES_PER_OFFER = 50_000;
/** The longest relative path in an offer, in characters, before it is cleaned. */
export const MAX_PATH_CHARS = 4_096;
/** How far the date of a file may be from 1970, in milliseconds: what `Date` takes. */
export const MAX_DATE_MS = 8_640_000_000_000_000;
/** Offers that one peer can claim at a time, once a link is there. */
export const MAX_CLAIMS = 512;
/** Ranges in one entry of a `want` or a `have` at most. */
export const MAX_RANGES = 64;
/** Entries in one batched transfer message (`want`, `hashes`, `complete`, …) at most. */
export const MAX_BATCH_ENTRIES = 512;
