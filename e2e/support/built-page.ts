import { cp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';

const DIST = join(root, 'web', 'dist');

/** The names of the scripts of the built page, without their hashes. */
export async function scriptsOfPage(): Promise<string[]> {
  const scripts = (await readdir(join(DIST, 'assets'))).filter((name) => name.endsWith('.js'));
  return scripts.map((name) => name.replace(/-[\w-]{8}\.js$/, '')).sort();
}

/** Copies the built page to a folder, without the scripts of this name. */
export async function pageWithout(script: string, folder: string): Promise<string> {
  await cp(DIST, folder, { recursive: true });
  const assets = join(folder, 'assets');
  for (const name of await readdir(assets))
    if (name.startsWith(`${script}-`) && name.endsWith('.js')) await rm(join(assets, name));
  return folder;
}

/** Another build of the page: each of its scripts and styles has another name, as after any change of what all of them use. */
export async function anotherBuild(folder: string): Promise<string> {
  await cp(DIST, folder, { recursive: true });
  const assets = join(folder, 'assets');
  const names = await readdir(assets);
  const renamed = (name: string) =>
    name.replace(/-([\w-]{8})\.(js|css)$/, (_, hash: string, end: string) => `-${flip(hash)}.${end}`);
  for (const name of names) await rename(join(assets, name), join(assets, renamed(name)));
  for (const file of ['index.html', ...names.map((name) => join('assets', renamed(name)))]) {
    let text = await readFile(join(folder, file), 'utf8');
    for (const name of names) text = text.replaceAll(name, renamed(name));
    await writeFile(join(folder, file), text);
  }
  return folder;
}

function flip(hash: string): string {
  return [...hash].reverse().join('');
}
