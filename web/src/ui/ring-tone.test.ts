import { expect, it } from 'vitest';
import { samplesOf } from './ring-tone.ts';

it('is heard, is never too loud, and has no clicks where it begins, ends and starts over', () => {
  for (const tone of ['incoming', 'waiting'] as const) {
    const samples = samplesOf(tone, 8000);
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(peak, tone).toBeGreaterThan(0.02);
    expect(peak, tone).toBeLessThan(0.5);
    expect(samples[0], tone).toBeCloseTo(0);
    expect(samples.at(-1), tone).toBeCloseTo(0);
  }
});
