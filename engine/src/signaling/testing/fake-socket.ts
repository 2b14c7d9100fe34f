import type { ClientMessage, ServerMessage } from '@tincan/shared/signaling';
import type { SocketEnvironment } from '../reconnecting-socket.ts';

/** A WebSocket of which a test plays the server's side. */
export class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: ClientMessage[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }
  close(): void {
    this.closed = true;
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: ServerMessage | Record<string, unknown>): void {
    this.sayText(JSON.stringify(message));
  }
  sayText(data: unknown): void {
    this.onmessage?.({ data });
  }
  /** The server's side, or the network, closes it. */
  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

/** The world around a client: every socket that it made, newest last, and the page's own events. */
export class FakeWorld {
  readonly sockets: FakeSocket[] = [];
  visible = true;
  #handlers = new Set<() => void>();

  readonly environment: Partial<SocketEnvironment> = {
    createSocket: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    isVisible: () => this.visible,
    onWakeUp: (handler) => {
      this.#handlers.add(handler);
      return () => this.#handlers.delete(handler);
    },
    random: () => 0.5,
  };

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('no socket was made');
    return socket;
  }

  wakeUp(): void {
    for (const handler of this.#handlers) handler();
  }
}
