import { TincanError } from '../../platform/errors.ts';
import type { PairingChannel } from '../pairing.ts';

class FakeChannel implements PairingChannel {
  readonly sent: string[] = [];
  readonly #arrived: string[] = [];
  readonly #deliver: (payload: string, index: number) => void;
  #waiting: { resolve(payload: string): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  constructor(deliver: (payload: string, index: number) => void) {
    this.#deliver = deliver;
  }

  send(payload: string): void {
    if (this.#ended) throw this.#ended;
    this.#deliver(payload, this.sent.push(payload) - 1);
  }

  receive(): Promise<string> {
    const payload = this.#arrived.shift();
    if (payload !== undefined) return Promise.resolve(payload);
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  arrive(payload: string): void {
    if (this.#waiting) this.#waiting.resolve(payload);
    else this.#arrived.push(payload);
    this.#waiting = undefined;
  }

  end(): void {
    this.#ended = new TincanError('left', 'the other side has gone');
    this.#waiting?.reject(this.#ended);
  }
}

/** What the attacker makes of a message: it goes on as he says, or not at all. `index` counts each side's own. */
export type Attack = (payload: string, index: number) => string | undefined;

/** The two ends of a slot, and a server between them that does what it wants. */
export class LinkedChannels {
  readonly owner: FakeChannel;
  readonly guest: FakeChannel;

  constructor({ fromOwner, fromGuest }: { fromOwner?: Attack | undefined; fromGuest?: Attack | undefined } = {}) {
    const through = (attack: Attack | undefined, to: () => FakeChannel) => (payload: string, index: number) => {
      const arriving = attack ? attack(payload, index) : payload;
      if (arriving !== undefined) to().arrive(arriving);
      else this.end();
    };
    this.owner = new FakeChannel(through(fromOwner, () => this.guest));
    this.guest = new FakeChannel(through(fromGuest, () => this.owner));
  }

  /** Both sides see the end, behind what has arrived. */
  end(): void {
    this.owner.end();
    this.guest.end();
  }
}
