// Controls, line separators, what embeds, overrides or isolates the direction of the text around it, and halves of characters. Marks of direction,
// joiners and tags stay: they belong to writing (Persian, families, flags) and reach no further than the name that holds them.
const HARMFUL = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu;
const NOTHING_TO_SEE = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]*$/u;

/** Takes out of a name from the other side what is no part of any name or could garble the text around it; empty if nothing is left to be seen. */
export function visibleText(text: string): string {
  const kept = text.replace(HARMFUL, '');
  return NOTHING_TO_SEE.test(kept) ? '' : kept;
}
