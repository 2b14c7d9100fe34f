// Every text about who may be believed: safety pictures, moving the room, spoken codes, refusals. A part of words.ts.
import type { Breach, CodeEnd, CodeProblem } from '../session/views.ts';

export const trustWords = {
  safety: {
    heading: 'Check the connection',
    hint: (name: string) =>
      `Call ${name} or ask face to face: are these six pictures, in this order, beside your name on their screen? If not, somebody is in between: block them.`,
    verify: 'They are the same',
    unverify: 'Undo',
    verified: 'Pictures match',
    names: [
      ...['Dog', 'Cat', 'Lion', 'Horse', 'Unicorn', 'Pig', 'Elephant', 'Rabbit', 'Panda', 'Rooster', 'Penguin'],
      ...['Turtle', 'Fish', 'Octopus', 'Butterfly', 'Flower', 'Tree', 'Cactus', 'Mushroom', 'Globe', 'Moon', 'Cloud'],
      ...['Fire', 'Banana', 'Apple', 'Strawberry', 'Corn', 'Pizza', 'Cake', 'Heart', 'Smiley', 'Robot', 'Hat'],
      ...['Glasses', 'Spanner', 'Santa', 'Thumbs Up', 'Umbrella', 'Hourglass', 'Clock', 'Gift', 'Light Bulb', 'Book'],
      ...['Pencil', 'Paperclip', 'Scissors', 'Lock', 'Key', 'Hammer', 'Telephone', 'Flag', 'Train', 'Bicycle'],
      ...[
        'Aeroplane',
        'Rocket',
        'Trophy',
        'Ball',
        'Guitar',
        'Trumpet',
        'Bell',
        'Anchor',
        'Headphones',
        'Folder',
        'Pin',
      ],
    ],
  },

  move: {
    button: 'New link…',
    heading: 'Move to a new link?',
    what: 'The room gets a new link, and the old one leads nobody here any more. Transfers with those who come along keep running.',
    whatAlone: 'The room gets a new link, and the old one leads nobody here any more.',
    who: 'Who comes along?',
    away: (name: string) => `${name} is not connected at the moment and will have to be given the new link.`,
    yes: 'Move',
    no: 'Stay',
    asked: (name: string, verified: boolean) =>
      verified
        ? `${name}, whose pictures match, has moved the room to a new link. Come along? Transfers between you keep running.`
        : `${name}, whose pictures you have not compared, has moved the room to a new link. Come along? Transfers between you keep running.`,
    left: (names: string[]) => `Your connection to ${names.join(', ')} would end.`,
    come: 'Come along',
    stay: 'Stay here',
  },

  code: {
    say: 'Or read this code to them',
    hint: (host: string) => `They type it at ${host}. It is good for one try, within ten minutes.`,
    entered: 'Somebody is typing it in…',
    used: 'The code was used.',
    spent: 'The code is used up.',
    opening: 'Getting a code…',
    show: 'Show a code to read out',
    fresh: 'Fresh code',
    have: 'Did somebody read you a code?',
    placeholder: '123 456 789',
    join: 'Enter',
    cancel: 'Cancel',
    trying: 'Trying the code…',
  },
};

const codePartNotLoaded =
  'The part of this page that does codes could not be loaded: the connection was cut, or the server has a newer version of the page. Reload it.';

/** What was refused for safety's sake, and what helps; without a name it concerns nobody who is known here. */
export function describeBreach(breach: Breach, name?: string): string {
  switch (breach) {
    case 'unopenable':
      return name === undefined
        ? 'Something came through the server that does not belong to this room. It was not used. Somebody without the link may be trying to get in, or an old version of this page is open somewhere.'
        : `Something interfered with the connection to ${name}. It was not made, and is tried again.`;
    case 'not-over-link':
      return `Something tried to set up a connection in the name of ${name ?? 'a person here'}. It was blocked; nothing was sent.`;
    case 'wrong-certificate':
      return `Somebody else tried to connect in the name of ${name ?? 'a person here'}. They were turned away; nothing was sent.`;
    case 'wrong-opening':
      return `The page of ${name ?? 'somebody'} tried to cheat with the safety pictures. The connection was closed.`;
  }
}

/** What has become of the code that this page offered; `tried`: somebody has entered it. */
export function describeCodeEnd(why: CodeEnd, tried: boolean): string {
  switch (why) {
    case 'wrong-code':
      return 'Somebody tried this code and got it wrong, so it is used up. If it was not the person you gave it to, somebody is guessing.';
    case 'expired':
      return tried
        ? 'Somebody began to enter this code and did not finish in time. It is used up.'
        : 'The code has run out after ten minutes.';
    case 'slot-limit':
      return 'Too many codes were asked for from your network. Give them the link, or try again in a few minutes.';
    case 'unsupported':
      return 'This server has no spoken codes. Give them the link.';
    case 'not-loaded':
      return codePartNotLoaded;
    case 'offline':
      return 'The connection to the server was lost, and the code with it.';
    case 'failed':
      return tried
        ? 'Somebody tried this code and it did not work out. It is used up.'
        : 'The server gave no code. Give them the link, or try again.';
  }
}

/** Why a typed code led nowhere, and what helps. */
export function describeCodeProblem(problem: CodeProblem): string {
  switch (problem) {
    case 'not-digits':
      return 'A code has nothing but digits, such as 123 456 789. Check it and type it again.';
    case 'too-short':
      return 'Digits are missing: a code has at least nine, such as 123 456 789. Check it and type it again.';
    case 'too-long':
      return 'These are too many digits for a code, which looks like 123 456 789. Check it and type it again.';
    case 'unknown':
      return 'There is no such code. Check the first three digits, or ask for a fresh code.';
    case 'wrong-code':
      return 'The code was wrong, and a code is good for one try only. Ask for a fresh one.';
    case 'expired':
      return 'This code has run out: a code is good for ten minutes. Ask for a fresh one.';
    case 'used':
      return 'This code was used before, and each is good for one try. If that was not you, tell the person who gave it to you, and ask for a fresh one.';
    case 'left':
      return 'Whoever gave you this code has closed their page or lost the connection. Ask them for a fresh code.';
    case 'slot-limit':
      return 'Too many codes were tried from your network. Wait a few minutes, or ask for the link.';
    case 'unsupported':
      return 'This server has no spoken codes. Ask for the link.';
    case 'server-unreachable':
      return 'The server cannot be reached. Check your connection and try again.';
    case 'not-loaded':
      return codePartNotLoaded;
    case 'failed':
      return 'It did not work out, and the code is used up. Ask for a fresh one. If this happens again, use the link instead.';
  }
}
