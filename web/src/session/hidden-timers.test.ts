import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { READY, startHiddenTimers, type TimerRequest, type TimerWorker } from './hidden-timers.ts';

/** What hidden-timers.worker.ts does, and how often it was asked. */
class FakeWorker extends EventTarget {
  asked = 0;
  postMessage({ id, ms }: TimerRequest): void {
    this.asked += 1;
    setTimeout(() => this.dispatchEvent(new MessageEvent('message', { data: id })), ms);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function start(hidden: boolean) {
  const worker = new FakeWorker();
  const timers = startHiddenTimers({ isHidden: () => hidden, worker: worker as unknown as TimerWorker });
  worker.dispatchEvent(new MessageEvent('message', { data: READY }));
  return { worker, timers: await timers };
}

it.each([
  ['seen', false, 0],
  ['hidden', true, 2],
])('a page that is %s: calls back once when it is due, and not what was prevented', async (_, hidden, asked) => {
  const { worker, timers } = await start(hidden);
  const [callback, prevented] = [vi.fn(), vi.fn()];
  timers.after(30, callback);
  timers.after(10, prevented)();
  vi.advanceTimersByTime(29);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect([callback.mock.calls.length, prevented.mock.calls.length, worker.asked]).toEqual([1, 0, asked]);
});

it('a worker that cannot be fetched: the page is not loaded', async () => {
  const worker = new FakeWorker();
  const timers = startHiddenTimers({ worker: worker as unknown as TimerWorker });
  worker.dispatchEvent(new Event('error'));
  await expect(timers).rejects.toMatchObject({ code: 'not-loaded' });
});
