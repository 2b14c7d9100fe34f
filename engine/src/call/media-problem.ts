/** Why a device or a screen gives nothing. */
export const MEDIA_PROBLEMS = [
  'refused', // the person, or the browser's settings, do not allow it
  'busy', // another program has it
  'missing', // there is no such device
  'unplugged', // it was in use, and has gone
  'failed', // anything else
] as const;
export type MediaProblem = (typeof MEDIA_PROBLEMS)[number];

/** By the names of the browsers' errors, those that older ones use included. */
const PROBLEMS: Readonly<Record<string, MediaProblem>> = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotReadableError: 'busy',
  AbortError: 'busy',
  TrackStartError: 'busy',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  DevicesNotFoundError: 'missing',
};

/** Why the browser did not give what it was asked for; what it gives no known reason for is logged. */
export function problemOf(error: unknown): MediaProblem {
  const problem = PROBLEMS[nameOf(error)];
  if (!problem) console.error('A device could not be opened.', error);
  return problem ?? 'failed';
}

/** The same for a screen; `undefined` where the person has only closed the browser's dialog. */
export function screenProblemOf(error: unknown): MediaProblem | undefined {
  // One name for both: only Chromium's text tells that the operating system refuses what the person has chosen.
  const isCancel = nameOf(error) === 'NotAllowedError' && !(error instanceof Error && /system/i.test(error.message));
  return isCancel ? undefined : problemOf(error);
}

/** An OverconstrainedError is no Error in every browser. */
function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
}
