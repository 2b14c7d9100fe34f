import type { ClientMessage, ServerMessage } from '@tincan/shared/signaling';
import type { SocketEnvironment } from '../../signaling/reconnecting-socket.ts';

const LATENCY_MS = 1;

/** A client as the server sees it. */
export interface Victim {
  /** Its PEER. */
  readonly id: string;
  readonly room: string;
  say(message: ServerMessage): void;
}

/** A payload on its way. */
export interface Relayed {
  readonly from: Victim;
  readonly to: Victim;
  readonly payload: string;
  readonly announced: boolean;
}

/** A server that speaks protocol v1 and keeps everything it sees. What it does with a payload is the test's to say. */
export class HostileServer {
  /** Every text that a client has sent. */
  readonly seen: string[] = [];
  /** Every payload that came by, in order. */
  readonly payloads: Relayed[] = [];
  readonly victims: Victim[] = [];
  /** Honest unless a test makes it otherwise. */
  relay: (relayed: Relayed) => void = (relayed) => this.deliver(relayed);
  /** What a join is answered with; honest unless a test makes it otherwise. */
  admit: (victim: Victim) => void = (victim) => this.welcome(victim);

  /** The world in which a page's socket leads to this server. */
  readonly environment: Partial<SocketEnvironment> = {
    createSocket: () => this.#accept() as unknown as WebSocket,
    isVisible: () => true,
    onWakeUp: () => () => {},
  };

  welcome(victim: Victim, changes: Partial<Extract<ServerMessage, { type: 'welcome' }>> = {}): void {
    victim.say({
      type: 'welcome',
      id: victim.id,
      resume: 'token',
      peers: this.#othersOf(victim).map(({ id }) => id),
      iceServers: [],
      limits: { messageBytes: 65_536, payloadChars: 49_152, peersPerRoom: 8, graceSeconds: 30 },
      features: [],
      ...changes,
    });
  }

  /** Hands a payload over, whomever it was meant for and whatever it says. */
  deliver({ from, to, payload }: { from: { id: string }; to: Victim; payload: string }): void {
    to.say({ type: 'signal', from: from.id, payload });
  }

  #accept(): object {
    const socket = {
      readyState: 0,
      bufferedAmount: 0,
      onopen: null as (() => void) | null,
      onmessage: null as ((event: { data: string }) => void) | null,
      send: (text: string) => void later(() => this.#handle(text, say)),
      close: () => void (socket.readyState = 3),
    };
    const say = (message: ServerMessage) => void later(() => socket.onmessage?.({ data: JSON.stringify(message) }));
    later(() => {
      socket.readyState = 1;
      socket.onopen?.();
    });
    return socket;
  }

  #handle(text: string, say: Victim['say']): void {
    this.seen.push(text);
    const message = JSON.parse(text) as ClientMessage;
    if (message.type === 'join') {
      const victim = { id: crypto.randomUUID(), room: message.room, say };
      this.victims.push(victim);
      this.admit(victim);
      return;
    }
    const from = this.victims.find((victim) => victim.say === say);
    if (!from || (message.type !== 'signal' && message.type !== 'announce')) return;
    for (const to of this.#othersOf(from)) {
      if (message.type === 'signal' && message.to !== to.id) continue;
      const relayed = { from, to, payload: message.payload, announced: message.type === 'announce' };
      this.payloads.push(relayed);
      this.relay(relayed);
    }
  }

  #othersOf(victim: Victim): Victim[] {
    return this.victims.filter((other) => other !== victim && other.room === victim.room);
  }
}

function later(act: () => void): void {
  setTimeout(act, LATENCY_MS);
}
