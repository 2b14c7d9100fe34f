// Control characters, and characters that reorder or hide text: bidi marks, embeddings, overrides and isolates,
// zero-width ones, line separators, the byte order mark, tags, and lone surrogates.
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;

/** Takes out of a name from the other side whatever could make it look like another. */
export function visibleText(text: string): string {
  return text.normalize('NFC').replace(INVISIBLE, '').trim();
}
