// From an HTTP upgrade to a connection: a ladder of refusals, then one way in.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE } from '@tincan/shared/codes';
import { MAX_SIGNALING_MESSAGE_BYTES } from '@tincan/shared/limits';
import { SUBPROTOCOL } from '@tincan/shared/signaling';
import { WebSocketServer } from 'ws';
import { createClientAddress } from './client-address.ts';
import { Connection, type ConnectionContext } from './connection.ts';

export interface UpgradeOptions extends ConnectionContext {
  maxConnections: number;
  /** Origins that may connect; `null` means the origin that the request itself is addressed to. */
  allowedOrigins: readonly string[] | null;
  /** Whose `X-Forwarded-For` is believed: addresses, ranges and names as proxy-addr takes them. */
  trustedProxies: readonly string[];
  /** Sent with every refusal. */
  refusalHeaders: Readonly<Record<string, string>>;
}

export class SignalingEndpoint {
  readonly #options: UpgradeOptions;
  readonly #clientAddress: (request: IncomingMessage) => string;
  readonly #connections = new Set<Connection>();
  readonly #heartbeat: NodeJS.Timeout;
  #isDraining = false;
  #handleEmpty: (() => void) | undefined;

  readonly #wss = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_SIGNALING_MESSAGE_BYTES,
    // Payloads are sealed and do not compress; the state would cost 200 KiB per socket.
    perMessageDeflate: false,
    clientTracking: false,
    autoPong: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });

  constructor(options: UpgradeOptions) {
    this.#options = options;
    this.#clientAddress = createClientAddress(options.trustedProxies);
    this.#heartbeat = setInterval(() => {
      for (const connection of this.#connections) connection.beat();
    }, options.policy.heartbeatMs);
    this.#heartbeat.unref();
  }

  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { maxConnections, allowedOrigins, log } = this.#options;
    stream.on('error', ignoreReset);
    const { host, origin } = request.headers;

    if (request.url?.split('?', 1)[0] !== '/signal') return this.#refuse(stream, 404);
    if (this.#isDraining) return this.#refuse(stream, 503);
    if (this.#connections.size >= maxConnections) {
      log.warn('upgrade refused: MAX_CONNECTIONS reached', { connections: this.#connections.size });
      return this.#refuse(stream, 503);
    }
    if (!isAllowedOrigin(origin, host, allowedOrigins)) {
      log.warn('upgrade refused: origin not allowed, see ALLOWED_ORIGINS', { origin: origin ?? '', host: host ?? '' });
      return this.#refuse(stream, 403);
    }
    if (!isSpoken(request.headers['sec-websocket-protocol'])) return this.#refuse(stream, 400);

    const address = this.#clientAddress(request);
    this.#wss.handleUpgrade(request, stream, head, (ws) => {
      const connection = new Connection(ws, stream, address, this.#options);
      this.#connections.add(connection);
      ws.once('close', () => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#handleEmpty?.();
      });
    });
  }

  /** Refuses whoever comes from now on, closes what is open, and resolves when all of it is gone. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const empty = new Promise<void>((resolve) => (this.#handleEmpty = resolve));
    for (const connection of this.#connections) connection.close(CLOSE.goingAway);
    if (this.#connections.size > 0) await empty; // a connection that is closing terminates itself in the end
    clearInterval(this.#heartbeat);
  }

  #refuse(stream: Duplex, status: number): void {
    const reason = STATUS_CODES[status] ?? '';
    const headers = Object.entries(this.#options.refusalHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
    stream.end(
      `HTTP/1.1 ${status} ${reason}\r\n${headers.join('')}Connection: close\r\n` +
        `Content-Type: text/plain\r\nContent-Length: ${reason.length}\r\n\r\n${reason}`,
      () => stream.destroy(),
    );
  }
}

/** No Origin header: not a browser, so nobody's browser can be misused. */
function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[] | null,
): boolean {
  if (origin === undefined) return true;
  if (allowed) return allowed.includes(origin.toLowerCase());
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

function isSpoken(offered: string | undefined): boolean {
  return offered === undefined || offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
}

function ignoreReset(): void {
  // The other side is gone; there is nobody left to tell.
}
