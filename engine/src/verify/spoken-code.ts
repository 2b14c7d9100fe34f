// The code that one person says to another: the number of a slot on the server, which is no secret, and behind it six
// digits that are. Nobody has to know where the one ends and the other begins.
import { MAX_SLOT_DIGITS, MIN_SLOT_DIGITS } from '@tincan/shared/limits';
import type { Result } from '@tincan/shared/result';

const PASSWORD_DIGITS = 6;
const PASSWORDS = 10 ** PASSWORD_DIGITS;
/** Random numbers from here on are refused: below it, every password stands for equally many. */
const FAIR_LIMIT = 2 ** 32 - (2 ** 32 % PASSWORDS);
/** What people and messengers put between digits: spaces, dashes, underscores, invisible marks, dots and commas. */
const BETWEEN = /[\s\p{Pd}\p{Pc}\p{Cf}\u2212.,·•‧]/gu;

/** What two people say to each other, taken apart. */
export interface SpokenCode {
  /** MIN_SLOT_DIGITS to MAX_SLOT_DIGITS digits. */
  slot: string;
  /** Six digits. */
  password: string;
}

/** Why a text is no code. */
export type SpokenCodeRefusal = 'not-digits' | 'too-short' | 'too-long';

/** Six digits, all equally likely, from the platform's cryptographic generator. */
export function createPassword(randomUint32: () => number = cryptoRandomUint32): string {
  let number: number;
  do number = randomUint32();
  while (number >= FAIR_LIMIT);
  return String(number % PASSWORDS).padStart(PASSWORD_DIGITS, '0');
}

/** As it is shown and read out, in groups of three digits: `042 381 927`, or `1 042 381 927` where the slot is longer. */
export function formatCode(slot: string, password: string): string {
  return (slot + password).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** Reads what a person typed or pasted, however it is grouped. Never throws. */
export function parseCode(text: string): Result<SpokenCode, SpokenCodeRefusal> {
  // NFKC turns the wide digits of East Asian keyboards into ASCII ones.
  const digits = text.normalize('NFKC').replace(BETWEEN, '');
  if (!/^[0-9]*$/.test(digits)) return { ok: false, error: 'not-digits' };
  if (digits.length < MIN_SLOT_DIGITS + PASSWORD_DIGITS) return { ok: false, error: 'too-short' };
  if (digits.length > MAX_SLOT_DIGITS + PASSWORD_DIGITS) return { ok: false, error: 'too-long' };
  return { ok: true, value: { slot: digits.slice(0, -PASSWORD_DIGITS), password: digits.slice(-PASSWORD_DIGITS) } };
}

function cryptoRandomUint32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
