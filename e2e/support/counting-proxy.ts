import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What went over one TCP connection. */
export interface Traffic {
  /** In bytes. */
  fromClient: number;
  fromServer: number;
  /** What the client has sent, in pieces. */
  readonly sent: Buffer[];
}

/** Stands between browsers and the server, counts what passes each way, keeps what browsers send, and can cut it. */
export class CountingProxy {
  /** Every connection so far, closed ones too. */
  readonly connections: Traffic[] = [];
  /** Where set, new connections are closed at once. */
  refuses = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      this.#join(client, targetPort);
    });
  }

  static async listen(targetPort: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** What browsers open instead of the server's own address. */
  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bytes that all clients have sent so far. */
  get fromClients(): number {
    return this.connections.reduce((sum, { fromClient }) => sum + fromClient, 0);
  }

  /** Bytes that the server has sent so far. */
  get fromServer(): number {
    return this.connections.reduce((sum, { fromServer }) => sum + fromServer, 0);
  }

  /** Cuts every open connection, without a goodbye. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    if (this.refuses) {
      client.resetAndDestroy();
      return;
    }
    const traffic: Traffic = { fromClient: 0, fromServer: 0, sent: [] };
    this.connections.push(traffic);
    const server = connect(targetPort, 'localhost');
    client.on('data', (bytes) => {
      traffic.fromClient += bytes.length;
      traffic.sent.push(bytes);
    });
    server.on('data', (bytes) => (traffic.fromServer += bytes.length));
    this.#pass(client, server);
    this.#pass(server, client);
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay();
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
