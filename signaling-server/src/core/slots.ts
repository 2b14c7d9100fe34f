// Slots: a number under which two connections meet, once. It is said aloud and no secret, so whoever enters first has used
// it up; that only the right one gets anything out of it is what the two say to each other (docs/protocol/sealing.md).
import type { SlotClientReason, SlotEndReason } from '@tincan/shared/codes';
import { MAX_SLOT_DIGITS, MIN_SLOT_DIGITS } from '@tincan/shared/limits';
import type { Refusal, ServerMessage } from '@tincan/shared/signaling';
import { AddressBudgets } from './address-budgets.ts';
import type { Log } from './log.ts';
import type { PeerSocket } from './room.ts';

/** From its opening to its end: time enough to call someone and to say a code; who leaves it open has gone away. */
const SLOT_LIFETIME_MS = 600_000;
/** What one side may send in one slot: a pairing takes three in all, and a slot must not serve to carry anything else. */
const MAX_MESSAGES_PER_SIDE = 4;
/** In this time an address that has spent all its attempts has all of them again. */
const REGAIN_SECONDS = 300;
/**
 * Ended numbers that are remembered at most: four thousand a minute before one is forgotten early. With one open slot for
 * each of 10,000 connections, that is half of the numbers of five digits, so nobody can make them longer to say.
 */
export const MAX_TOMBSTONES = 40_000;

/** What slots need of the world: a clock, chance, and how much one address may do. */
export interface SlotsOptions {
  /** A clock in milliseconds that never goes back. */
  now: () => number;
  /** A whole number from 0 up to but without `below`, all equally likely and none foreseeable. */
  random: (below: number) => number;
  log: Log;
  /** Slots that may be opened or entered from one address at once; as many come back in five minutes. */
  slotsPerAddress: number;
  /** How long a slot lives, and how long its number is remembered after it has ended. */
  lifetimeMs?: number | undefined;
}

/** What a slot needs of a connection. */
export interface SlotSocket extends PeerSocket {
  /** Whom its attempts are counted for. */
  readonly address: string;
  /** It is in no slot any more, or was not let into one. Like the others it neither throws nor calls back. */
  handleSlotClosed(): void;
}

interface Slot {
  readonly number: string;
  readonly untilMs: number;
  readonly owner: SlotSocket;
  guest: SlotSocket | undefined;
}

/** A connection's place in its slot. */
interface Seat {
  readonly slot: Slot;
  messagesLeft: number;
}

/** What is left of a number whose slot has ended: what to tell someone who comes too late. */
interface Tombstone {
  readonly reason: SlotEndReason;
  readonly untilMs: number;
}

