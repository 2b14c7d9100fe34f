import { CLOSE } from '@tincan/shared/codes';
import { parseClientMessage, type ClientMessage, type Refusal } from '@tincan/shared/signaling';
import type { Hub } from './hub.ts';
import type { Peer } from './room.ts';
import type { SlotSocket, Slots } from './slots.ts';

/** What needs a `join` before it. */
type InRoomMessage = Extract<ClientMessage, { type: 'signal' | 'announce' | 'leave' }>;

type State = { name: 'new' } | { name: 'joined'; peer: Peer } | { name: 'gone' };

const PONG = '{"type":"pong"}';

/**
 * What one connection may do next: join first, then signal, announce and leave; slots at any time. Knows the hub and the
 * slots, not the wire.
 */
export class Client {
  readonly #hub: Hub;
  readonly #slots: Slots;
  readonly #socket: SlotSocket;
  #state: State = { name: 'new' };

  constructor(hub: Hub, slots: Slots, socket: SlotSocket) {
    this.#hub = hub;
    this.#slots = slots;
    this.#socket = socket;
    hub.add(socket);
  }

  /** It is in neither a room nor a slot. */
  get isIdle(): boolean {
    return this.#state.name !== 'joined' && !this.#slots.has(this.#socket);
  }

  /** Acts on one text frame; gives the reason if it is refused. */
  handleText(text: string): Refusal | undefined {
    const parsed = parseClientMessage(text);
    if (!parsed.ok) return parsed.error;
    const refusal = this.#handleMessage(parsed.value);
    const { ref } = parsed.value;
    return refusal && ref !== undefined ? { ...refusal, ref } : refusal;
  }

  /** The connection is gone or about to go; nothing is sent to it any more. */
  handleClose(): void {
    const peer = this.#state.name === 'joined' ? this.#state.peer : undefined;
    this.#state = { name: 'gone' };
    this.#hub.detach(this.#socket, peer);
    this.#slots.detach(this.#socket);
  }

  #handleMessage(message: ClientMessage): Refusal | undefined {
    if (this.#state.name === 'gone') return undefined;
    switch (message.type) {
      case 'ping':
        return void this.#socket.send(PONG);
      case 'join':
        return this.#handleJoin(message.room, message.resume);
      case 'slot-open':
        return this.#slots.open(this.#socket);
      case 'slot-enter':
        return this.#slots.enter(this.#socket, message.slot);
      case 'slot-message':
        return this.#slots.relay(this.#socket, message.payload);
      case 'slot-closed':
        return this.#slots.close(this.#socket, message.reason);
      default:
        return this.#handleInRoom(message);
    }
  }

  #handleInRoom(message: InRoomMessage): Refusal | undefined {
    if (this.#state.name !== 'joined') return { code: 'not-joined', message: 'Join a room first.' };
    const { peer } = this.#state;
    switch (message.type) {
      case 'signal':
        return this.#hub.signal(peer, message.to, message.payload);
      case 'announce':
        return void this.#hub.announce(peer, message.payload);
      case 'leave':
        this.#hub.leave(peer);
        return void this.#socket.close(CLOSE.left);
    }
  }

  #handleJoin(room: string, resumeToken: string | undefined): Refusal | undefined {
    if (this.#state.name === 'joined') return { code: 'already-joined', message: 'One room per connection.' };
    const joined = this.#hub.join(this.#socket, room, resumeToken);
    if (!joined.ok) return joined.error;
    this.#state = { name: 'joined', peer: joined.value };
    return undefined;
  }
}
