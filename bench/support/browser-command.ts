import { writeFile } from 'node:fs/promises';

/** Writes a command that starts a browser behind other words, such as those that put it somewhere. */
export async function writeBrowserCommand(path: string, before: string, browser: string | undefined): Promise<string> {
  if (browser === undefined) throw new Error('No such browser; npm test installs one.');
  await writeFile(path, `#!/bin/sh\nexec ${before} '${browser}' "$@"\n`, { mode: 0o755 });
  return path;
}

/**
 * One that starts it on one core of this machine, as if each person had a machine of one's own: how long a page takes to answer is then not decided
 * by what the other one's browser does. Linux, with `taskset`.
 */
export async function onOwnCore(browser: string | undefined, core: number, folder: string): Promise<string> {
  if (process.platform !== 'linux') throw new Error('A browser is given a core of its own by taskset: Linux.');
  return writeBrowserCommand(`${folder}/browser-on-core-${core}`, `taskset -c ${core}`, browser);
}
