import { readFile } from 'node:fs/promises';
import type { Person } from '../../e2e/support/test.ts';

/** The renderer process of a person's page: the largest of its browser. */
export async function rendererOf({ tab }: Person): Promise<number> {
  const session = await tab.page.context().browser()?.newBrowserCDPSession();
  if (!session) throw new Error('no connection to the browser');
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const sizes = await Promise.all(pids.map(async (pid) => ({ pid, bytes: await residentBytes(pid) })));
  sizes.sort((a, b) => b.bytes - a.bytes);
  return sizes[0]!.pid;
}

/** The resident set of a process (Linux only). */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1_024;
}
