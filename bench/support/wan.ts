import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findChromium } from '../../scripts/browsers.mjs';
import { root } from '../../scripts/run.mjs';
import { writeBrowserCommand } from './browser-command.ts';

export type WanSide = 'a' | 'b';

export interface WanOptions {
  /** One way. */
  delayMs: number;
  rateMbit: number;
  queueKib: number;
  lossPercent?: number;
}

/** At first, and after a change. */
const ADDRESSES = { a: ['10.77.0.1', '10.77.0.11'], b: ['10.77.0.2', '10.77.0.12'] } as const;

/** Ends by itself after so long, should nobody end it: it leaves namespaces behind otherwise. */
const LONGEST_RUN_S = 1_800;

/** Runs in a namespace: what comes to one place goes to the other. A place is a port of its localhost, or a socket in the file system, which all namespaces see. */
const RELAY = `
  const net = require('node:net');
  const [from, to] = process.argv.slice(1).map((place) => (/^\\d+$/.test(place) ? { port: +place, host: '127.0.0.1' } : { path: place }));
  net.createServer((near) => {
    const far = net.connect(to);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  }).listen(from, () => console.log('ready'));
`;

/** Two network namespaces with an emulated path between them (wan.c), and nothing else: neither sees this machine's network. Linux, as root. */
export class Wan {
  readonly #name: string;
  readonly #folder: string;
  readonly #emulator: ChildProcess;
  readonly #bridges: ChildProcess[] = [];
  readonly #servers: Server[] = [];

  private constructor(name: string, folder: string, emulator: ChildProcess) {
    this.#name = name;
    this.#folder = folder;
    this.#emulator = emulator;
  }

  static async start({ delayMs, rateMbit, queueKib, lossPercent = 0 }: WanOptions): Promise<Wan> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      throw new Error('The emulated path needs network namespaces: Linux, and to be root.');
    const folder = await mkdtemp(join(tmpdir(), 'tincan-wan-'));
    const program = join(folder, 'wan');
    const source = join(root, 'bench', 'support', 'wan.c');
    const built = spawnSync('gcc', ['-O2', '-o', program, source], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`gcc cannot build wan.c: ${built.error?.message ?? built.stderr}`);
    const name = `tincan${process.pid}`;
    const numbers = { 'delay-ms': delayMs, 'rate-mbit': rateMbit, 'queue-kb': queueKib, loss: lossPercent };
    const options = Object.entries({ ...numbers, name, 'idle-s': LONGEST_RUN_S });
    const args = options.flatMap(([option, value]) => [`--${option}`, String(value)]);
    const emulator = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await ready(emulator, 'the emulator');
    return new Wan(name, folder, emulator);
  }

  /** A command and its arguments, as they are run on one side. */
  inside(side: WanSide, command: string, ...args: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', `${this.#name}-${side}`, command, ...args]];
  }

  /** At first. */
  address(side: WanSide): string {
    return ADDRESSES[side][0];
  }

  /** A command that starts Chromium on one side. */
  async chromiumCommand(side: WanSide): Promise<string> {
    const path = join(this.#folder, `chromium-${side}`);
    return writeBrowserCommand(path, `ip netns exec ${this.#name}-${side}`, findChromium());
  }

  /** Lets both sides reach a port of this machine as a port of their own localhost, beside the emulated path. */
  async bring(port: number): Promise<void> {
    const path = join(this.#folder, `port-${port}`);
    await this.#relayHere({ path }, { port, host: 'localhost' });
    for (const side of ['a', 'b'] as const) await this.#relayInside(side, String(port), path);
  }

  /** Lets this machine reach a port of one side's localhost, as the same port of its own. */
  async reach(side: WanSide, port: number): Promise<void> {
    const path = join(this.#folder, `in-${side}-${port}`);
    await this.#relayInside(side, path, String(port));
    await this.#relayHere({ port, host: '127.0.0.1' }, { path });
  }

  async #relayInside(side: WanSide, from: string, to: string): Promise<void> {
    const relay = spawn(...this.inside(side, process.execPath, '-e', RELAY, from, to), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#bridges.push(relay);
    await ready(relay, `the way from ${from} to ${to}`);
  }

  async #relayHere(from: ListenOptions, to: NetConnectOpts): Promise<void> {
    const server = createServer((near) => {
      const far = connect(to);
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(from, resolve));
  }

  /** Gives a side another address and takes away the one that it had, as when a phone changes from one network to another. */
  changeAddress(side: WanSide): void {
    const [now, next] = ADDRESSES[side];
    const changes = [`addr del ${now}/24 dev wan0`, `addr add ${next}/24 dev wan0`, 'route replace default dev wan0'];
    const { status, stderr } = spawnSync('ip', ['-netns', `${this.#name}-${side}`, '-batch', '-'], {
      input: `${changes.join('\n')}\n`,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The address cannot be changed: ${stderr}`);
  }

  /** Removes all of it. */
  async stop(): Promise<void> {
    for (const server of this.#servers) server.close();
    await Promise.all([...this.#bridges, this.#emulator].map(end));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Waits for the first line that a program prints. */
async function ready(program: ChildProcess, what: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    program.once('error', reject);
    program.once('exit', (code) => reject(new Error(`${what} ended with ${code}`)));
    createInterface(program.stdout!).once('line', () => resolve());
  });
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const exited = once(program, 'exit');
  program.kill('SIGTERM');
  await exited;
}
