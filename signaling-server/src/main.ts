// The only file that reads the process: arguments, environment, signals, exit codes.
import packageJson from '../package.json' with { type: 'json' };
import { lanAddresses } from './addresses.ts';
import { helpText, parseConfig, type Config } from './config.ts';
import { createLog } from './core/log.ts';
import { createServer } from './server.ts';

const command = parseConfig(process.argv.slice(2), process.env);
if (!command.ok) {
  const list = command.error.map((mistake) => `  - ${mistake}\n`).join('');
  fail(`Tincan did not start. To correct:\n${list}`);
} else if (command.value.kind === 'help') {
  process.stdout.write(helpText());
} else if (command.value.kind === 'version') {
  process.stdout.write(`${packageJson.version}\n`);
} else {
  await serve(command.value.config);
}

async function serve(config: Config): Promise<void> {
  const log = createLog((line) => process.stderr.write(line), Date.now);
  let server;
  let ports;
  try {
    server = createServer(config, { log });
    ports = await server.start();
  } catch (error) {
    fail(`Tincan did not start. ${explain(error, config)}\n`);
    return;
  }
  process.stdout.write(greeting(config, ports));
  log.info('listening', { port: ports.port, securePort: ports.securePort ?? 'off' });

  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(130); // asked twice: at once
    isStopping = true;
    log.info('draining', { signal });
    void server.close().then(() => {
      log.info('stopped');
      process.exit(0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function fail(text: string): void {
  process.stderr.write(text);
  process.exitCode = 1;
}

function explain(error: unknown, config: Config): string {
  const { code, port, path, syscall, message } = error as NodeJS.ErrnoException & { port?: number };
  const variable = port !== undefined && port === config.https?.port ? 'HTTPS_PORT' : 'PORT';
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Stop what uses it, or set ${variable} to another port.`;
  if (code === 'EACCES' && syscall === 'listen') {
    return `Port ${port} needs more rights. Set ${variable} to one from 1024 up, or put a proxy in front.`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `HOST "${config.host ?? ''}" is not an address of this machine.`;
  if (config.https?.certificate.kind === 'self-signed' && path?.startsWith(config.https.certificate.dir)) {
    return `The self-signed certificate cannot be kept: ${message}. Set TLS_DIR to a writable folder, or HTTPS_PORT to "off".`;
  }
  if (config.https?.certificate.kind === 'files' && /^ERR_(OSSL|SSL)|PEM/.test(code ?? '')) {
    return `TLS_CERT and TLS_KEY cannot be used: ${message}. They have to be PEM and belong together.`;
  }
  return message;
}

function greeting(config: Config, { port, securePort }: { port: number; securePort: number | null }): string {
  const isLocal = config.host !== null && /^(localhost|127\.|::1$)/.test(config.host);
  const isAny = config.host === null || config.host === '0.0.0.0' || config.host === '::';
  const own = isAny || isLocal ? 'localhost' : inUrl(config.host ?? '');
  const all = isAny ? lanAddresses() : isLocal ? [] : [config.host ?? ''];
  const v4 = all.filter((address) => !address.includes(':'));
  const others =
    securePort === null ? [] : (v4.length > 0 ? v4 : all).map((address) => `https://${inUrl(address)}:${securePort}`);

  const lines = [`Tincan ${packageJson.version} is running.`, '', `  On this device:       http://${own}:${port}`];
  others.forEach((url, index) => lines.push(`  ${index === 0 ? 'From other devices:' : ' '.repeat(19)}   ${url}`));
  if (others.length > 0 && config.https?.certificate.kind === 'self-signed') {
    lines.push(
      '',
      'The browser of another device will warn once, because the certificate is self-signed: this server made it itself.',
      'Choose "Advanced", then "Proceed" or "Accept the risk". The connection is encrypted all the same.',
    );
  }
  return [...lines, '', 'Ctrl+C stops it.', '', ''].join('\n');
}

function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
