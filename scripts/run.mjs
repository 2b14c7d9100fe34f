import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a program to its end and gives its exit code; 1 where it was killed, ran out of time or does not exist.
 * A signal that stops this process stops the program too.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    /** @param {NodeJS.Signals} signal */
    const stop = (signal) => {
      child.kill(signal);
      process.exit(1);
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);
    /** @param {number | null} code */
    const end = (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve(code ?? 1);
    };
    child.once('error', (error) => {
      console.error(`Could not run ${command}: ${error.message}`);
      end(1);
    });
    child.once('exit', end);
  });
}

/**
 * Runs npm, the one that runs this script where there is one.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>}
 */
export function npm(args, env = process.env) {
  const cli = process.env['npm_execpath'];
  if (cli !== undefined && /\.[cm]?js$/.test(cli)) return run(process.execPath, [cli, ...args], { env });
  return run('npm', args, { env, shell: process.platform === 'win32' });
}
