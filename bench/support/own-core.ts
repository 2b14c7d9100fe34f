import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A command that starts a browser on one core of this machine, as if each person had a machine of one's own: how long a page takes to answer is then not decided
 * by what the other one's browser does. Written into `folder`; Linux, with `taskset`.
 */
export async function onOwnCore(browser: string | undefined, core: number, folder: string): Promise<string> {
  if (process.platform !== 'linux') throw new Error('A browser is given a core of its own by taskset: Linux.');
  if (browser === undefined) throw new Error('No such browser; npm test installs one.');
  const command = join(folder, `browser-on-core-${core}`);
  await writeFile(command, `#!/bin/sh\nexec taskset -c ${core} '${browser}' "$@"\n`);
  await chmod(command, 0o755);
  return command;
}
