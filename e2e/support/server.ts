import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../scripts/run.mjs';

/** The built server as a process of its own, on a free port, which it keeps over restarts. */
export class ServerProcess {
  /** Everything that it has printed. */
  output = '';
  #env: Record<string, string>;
  #process: ChildProcess | undefined;
  #port = 0;

  private constructor(env: Record<string, string>) {
    this.#env = env;
  }

  /** Starts a server; `env` adds to its configuration. No STUN: tests stay on this machine. */
  static async start(env: Record<string, string> = {}): Promise<ServerProcess> {
    const server = new ServerProcess(env);
    await server.restart();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://localhost:${this.#port}`;
  }

  /** Its process id, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it again after `kill` or `terminate`, on the same port; `env` changes its configuration. */
  async restart(env: Record<string, string> = {}): Promise<void> {
    this.#env = { ...this.#env, ...env };
    const child = spawn(process.execPath, [join(root, 'signaling-server', 'dist', 'main.js')], {
      env: { ...process.env, ICE_SERVERS: '[]', HTTPS_PORT: 'off', ...this.#env, PORT: String(this.#port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stderr.on('data', (text: Buffer) => (this.output += text.toString()));
    child.once('exit', () => (this.#process = undefined));
    this.#port = await new Promise<number>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        this.output += `${line}\n`;
        const port = /http:\/\/localhost:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
      child.once('error', reject);
      child.once('exit', () => {
        reject(new Error(`The server did not start: ${this.output}`));
      });
    });
  }

  /** Ends it as a crash would: no goodbye to anyone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end, and gives its exit code. */
  async terminate(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    if (!child) return null;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exited)[0];
  }
}
