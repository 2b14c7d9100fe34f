import { expect, test } from 'vitest';
import { SerialQueue } from './serial-queue.ts';

test('work is done in order, however long each piece takes, and a failure stops nothing', async () => {
  const queue = new SerialQueue(3);
  const done: string[] = [];
  let release = () => {};
  const slow = queue.push(async () => {
    await new Promise<void>((resolve) => (release = resolve));
    done.push('slow');
  });
  const failing = queue.push(() => Promise.reject(new Error('broken')));
  const quick = queue.push(() => done.push('quick'));
  expect(queue.push(() => done.push('too many'))).toBeUndefined();
  await Promise.resolve();
  release();
  await slow;
  await expect(failing).rejects.toThrow('broken');
  await quick;
  expect(done).toEqual(['slow', 'quick']);
  expect(await queue.push(() => 'again')).toBe('again');
});
