import { vi } from 'vitest';

/** How a wait has ended: with what it gave, or with its failure's code; `waiting` if it has not. Needs fake timers. */
export async function outcome(wait: Promise<unknown>): Promise<unknown> {
  const ended = wait.catch((error: unknown) => (error as { code?: string }).code ?? error);
  return Promise.race([ended, vi.advanceTimersByTimeAsync(0).then(() => 'waiting')]);
}
