// What the integration tests share: a server on free ports, and a client that waits for messages instead of for time.
import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { parseServerMessage, type ServerMessage } from '@tincan/shared/signaling';
import { WebSocket } from 'ws';
import type { Config } from '../src/config.ts';
import { createServer, type ServerDependencies, type TincanServer } from '../src/server.ts';

export const ADMIN_TOKEN = 'correct-horse-battery';

const TEST_CONFIG: Config = {
  port: 0,
  https: null,
  host: '127.0.0.1',
  allowedOrigins: null,
  iceServers: [{ urls: 'stun:stun.example.org:3478' }],
  adminToken: ADMIN_TOKEN,
  maxPeersPerRoom: 8,
  maxConnections: 100,
  graceSeconds: 30,
  slotsPerAddress: 60,
  trustedProxies: [],
  webRoot: null,
};

export interface TestServer {
  server: TincanServer;
  port: number;
  securePort: number | null;
  /** http://127.0.0.1:PORT */
  url: string;
  /** Opens a connection. */
  connect(options?: ConnectOptions): Promise<TestClient>;
  /** Opens a connection and joins. */
  join(room: string, resume?: string): Promise<JoinedClient>;
  stop(): Promise<void>;
}

export interface ConnectOptions {
  protocols?: string[];
  headers?: Record<string, string>;
  path?: string;
}

type Message<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;
export type JoinedClient = TestClient & { welcome: Message<'welcome'> };

export async function startServer(
  overrides: Partial<Config> = {},
  dependencies: ServerDependencies = {},
): Promise<TestServer> {
  const server = createServer({ ...TEST_CONFIG, ...overrides }, dependencies);
  const { port, securePort } = await server.start();
  const clients: TestClient[] = [];
  const connect = async (options: ConnectOptions = {}): Promise<TestClient> => {
    const client = await connectTo(`ws://127.0.0.1:${port}`, options);
    clients.push(client);
    return client;
  };
  return {
    server,
    port,
    securePort,
    url: `http://127.0.0.1:${port}`,
    connect,
    join: async (room, resume) => joinRoom(await connect(), room, resume),
    stop: async () => {
      for (const client of clients) client.ws.terminate();
      await server.close();
    },
  };
}

export async function joinRoom(client: TestClient, room: string, resume?: string): Promise<JoinedClient> {
  client.send({ type: 'join', room, ...(resume === undefined ? {} : { resume }) });
  return Object.assign(client, { welcome: await client.next('welcome') });
}

/** Resolves when open; rejects with the HTTP status if refused. */
export function connectTo(base: string, options: ConnectOptions = {}, ca?: string): Promise<TestClient> {
  const { protocols = ['tincan.v1'], headers = {}, path = '/signal' } = options;
  const ws = new WebSocket(`${base}${path}`, protocols, { headers, ...(ca === undefined ? {} : { ca }) });
  const client = new TestClient(ws);
  return new Promise((resolve, reject) => {
    ws.once('open', () => {
      resolve(client);
    });
    ws.once('unexpected-response', (_request, response) => {
      reject(new Error(`refused with ${response.statusCode ?? 0}`));
      response.destroy();
    });
    ws.once('error', reject);
  });
}

export class TestClient {
  readonly ws: WebSocket;
  /** Resolves with the close code. */
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly inbox: ServerMessage[] = [];
  #notify: () => void = () => {};

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('error', () => {});
    ws.on('message', (data: Buffer) => {
      const parsed = parseServerMessage(data.toString());
      if (!parsed.ok) throw new Error(`the server sent what its own schema refuses: ${parsed.error}`);
      this.inbox.push(parsed.value);
      this.#notify();
    });
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  send(message: unknown): void {
    this.ws.send(JSON.stringify(message));
  }

  sendRaw(data: string | Buffer): void {
    this.ws.send(data);
  }

  /** Takes the next message of this type out of the inbox, as soon as it is there. */
  async next<T extends ServerMessage['type']>(type: T): Promise<Message<T>> {
    const find = () => this.inbox.findIndex((message) => message.type === type);
    await until(
      () => find() !== -1,
      (notify) => (this.#notify = notify),
      `a message ${type}`,
    );
    return this.inbox.splice(find(), 1)[0] as Message<T>;
  }

  /** Messages of one connection keep their order, so after this everything that was sent to it before has arrived. */
  async settle(): Promise<ServerMessage[]> {
    this.send({ type: 'ping' });
    await this.next('pong');
    return this.inbox;
  }
}

/** Waits for a predicate: looks at every notification and every 10 ms, and fails after five seconds. */
export async function until(
  predicate: () => boolean | Promise<boolean>,
  subscribe: (notify: () => void) => void = () => {},
  what = 'the condition',
): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await predicate())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 10);
      subscribe(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** A WebSocket by hand, for what no library would send, or never reads. Resolves after the 101. */
export async function connectRaw(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `GET /signal HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

/** A client's text frame of at most 65,535 bytes, masked with zeros. */
export function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const length = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), body]);
}

export function randomRoom(): string {
  return randomBytes(32).toString('base64url');
}
