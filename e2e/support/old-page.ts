import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from '../../scripts/run.mjs';

/** The last commit whose pages speak version 1 of the wire. */
const COMMIT = 'fbe2fa8bb5b4fb772a2157c0635e085d164d5058';

/** The page as it was before the wire changed, built from the history. */
export class OldPage {
  /** What a server has to be given as its web root. */
  readonly webRoot: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.webRoot = join(folder, 'web', 'dist');
  }

  static async build(): Promise<OldPage> {
    const page = new OldPage(await mkdtemp(join(tmpdir(), 'tincan-old-page-')));
    try {
      await page.#checkOut();
      await page.#linkPackages();
      const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
      const code = await run(process.execPath, [vite, 'build', '--logLevel', 'error'], {
        cwd: join(page.#folder, 'web'),
        env: { ...process.env, NODE_ENV: 'production' },
      });
      if (code !== 0) throw new Error(`The page of ${COMMIT} cannot be built; the message is above.`);
      return page;
    } catch (error) {
      await page.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #checkOut(): Promise<void> {
    if (spawnSync('git', ['cat-file', '-e', `${COMMIT}^{commit}`], { cwd: root }).status !== 0)
      throw new Error(
        `This test builds the page of an earlier commit (${COMMIT}), which this checkout does not have. Fetch the history: git fetch --unshallow`,
      );
    const archive = join(this.#folder, 'page.tar');
    execute('git', ['archive', '--format=tar', '-o', archive, COMMIT, 'web', 'shared', 'tsconfig.base.json'], root);
    execute('tar', ['-xf', archive], this.#folder);
  }

  /** The checkout's packages, except for the project's own, which are those of that commit. */
  async #linkPackages(): Promise<void> {
    const from = join(root, 'node_modules');
    const to = join(this.#folder, 'node_modules');
    await mkdir(join(to, '@tincan'), { recursive: true });
    const names = (await readdir(from)).filter((name) => !name.startsWith('.') && name !== '@tincan');
    for (const name of names) await symlink(join(from, name), join(to, name), 'junction');
    await symlink(join(this.#folder, 'shared'), join(to, '@tincan', 'shared'), 'junction');
  }
}

function execute(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
