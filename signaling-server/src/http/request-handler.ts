import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { SUBPROTOCOL } from '@tincan/shared/signaling';
import type { Log } from '../core/log.ts';
import { handleNotice } from './notice.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { ServeStatic } from './static-files.ts';

export interface RequestOptions {
  log: Log;
  isDraining: () => boolean;
  /** The port of the https listener once it listens; the page on an insecure address links to it. */
  securePort: () => number | null;
  /** `null`: there is no admin interface. */
  adminToken: string | null;
  /** Sends a notice and says to how many connections. */
  sendNotice: (text: string) => number;
  /** `null`: signaling only. */
  serveStatic: ServeStatic | null;
}

/** Everything that is plain HTTP. A mistake of ours costs the one request a 500. */
export function createRequestHandler(options: RequestOptions) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    route(request, response, options).catch((error: unknown) => {
      options.log.error('request failed', error);
      if (response.headersSent) response.destroy();
      else endWith(response, 500);
    });
  };
}

async function route(request: IncomingMessage, response: ServerResponse, options: RequestOptions): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '/';
  if (path === '/admin/notice') {
    const { status, body } = await handleNotice(request, options);
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    if (status === 405) response.setHeader('Allow', 'POST');
    if (status === 413) response.setHeader('Connection', 'close'); // the rest of the body is not read
    endWithJson(response, status, body);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    endWith(response, 405);
    return;
  }
  if (path === '/health') {
    const isDraining = options.isDraining();
    endWithJson(response, isDraining ? 503 : 200, {
      status: isDraining ? 'draining' : 'ok',
      protocol: SUBPROTOCOL,
      securePort: options.securePort(),
    });
    return;
  }
  if (path === '/signal') {
    response.setHeader('Upgrade', 'websocket');
    endWith(response, 426);
    return;
  }
  if (!options.serveStatic?.(path, request, response)) endWith(response, 404);
}

function endWithJson(response: ServerResponse, status: number, body: object): void {
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function endWith(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${status} ${STATUS_CODES[status] ?? ''}\n`);
}
