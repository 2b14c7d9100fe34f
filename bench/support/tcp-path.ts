import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Wan } from './wan.ts';

const PORT = 4_870;
/** Counts what comes on one connection, and prints it every tenth of a second: milliseconds since the connection, bytes. */
const RECEIVER = `
  require('node:net').createServer((socket) => {
    const start = performance.now();
    let bytes = 0;
    socket.on('data', (data) => (bytes += data.length));
    setInterval(() => console.log((performance.now() - start) + ' ' + bytes), 100);
  }).listen(${PORT}, () => console.log('ready'));
`;
const SENDER = `
  const [host] = process.argv.slice(1);
  const chunk = Buffer.alloc(262144);
  const socket = require('node:net').connect(${PORT}, host);
  const fill = () => { while (socket.write(chunk)); };
  socket.on('connect', fill).on('drain', fill);
`;

/** How many bytes had come, by milliseconds since the start; ascending. */
export type Arrivals = readonly (readonly [ms: number, bytes: number])[];

/** What one TCP connection brings from side a to side b of the path in so many seconds. */
export async function measureTcp(wan: Wan, seconds: number): Promise<Arrivals> {
  const receiver = spawn(...wan.inside('b', process.execPath, '-e', RECEIVER), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(receiver.stdout);
  await once(lines, 'line');
  const arrivals: [number, number][] = [];
  const enough = new Promise<void>((resolve) =>
    lines.on('line', (line) => {
      const [ms = 0, bytes = 0] = line.split(' ').map(Number);
      arrivals.push([ms, bytes]);
      if (ms >= 1_000 * seconds) resolve();
    }),
  );
  const sender = spawn(...wan.inside('a', process.execPath, '-e', SENDER, wan.address('b')), { stdio: 'inherit' });
  await enough;
  for (const program of [sender, receiver]) {
    const exited = once(program, 'exit');
    program.kill('SIGKILL');
    await exited;
  }
  return arrivals;
}
