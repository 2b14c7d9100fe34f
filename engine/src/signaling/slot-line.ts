import type { SlotClientReason, SlotEndReason } from '@tincan/shared/codes';
import { TincanError } from '../platform/errors.ts';
import type { SlotNews, SlotRequest } from './signaling-client.ts';

/** How long connecting, and each answer, may take. Whoever has to answer is a program, not a person. */
const ANSWER_MS = 10_000;
/** What may have come without being asked for: a pairing has fewer messages than this, and more are dropped. */
const MAX_HEARD = 4;

/** Why there is no slot, or none any more. A SlotEndReason is the server's or the other side's word; `cancelled` also ours. */
export type SlotFailure =
  | SlotEndReason
  | 'server-unreachable' // there is no connection to the server, or it was lost and the slot with it
  | 'unsupported' // the server does not know slots, or not as we do
  | 'slot-limit' // the server has had enough slots from this address for now
  | 'timeout'; // the server, or the other side, did not answer in time

/** What the server's error codes mean for a slot; any other is a later server's. */
const REFUSALS: ReadonlyMap<string, SlotFailure> = new Map([
  ['slot-limit', 'slot-limit'],
  ['not-in-slot', 'left'], // its end was on the way to us
]);

/** Our end of a slot with somebody at the other. Whatever fails, fails with a TincanError of a `SlotFailure`. */
export interface SlotChannel {
  /** Sends base64url text to the other side; throws if the slot has ended. */
  send(payload: string): void;
  /**
   * The other side's next text, for which it has ten seconds; then the slot is given up. Rejects once the slot has ended,
   * behind what had come before. One call at a time.
   */
  receive(): Promise<string>;
  /** Ends the slot as the server does when its time is over, for a side that keeps that time itself. */
  expire(): void;
  /** Ends the slot and tells the other side why. Final; rejects what is pending, and drops what has come. */
  close(reason: SlotClientReason): void;
}

/** What is heard of a slot: from the server, and that there is a connection to it. */
type SlotEvent = SlotNews | { type: 'connected' };
type EventOf<Type extends SlotEvent['type']> = Extract<SlotEvent, { type: Type }>;

interface Waiting {
  /** Takes the event if it is what is waited for. */
  offer(event: SlotEvent): boolean;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What is heard of one slot, in order, as something to wait for; until the slot ends, for whatever reason. */
export class SlotLine implements SlotChannel {
  readonly #transmit: (request: SlotRequest) => boolean;
  readonly #release: () => void;
  readonly #ended = new AbortController();
  readonly #heard: SlotEvent[] = [];
  #waiting: Waiting | undefined;
  #failure: TincanError<SlotFailure> | undefined;
  #inSlot = false;

  /** `transmit` says whether it went out; `release` is called once, when the slot has ended. */
  constructor(transmit: (request: SlotRequest) => boolean, release: () => void) {
    this.#transmit = transmit;
    this.#release = release;
  }

  send(payload: string): void {
    this.say({ type: 'slot-message', payload });
  }

  async receive(): Promise<string> {
    return (await this.next('slot-message')).payload;
  }

  close(reason: SlotClientReason): void {
    this.#heard.length = 0;
    if (this.#failure) return;
    this.#transmit({ type: 'slot-closed', reason });
    this.fail(reason, 'closed on this side');
  }

  expire(): void {
    if (this.#failure) return;
    this.#transmit({ type: 'slot-closed', reason: 'cancelled' });
    this.fail('expired', 'its time is over');
  }

  /** Closes the slot when the signal says so. */
  closeOn(signal: AbortSignal | undefined): void {
    if (signal?.aborted) this.close('cancelled');
    signal?.addEventListener('abort', () => this.close('cancelled'), { signal: this.#ended.signal });
  }

  /** Sends, or throws if the slot has ended. A connection that does not take it ends the slot. */
  say(request: SlotRequest): void {
    if (!this.#failure && !this.#transmit(request)) this.fail('server-unreachable', 'the connection takes nothing');
    if (this.#failure) throw this.#failure;
  }

  /** Waits for the next event of this type; what came out of turn is passed over. `late` is what it means if none comes in time. */
  async next<Type extends SlotEvent['type']>(type: Type, late: SlotFailure | 'never' = 'timeout') {
    const isWanted = (event: SlotEvent): event is EventOf<Type> => event.type === type;
    for (let event = this.#heard.shift(); event; event = this.#heard.shift()) if (isWanted(event)) return event;
    if (this.#failure) throw this.#failure;
    if (this.#waiting) throw new Error('one thing is waited for at a time');
    return new Promise<EventOf<Type>>((resolve, reject) => {
      const offer = (event: SlotEvent) => {
        if (isWanted(event)) resolve(event);
        return isWanted(event);
      };
      const giveUp = (reason: SlotFailure) => {
        this.#transmit({ type: 'slot-closed', reason: 'cancelled' });
        this.fail(reason, `no "${type}" within ${ANSWER_MS} ms`);
      };
      this.#waiting = { offer, reject, timer: late === 'never' ? undefined : setTimeout(giveUp, ANSWER_MS, late) };
    });
  }

  handle(event: SlotEvent): void {
    if (this.#failure) return;
    if (event.type === 'slot-closed') return this.fail(event.reason, 'the server says so');
    if (event.type === 'slot-open' || event.type === 'slot-enter') this.#inSlot = true;
    if (!this.#waiting) {
      if (this.#heard.length < MAX_HEARD) this.#heard.push(event);
    } else if (this.#waiting.offer(event)) {
      this.#stopWaiting();
    }
  }

  /** The server refused something that was said. */
  handleRefusal({ code, message }: { code: string; message: string }): void {
    // Where there is no slot, closing it would be refused as well.
    if (this.#inSlot && code !== 'not-in-slot') this.#transmit({ type: 'slot-closed', reason: 'cancelled' });
    this.fail(REFUSALS.get(code) ?? 'unsupported', `refused by the server: ${code}: ${message}`);
  }

  /** Ends the slot on this side only. */
  fail(code: SlotFailure, message: string): void {
    if (this.#failure) return;
    this.#failure = new TincanError(code, message);
    this.#ended.abort();
    this.#release();
    this.#stopWaiting()?.reject(this.#failure);
  }

  #stopWaiting(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
