import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServerMessage } from '@tincan/shared/signaling';
import { WebSocket, WebSocketServer } from 'ws';

/** One browser's connection, as the proxy has it in hand. */
export interface Victim {
  /** The address that the server gave it, once it is in the room. */
  id: string | undefined;
  /** Says something as if the server had said it. */
  say(message: ServerMessage): void;
}

/** Stands where the server should be: serves the page as it is, and does with the signaling what the test tells it. */
export class HostileProxy {
  readonly victims: Victim[] = [];
  /** What becomes of a message on its way to a browser. Honest unless a test makes it otherwise. */
  deliver: (message: ServerMessage, to: Victim) => void = (message, to) => to.say(message);
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });

  private constructor(port: number) {
    this.#server = createServer((incoming, outgoing) => {
      const { method, url, headers } = incoming;
      const passed = request({ port, host: 'localhost', method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      passed.on('error', () => outgoing.destroy());
      incoming.pipe(passed);
    });
    this.#server.on('upgrade', (incoming, stream, head) => {
      this.#sockets.handleUpgrade(incoming, stream, head, (client) => this.#join(client, port));
    });
  }

  static async listen(port: number): Promise<HostileProxy> {
    const proxy = new HostileProxy(port);
    proxy.#server.listen(0, 'localhost');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #join(client: WebSocket, port: number): void {
    const server = new WebSocket(`ws://localhost:${port}/signal`, 'tincan.v1');
    const victim: Victim = { id: undefined, say: (message) => client.send(JSON.stringify(message)) };
    this.victims.push(victim);
    const early: string[] = [];
    server.on('open', () => {
      for (const text of early.splice(0)) server.send(text);
    });
    client.on('message', (data: Buffer) => {
      if (server.readyState === WebSocket.OPEN) server.send(data.toString());
      else early.push(data.toString());
    });
    server.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ServerMessage;
      if (message.type === 'welcome') victim.id = message.id;
      this.deliver(message, victim);
    });
    client.on('close', () => server.terminate());
    server.on('close', () => client.terminate());
    for (const socket of [client, server]) socket.on('error', () => socket.terminate());
  }
}
