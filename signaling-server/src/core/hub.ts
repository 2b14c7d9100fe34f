// Rooms and their peers: who is introduced to whom. What peers say goes through #deliver, what the hub
// says about them through #tellOthers; these two are where a second node would be reached.
import { CLOSE, type LeaveReason } from '@tincan/shared/codes';
import { MAX_PAYLOAD_CHARS, MAX_SIGNALING_MESSAGE_BYTES } from '@tincan/shared/limits';
import type { Result } from '@tincan/shared/result';
import { SLOTS_FEATURE, type IceServer, type Refusal, type ServerMessage } from '@tincan/shared/signaling';
import type { AbsentPresence, Peer, PeerSocket, Room } from './room.ts';

/** What may wait for one absent peer, in bytes: a few whole introductions. */
const MAX_WAITING_BYTES = 65_536;
/** What may wait for all absent peers together, in bytes; without it, the sum would only be bounded by their number. */
const MAX_WAITING_BYTES_TOTAL = 64 * 1_048_576;

export interface HubOptions {
  /** A clock in milliseconds that never goes back. */
  now: () => number;
  createId: () => string;
  /** At least 128 random bits. */
  createToken: () => string;
  maxPeersPerRoom: number;
  /** Absent peers at most, over all rooms. */
  maxAbsentPeers: number;
  graceSeconds: number;
  iceServers: readonly IceServer[];
}

export class Hub {
  readonly #options: HubOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #sockets = new Set<PeerSocket>();
  // The grace is the same for all, so the order of insertion is the order in which it ends.
  readonly #absent = new Set<Peer>();
  #waitingBytes = 0;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** Makes a connection known, before it has joined; a notice reaches it from now on. */
  add(socket: PeerSocket): void {
    this.#sockets.add(socket);
  }

  /** Enters a room, as a new peer or, with the token of an earlier welcome, as the same one again. */
  join(socket: PeerSocket, roomName: string, resumeToken?: string): Result<Peer, Refusal> {
    this.expire();
    const room = this.#rooms.get(roomName) ?? { name: roomName, peers: new Map<string, Peer>() };
    const known = resumeToken === undefined ? undefined : findByToken(room, resumeToken);
    if (known) {
      this.#resume(known, socket);
      return { ok: true, value: known };
    }
    if (!this.#makePlace(room)) {
      return { ok: false, error: { code: 'room-full', message: 'The room is full. Try again later.' } };
    }

    const peer: Peer = {
      id: this.#options.createId(),
      room,
      resumeToken: this.#options.createToken(),
      presence: { state: 'present', socket },
    };
    room.peers.set(peer.id, peer);
    this.#rooms.set(roomName, room);
    this.#welcome(peer, socket);
    this.#tellOthers(peer, { type: 'peer-joined', id: peer.id });
    return { ok: true, value: peer };
  }

