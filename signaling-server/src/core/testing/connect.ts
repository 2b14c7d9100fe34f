import type { CloseCode } from '@tincan/shared/codes';
import { parseServerMessage, type ServerMessage } from '@tincan/shared/signaling';
import { Client } from '../client.ts';
import type { Hub } from '../hub.ts';
import type { Slots, SlotSocket } from '../slots.ts';

class FakeSocket implements SlotSocket {
  readonly address: string;
  readonly inbox: ServerMessage[] = [];
  closedWith: number | undefined;
  /** How often it was told that it is in no slot, or in none any more. */
  slotsClosed = 0;

  constructor(address = '192.0.2.1') {
    this.address = address;
  }

  send(text: string): void {
    const parsed = parseServerMessage(text);
    if (!parsed.ok) throw new Error(parsed.error);
    this.inbox.push(parsed.value);
  }

  close(code: CloseCode): void {
    this.closedWith = code.code;
  }

  handleSlotClosed(): void {
    this.slotsClosed += 1;
  }
}

/** A client over a fake socket: what it sends is handled at once, and what it is sent is kept. */
export function connect(hub: Hub, slots: Slots, address?: string) {
  const socket = new FakeSocket(address);
  const client = new Client(hub, slots, socket);
  const refusals: string[] = [];
  const send = (message: object): void => {
    const refusal = client.handleText(JSON.stringify(message));
    if (refusal) refusals.push(refusal.code);
  };
  const take = <T extends ServerMessage['type']>(type: T) => {
    const isWanted = (message: ServerMessage): message is Extract<ServerMessage, { type: T }> => message.type === type;
    const taken = socket.inbox.filter(isWanted);
    socket.inbox.splice(0, Infinity, ...socket.inbox.filter((message) => !isWanted(message)));
    return taken;
  };
  return {
    client,
    socket,
    send,
    take,
    refusals,
    inbox: socket.inbox,
    get closedWith() {
      return socket.closedWith;
    },
    drop: () => {
      client.handleClose();
    },
  };
}
