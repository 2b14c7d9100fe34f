const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter(undefined, { granularity: 'grapheme' }) : undefined;

/**
 * Where a text can be cut at `index` or before: between two characters as people count them, of which a family is one, and so is a letter with its
 * accents. Where the browser cannot tell them, and `index` is between two code points, it is `index`.
 */
export function cutBefore(text: string, index: number): number {
  return segmenter?.segment(text).containing(index)?.index ?? index;
}
