import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 50;

/** Reads again and again until `accepts` says yes, and gives what was read then; fails after the deadline with what was read last. */
export async function until<T>(
  what: string,
  read: () => Promise<T> | T,
  accepts: (value: T) => boolean,
  timeoutMs = 30_000, // a bound for a slow machine
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (accepts(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`Not within ${timeoutMs} ms: ${what}. Last seen: ${JSON.stringify(value)}`);
    await delay(INTERVAL_MS);
  }
}
