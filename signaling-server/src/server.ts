// The composition root: one hub, its slots, one signaling endpoint and one request handler, behind one or two listeners.
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { hostname } from 'node:os';
import { v4 as uuid } from 'uuid';
import { lanAddresses } from './addresses.ts';
import type { Config, HttpsConfig } from './config.ts';
import { Hub } from './core/hub.ts';
import { silentLog, type Log } from './core/log.ts';
import { Slots } from './core/slots.ts';
import { createRequestHandler } from './http/request-handler.ts';
import { SECURITY_HEADERS } from './http/security-headers.ts';
import { loadStaticFiles } from './http/static-files.ts';
import { loadSelfSignedCertificate, type Certificate } from './tls/certificate.ts';
import { CONNECTION_POLICY, type ConnectionPolicy } from './ws/connection-policy.ts';
import { Cork } from './ws/cork.ts';
import { SignalingEndpoint } from './ws/upgrade.ts';

export interface TincanServer {
  /** Listens; gives the ports it got. Rejects with Node's error if a port cannot be had, and then nothing listens. */
  start(): Promise<{ port: number; securePort: number | null }>;
  /** Refuses new connections (503) and closes all open ones (1001); resolves when they are gone, within about a second. */
  drain(): Promise<void>;
  /** Drains, then stops listening. Final. */
  close(): Promise<void>;
}

export interface ServerDependencies {
  log?: Log;
  /** Other limits per connection than the documented ones, for tests. */
  policy?: Partial<ConnectionPolicy>;
  /** Another lifetime of slots than the documented one, for tests. */
  slotLifetimeMs?: number;
}

/** Half-open handshakes are gone after this and one check, instead of after minutes. */
const HTTP_OPTIONS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
};
/** Connections that wait to be accepted: all clients come back at once after a restart. */
const BACKLOG = 4_096;
/** How often peers and slots whose time has ended are looked for. */
const EXPIRY_INTERVAL_MS = 1_000;

export function createServer(config: Config, dependencies: ServerDependencies = {}): TincanServer {
  const log = dependencies.log ?? silentLog;
  const now = (): number => performance.now();
  const hub = new Hub({
    now,
    createId: () => uuid(),
    createToken: () => randomBytes(24).toString('base64url'),
    maxPeersPerRoom: config.maxPeersPerRoom,
    maxAbsentPeers: config.maxConnections,
    graceSeconds: config.graceSeconds,
    iceServers: config.iceServers,
  });
  const slots = new Slots({
    now,
    random: (below) => randomInt(below),
    log,
    slotsPerAddress: config.slotsPerAddress,
    lifetimeMs: dependencies.slotLifetimeMs,
  });
  const endpoint = new SignalingEndpoint({
    hub,
    slots,
    log,
    now,
    policy: { ...CONNECTION_POLICY, ...dependencies.policy },
    cork: new Cork(),
    maxConnections: config.maxConnections,
    allowedOrigins: config.allowedOrigins,
    trustedProxies: config.trustedProxies,
    refusalHeaders: SECURITY_HEADERS,
  });

  let securePort: number | null = null;
  let isDraining = false;
  const handleRequest = createRequestHandler({
    log,
    isDraining: () => isDraining,
    securePort: () => securePort,
    adminToken: config.adminToken,
    sendNotice: (text) => hub.notice(text),
    serveStatic: config.webRoot === null ? null : loadStaticFiles(config.webRoot),
  });
  const listeners: ReturnType<typeof createHttpServer>[] = [];
  let expiry: NodeJS.Timeout | undefined;

  const listen = async (listener: ReturnType<typeof createHttpServer>, port: number): Promise<number> => {
    listeners.push(listener);
    listener.on('request', handleRequest);
    listener.on('upgrade', (request, stream, head) => {
      try {
        endpoint.handleUpgrade(request, stream, head);
      } catch (error) {
        log.error('upgrade failed', error);
        stream.destroy();
      }
    });
    const bound = await bind(listener, port, config.host);
    listener.on('error', (error) => {
      log.error('listener failed', error);
    });
    return bound;
  };
  const stopListening = async (): Promise<void> => {
    clearInterval(expiry);
    await Promise.all(
      listeners.map(
        (listener) =>
          new Promise<void>((resolve) => {
            listener.close(() => {
              resolve();
            });
            listener.closeAllConnections();
          }),
      ),
    );
  };

  const server: TincanServer = {
    start: async () => {
      try {
        const port = await listen(createHttpServer(HTTP_OPTIONS), config.port);
        if (config.https) {
          const certificate = await loadCertificate(config.https.certificate);
          const listener = createHttpsServer({ ...HTTP_OPTIONS, ...certificate, handshakeTimeout: 10_000 });
          securePort = await listen(listener, config.https.port);
        }
        expiry = setInterval(() => {
          hub.expire();
          slots.expire();
        }, EXPIRY_INTERVAL_MS).unref();
        return { port, securePort };
      } catch (error) {
        await stopListening();
        throw error;
      }
    },
    drain: async () => {
      isDraining = true;
      await endpoint.drain();
    },
    close: async () => {
      await server.drain();
      await stopListening();
    },
  };
  return server;
}

async function loadCertificate(source: HttpsConfig['certificate']): Promise<Certificate> {
  if (source.kind === 'files')
    return { cert: readFileSync(source.certFile, 'utf8'), key: readFileSync(source.keyFile, 'utf8') };
  const names = ['localhost', hostname(), '127.0.0.1', '::1', ...lanAddresses()];
  return loadSelfSignedCertificate({ dir: source.dir, names: [...new Set(names)], now: new Date() });
}

function bind(listener: Server, port: number, host: string | null): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ port, backlog: BACKLOG, ...(host === null ? {} : { host }) }, () => {
      listener.off('error', reject);
      resolve((listener.address() as AddressInfo).port);
    });
  });
}
