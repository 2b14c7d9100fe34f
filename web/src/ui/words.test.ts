import { STOP_REASONS } from '@tincan/shared/link-message';
import { expect, it } from 'vitest';
import { describeFailure } from './words.ts';

it('has a sentence for every failure, on both sides', () => {
  const failures = STOP_REASONS.filter((reason) => reason !== 'cancelled');
  for (const failure of [...failures, 'peer-left' as const, undefined]) {
    expect(describeFailure(failure, 'send')).toMatch(/\.$/);
    expect(describeFailure(failure, 'receive')).toMatch(/\.$/);
  }
});
