import type { CloseCode } from '@tincan/shared/codes';

/** What the hub needs of a connection. Neither method throws or calls back into the hub before it returns. */
export interface PeerSocket {
  send(text: string): void;
  close(code: CloseCode): void;
}

/** One participant: the address that a client holds in a room, across all the sockets that resume it. */
export interface Peer {
  readonly id: string;
  readonly room: Room;
  /** What its next socket has to show to be this peer again. New at every welcome. */
  resumeToken: string;
  presence: Presence;
}

type Presence = { state: 'present'; socket: PeerSocket } | AbsentPresence;

export interface AbsentPresence {
  state: 'absent';
  /** When the grace ends, in the hub's clock. */
  untilMs: number;
  /** Messages that wait for the peer, in order, bounded in bytes. */
  waiting: string[];
  waitingBytes: number;
}

export interface Room {
  readonly name: string;
  readonly peers: Map<string, Peer>;
}