  /** Passes a payload on to one peer of the sender's room. */
  signal(from: Peer, to: string, payload: string): Refusal | undefined {
    this.expire();
    const target = from.room.peers.get(to);
    if (target && this.#deliver(target, encodeSignal(from.id, payload))) return undefined;
    return { code: 'unreachable', message: target ? 'Too much waits for this peer.' : 'No such peer in this room.' };
  }

  /** Passes a payload on to everyone else in the sender's room. */
  announce(from: Peer, payload: string): void {
    this.expire();
    const text = encodeSignal(from.id, payload);
    for (const peer of from.room.peers.values()) if (peer !== from) this.#deliver(peer, text);
  }

  /** Ends the peer's stay at once. */
  leave(peer: Peer): void {
    this.#remove(peer, 'left');
  }

  /** A connection is gone. Its peer, if it had one, keeps its place for the grace period. */
  detach(socket: PeerSocket, peer?: Peer): void {
    this.#sockets.delete(socket);
    // The peer may have left, or come back on another socket that must not be touched.
    if (peer?.presence.state !== 'present' || peer.presence.socket !== socket) return;
    if (peer.room.peers.get(peer.id) !== peer) return;
    const untilMs = this.#options.now() + this.#options.graceSeconds * 1_000;
    peer.presence = { state: 'absent', untilMs, waiting: [], waitingBytes: 0 };
    this.#absent.add(peer);
    const [oldest] = this.#absent;
    if (oldest && this.#absent.size > this.#options.maxAbsentPeers) this.#remove(oldest, 'gave-way');
  }

  /** Removes the peers whose grace has ended. Call it regularly; every other method that depends on it does so itself. */
  expire(): void {
    const now = this.#options.now();
    for (const peer of this.#absent) {
      if (graceEnd(peer) > now) return;
      this.#remove(peer, 'timeout');
    }
  }

  /** Sends the operator's notice to every connection, joined or not, and says to how many. */
  notice(text: string): number {
    const message = encode({ type: 'notice', text });
    for (const socket of this.#sockets) socket.send(message);
    return this.#sockets.size;
  }

  #resume(peer: Peer, socket: PeerSocket): void {
    const before = peer.presence;
    peer.presence = { state: 'present', socket };
    peer.resumeToken = this.#options.createToken();
    if (before.state === 'present') before.socket.close(CLOSE.replaced);
    else this.#forgetAbsence(peer, before);
    this.#welcome(peer, socket);
    if (before.state === 'absent') for (const text of before.waiting) socket.send(text);
  }

  #welcome(peer: Peer, socket: PeerSocket): void {
    const { iceServers, maxPeersPerRoom, graceSeconds } = this.#options;
    socket.send(
      encode({
        type: 'welcome',
        id: peer.id,
        resume: peer.resumeToken,
        peers: [...peer.room.peers.keys()].filter((id) => id !== peer.id),
        iceServers: [...iceServers],
        limits: {
          messageBytes: MAX_SIGNALING_MESSAGE_BYTES,
          payloadChars: MAX_PAYLOAD_CHARS,
          peersPerRoom: maxPeersPerRoom,
          graceSeconds,
        },
        features: [SLOTS_FEATURE],
      }),
    );
  }

  /** Absent peers give way, the one that has been away for longest first; false if all are present. */
  #makePlace(room: Room): boolean {
    if (room.peers.size < this.#options.maxPeersPerRoom) return true;
    const absent = [...room.peers.values()].filter((peer) => peer.presence.state === 'absent');
    const oldest = absent.sort((a, b) => graceEnd(a) - graceEnd(b))[0];
    if (oldest) this.#remove(oldest, 'gave-way');
    return oldest !== undefined;
  }

  #remove(peer: Peer, reason: LeaveReason): void {
    if (peer.presence.state === 'absent') this.#forgetAbsence(peer, peer.presence);
    peer.room.peers.delete(peer.id);
    if (peer.room.peers.size === 0) this.#rooms.delete(peer.room.name);
    else this.#tellOthers(peer, { type: 'peer-left', id: peer.id, reason });
  }

  #forgetAbsence(peer: Peer, presence: AbsentPresence): void {
    this.#absent.delete(peer);
    this.#waitingBytes -= presence.waitingBytes;
  }

  /** Tells the others in the room who are present; the welcome of those who resume says the same. */
  #tellOthers(about: Peer, message: ServerMessage): void {
    const text = encode(message);
    for (const peer of about.room.peers.values()) {
      if (peer !== about && peer.presence.state === 'present') peer.presence.socket.send(text);
    }
  }

  /** Sends to a present peer, or lets it wait for an absent one; false if there is no room for that. */
  #deliver(peer: Peer, text: string): boolean {
    const { presence } = peer;
    if (presence.state === 'present') {
      presence.socket.send(text);
      return true;
    }
    const bytes = text.length; // all that is queued is ASCII
    if (presence.waitingBytes + bytes > MAX_WAITING_BYTES) return false;
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES_TOTAL) return false;
    presence.waiting.push(text);
    presence.waitingBytes += bytes;
    this.#waitingBytes += bytes;
    return true;
  }
}

function findByToken(room: Room, resumeToken: string): Peer | undefined {
  for (const peer of room.peers.values()) if (peer.resumeToken === resumeToken) return peer;
  return undefined;
}

function graceEnd(peer: Peer): number {
  return peer.presence.state === 'absent' ? peer.presence.untilMs : Infinity;
}

function encode(message: ServerMessage): string {
  return JSON.stringify(message);
}

// Spliced, not stringified: neither part needs escaping (a UUID of ours, a payload that is checked to be base64url), and
// going over up to 48 KiB once more is most of what relaying costs.
function encodeSignal(from: string, payload: string): string {
  return `{"type":"signal","from":"${from}","payload":"${payload}"}`;
}
