import type { LookKind } from '../session/look-kinds.ts';

type Names = Record<LookKind, (name: string) => string>;

/** What is said of looking at what has arrived, or is arriving. */
export const lookWords = {
  look: {
    verb: { video: 'Play', audio: 'Play', image: 'Look at it', text: 'Read it' } satisfies Record<LookKind, string>,
    one: {
      video: (name) => `Play ${name}`,
      audio: (name) => `Play ${name}`,
      image: (name) => `Look at ${name}`,
      text: (name) => `Read ${name}`,
    } satisfies Names,
    /** On an offer: it is accepted, and played as it arrives. */
    now: { video: 'Watch', audio: 'Listen' },
    opening: 'One moment…',
    isCut: (size: string) => `Only the first ${size} are shown. Save the file to read all of it.`,
    stopped: 'It stopped, as nothing came for long.',
    again: 'Play it again',
    gone: 'It cannot be shown any more: it was stopped, or is not kept in this browser.',
    'not-yet': 'This browser can show it as soon as all of it has arrived.',
    cannot: 'This browser cannot show this file. Save it, and open it with another program.',
  },
};
