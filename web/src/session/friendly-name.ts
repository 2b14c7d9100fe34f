const COLOURS = [
  'Amber',
  'Blue',
  'Coral',
  'Golden',
  'Green',
  'Ivory',
  'Olive',
  'Red',
  'Silver',
  'Teal',
  'Violet',
  'White',
];
const ANIMALS = [
  'Badger',
  'Crane',
  'Dolphin',
  'Falcon',
  'Fox',
  'Heron',
  'Lynx',
  'Magpie',
  'Otter',
  'Owl',
  'Panda',
  'Robin',
  'Seal',
  'Tiger',
  'Turtle',
  'Wren',
];

/** A name for somebody who has not chosen one, such as "Teal Otter". */
export function friendlyName(random: () => number = Math.random): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)]!;
  return `${pick(COLOURS)} ${pick(ANIMALS)}`;
}