/** Every slot of this server: who opened it, who has entered, and which numbers have ended and why. Bounded in number. */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #lifetimeMs: number;
  readonly #budgets: AddressBudgets;
  // The time is the same for all, so in both the order of insertion is the order in which it ends.
  readonly #slots = new Map<string, Slot>();
  readonly #tombstones = new Map<string, Tombstone>();
  /** Every connection that is in a slot. As it can be in one only, there are never more slots than connections. */
  readonly #seats = new Map<SlotSocket, Seat>();
  /** How many numbers of each length are in one of the two maps. */
  readonly #taken = Array.from({ length: MAX_SLOT_DIGITS + 1 }, () => 0);

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#lifetimeMs = options.lifetimeMs ?? SLOT_LIFETIME_MS;
    const { slotsPerAddress } = options;
    this.#budgets = new AddressBudgets({ burst: slotsPerAddress, perSecond: slotsPerAddress / REGAIN_SECONDS });
  }

  /** Whether the connection is in a slot, alone or not. */
  has(socket: SlotSocket): boolean {
    return this.#seats.has(socket);
  }

  /** Opens a slot and tells its owner the number. */
  open(socket: SlotSocket): Refusal | undefined {
    const refusal = this.#admit(socket);
    if (refusal) return refusal;

    const number = this.#pickNumber();
    const slot: Slot = { number, untilMs: this.#options.now() + this.#lifetimeMs, owner: socket, guest: undefined };
    this.#slots.set(number, slot);
    this.#taken[number.length]! += 1;
    this.#seat(socket, slot);
    socket.send(encode({ type: 'slot-open', slot: number, ttlSeconds: this.#lifetimeMs / 1_000 }));
    return undefined;
  }

  /** Enters a slot that nobody has entered and tells both sides, or tells the one who came why there is none. */
  enter(socket: SlotSocket, number: string): Refusal | undefined {
    const refusal = this.#admit(socket);
    if (refusal) return refusal;

    const slot = this.#slots.get(number);
    if (!slot || slot.guest) {
      const reason = slot ? 'used' : (this.#tombstones.get(number)?.reason ?? 'unknown');
      socket.send(encode({ type: 'slot-closed', reason }));
      socket.handleSlotClosed();
      return undefined;
    }
    slot.guest = socket;
    this.#seat(socket, slot);
    for (const side of [slot.owner, socket]) side.send(encode({ type: 'slot-enter', slot: number }));
    return undefined;
  }

  /** Passes a payload on to the other side, a few times in one slot. */
  relay(socket: SlotSocket, payload: string): Refusal | undefined {
    this.expire();
    const seat = this.#seats.get(socket);
    const other = seat && otherSide(seat.slot, socket);
    if (!other) return { code: 'not-in-slot', message: 'There is no other side in a slot.' };
    if (seat.messagesLeft === 0) return { code: 'slot-limit', message: 'This slot has carried all that it may.' };
    seat.messagesLeft -= 1;
    other.send(encode({ type: 'slot-message', payload }));
    return undefined;
  }

  /** Ends the connection's slot; the other side is told the reason. */
  close(socket: SlotSocket, reason: SlotClientReason): Refusal | undefined {
    this.expire();
    const seat = this.#seats.get(socket);
    if (!seat) return { code: 'not-in-slot', message: 'There is no slot to close.' };
    this.#end(seat.slot, reason, socket);
    return undefined;
  }

  /** The connection is gone, and with it its slot, if it was in one. */
  detach(socket: SlotSocket): void {
    this.expire();
    const seat = this.#seats.get(socket);
    if (seat) this.#end(seat.slot, 'left', socket);
  }

  /**
   * Ends the slots whose time is over, and forgets what need not be known any more. Call it regularly; every other method
   * that depends on it does so itself.
   */
  expire(): void {
    const now = this.#options.now();
    for (const slot of this.#slots.values()) {
      if (slot.untilMs > now) break;
      this.#end(slot, 'expired');
    }
    for (const [number, { untilMs }] of this.#tombstones) {
      if (untilMs > now) break;
      this.#forget(number);
    }
    this.#budgets.prune(now);
  }

  /** What has to hold before a slot is opened or entered. */
  #admit(socket: SlotSocket): Refusal | undefined {
    this.expire();
    if (this.#seats.has(socket)) return { code: 'already-in-slot', message: 'One slot per connection at a time.' };
    if (this.#budgets.trySpend(socket.address, this.#options.now())) return undefined;
    this.#options.log.warn('slot refused: too many from one address, see SLOTS_PER_ADDRESS and TRUSTED_PROXIES');
    return { code: 'slot-limit', message: 'Too many slots were opened or entered from this address. Try again later.' };
  }

  #seat(socket: SlotSocket, slot: Slot): void {
    this.#seats.set(socket, { slot, messagesLeft: MAX_MESSAGES_PER_SIDE });
  }

  /** Tells both sides, except the one by whom it ends, and keeps the number back for a while. */
  #end(slot: Slot, reason: SlotEndReason, by?: SlotSocket): void {
    const { number, owner, guest } = slot;
    this.#slots.delete(number);
    for (const side of guest ? [owner, guest] : [owner]) {
      this.#seats.delete(side);
      if (side !== by) side.send(encode({ type: 'slot-closed', reason }));
      side.handleSlotClosed();
    }

    const why = guest ? 'used' : reason === 'expired' ? 'expired' : 'left';
    this.#tombstones.set(number, { reason: why, untilMs: this.#options.now() + this.#lifetimeMs });
    const [oldest] = this.#tombstones.keys();
    if (oldest !== undefined && this.#tombstones.size > MAX_TOMBSTONES) this.#forget(oldest);
  }

  #forget(number: string): void {
    this.#tombstones.delete(number);
    this.#taken[number.length]! -= 1;
  }

  /** A number that no slot has or had lately, so that nobody who comes late meets a stranger. */
  #pickNumber(): string {
    // Short ones are easier to say; while half of them are free, one is found after two tries on average.
    let digits = MIN_SLOT_DIGITS;
    while (digits < MAX_SLOT_DIGITS && this.#taken[digits]! > 10 ** digits / 2) digits += 1;
    for (;;) {
      const number = String(this.#options.random(10 ** digits)).padStart(digits, '0');
      if (!this.#slots.has(number) && !this.#tombstones.has(number)) return number;
    }
  }
}

function otherSide(slot: Slot, socket: SlotSocket): SlotSocket | undefined {
  return slot.owner === socket ? slot.guest : slot.owner;
}

function encode(message: ServerMessage): string {
  return JSON.stringify(message);
}
