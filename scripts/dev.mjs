// `npm run dev`: the web app with hot reload on Vite's port; the server behind it is rebuilt and restarted on changes.
import './check-node.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { install } from './install.mjs';
import { root } from './run.mjs';

// Where web/vite.config.ts sends what is the server's.
const SERVER_PORT = '8080';

await install();
const vite = await import('vite');

const watcher = await vite.build({ root: join(root, 'signaling-server'), logLevel: 'warn', build: { watch: {} } });
if (!('on' in watcher)) throw new Error('Vite does not watch the server.');
await new Promise((resolve) => {
  watcher.on('event', (event) => {
    if (event.code === 'END') resolve(undefined);
  });
});

const server = spawn(process.execPath, ['--watch', join(root, 'signaling-server', 'dist', 'main.js')], {
  stdio: 'inherit',
  env: { ...process.env, PORT: SERVER_PORT },
});
const web = await vite.createServer({ root: join(root, 'web') });
await web.listen();
web.printUrls();

await once(server, 'exit');
await Promise.all([web.close(), watcher.close()]);
