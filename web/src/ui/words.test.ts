import { STOP_REASONS } from '@tincan/shared/link-message';
import { expect, it } from 'vitest';
import { SAFETY_EMOJI } from '@tincan/shared/safety-words';
import { MEDIA_PROBLEMS } from '../session/call-views.ts';
import { CODE_ENDS, CODE_PROBLEMS } from '../session/views.ts';
import { describeProblem } from './call-words.ts';
import { describeBreach, describeCodeEnd, describeCodeProblem } from './trust-words.ts';
import { describeFailure, words } from './words.ts';

it('has a sentence for every failure, on both sides', () => {
  const failures = STOP_REASONS.filter((reason) => reason !== 'cancelled');
  for (const failure of [...failures, 'peer-left' as const, undefined]) {
    expect(describeFailure(failure, 'send')).toMatch(/\.$/);
    expect(describeFailure(failure, 'receive')).toMatch(/\.$/);
  }
});

it('has a sentence for everything that is refused for safety’s sake, with a name and without', () => {
  const breaches = ['unopenable', 'not-over-link', 'wrong-certificate', 'wrong-opening'] as const;
  for (const name of [undefined, 'Alice']) {
    const sentences = breaches.map((breach) => describeBreach(breach, name));
    expect(new Set(sentences).size).toBe(breaches.length);
    for (const sentence of sentences) expect(sentence).toMatch(/\.$/);
  }
});

it('has a name of its own for every safety picture', () => {
  expect(new Set(words.safety.names).size).toBe(SAFETY_EMOJI.length);
});

it('has a sentence of its own for whatever can become of a code, on both sides', () => {
  const typed = CODE_PROBLEMS.map(describeCodeProblem);
  const offered = CODE_ENDS.flatMap((why) => [describeCodeEnd(why, false), describeCodeEnd(why, true)]);
  expect(new Set(typed).size).toBe(CODE_PROBLEMS.length);
  for (const sentence of [...typed, ...offered]) expect(sentence).toMatch(/\.$/);
});

it('has a sentence of its own for whatever can be wrong with a microphone, a camera or a screen', () => {
  const sources = ['microphone', 'camera', 'screen'] as const;
  const sentences = sources.flatMap((source) => MEDIA_PROBLEMS.map((problem) => describeProblem(source, problem)));
  expect(new Set(sentences).size).toBe(sources.length * MEDIA_PROBLEMS.length);
  for (const sentence of sentences) expect(sentence).toMatch(/\.$/);
});
