import { expect, it } from 'vitest';
import { Speed } from './speed.ts';

it('is the growth over the last five seconds', () => {
  const speed = new Speed();
  speed.note(0, 0);
  expect(speed.bytesPerSecond).toBeUndefined();
  for (let at = 500; at <= 10_000; at += 500) speed.note(at * 2, at);
  expect(speed.bytesPerSecond).toBe(2_000);
  for (let at = 10_500; at <= 16_000; at += 500) speed.note(20_000, at);
  expect(speed.bytesPerSecond).toBe(0);
});
