import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startHiddenTimers, type TimerRequest, type TimerWorker } from './hidden-timers.ts';

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
  vi.restoreAllMocks();
});

function start(hidden: boolean) {
  const worker = new FakeWorker();
  const timers = startHiddenTimers({ isHidden: () => hidden, worker: worker as unknown as TimerWorker });
  return { worker, timers };
}

it.each([
  ['seen', false, 0],
  ['hidden', true, 2],
])('a page that is %s: calls back once when it is due, and not what was prevented', (_, hidden, asked) => {
  const { worker, timers } = start(hidden);
  const [callback, prevented] = [vi.fn(), vi.fn()];
  timers.after(30, callback);
  timers.after(10, prevented)();
  vi.advanceTimersByTime(29);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect([callback.mock.calls.length, prevented.mock.calls.length, worker.asked]).toEqual([1, 0, asked]);
});

it('a worker that does not come: what waited for it, and all that follows, goes by the page’s own timers', () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { worker, timers } = start(true);
  worker.postMessage = () => {};
  const [waiting, later] = [vi.fn(), vi.fn()];
  timers.after(5, waiting);
  vi.advanceTimersByTime(100);
  expect(waiting).not.toHaveBeenCalled();
  worker.dispatchEvent(new Event('error'));
  timers.after(5, later);
  vi.advanceTimersByTime(100);
  expect([waiting.mock.calls.length, later.mock.calls.length]).toEqual([1, 1]);
});
