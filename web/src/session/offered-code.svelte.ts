import { failureCode } from '@tincan/engine/platform/errors';
import type { SignalingClient } from '@tincan/engine/signaling/signaling-client';
import { openSlot } from '@tincan/engine/signaling/slot';
import { createPassword, formatCode } from '@tincan/engine/verify/spoken-code';
import { loadPairing } from './load-pairing.ts';
import { CODE_ENDS, type CodeEnd, type CodeView } from './views.ts';

/** A code is good for ten minutes at most, whatever the server says, in seconds. */
const MAX_TTL_SECONDS = 600;

/** Where the code leads, and the connection on which it is offered; `undefined` while there is none. */
type Place = { signaling: SignalingClient; secret: string } | undefined;

/**
 * The spoken code of a room. Once it is shown it stays good until somebody has entered it, its time is over, or the room has
 * moved: it may have been read out. One that was tried in vain is not replaced before the person asks for it, or a machine
 * could go on guessing.
 */
export class OfferedCode {
  readonly #getPlace: () => Place;
  #view = $state.raw<CodeView>({ state: 'none' });
  #attempt: AbortController | undefined;

  constructor(getPlace: () => Place) {
    this.#getPlace = getPlace;
  }

  get view(): CodeView {
    return this.#view;
  }

  /** Makes a code, unless there is or was one. */
  offer(): void {
    if (this.#view.state === 'none') void this.#open();
  }

  /** The person wants a code, in place of the one before. */
  renew(): void {
    void this.#open();
  }

  /** The server is there, or there again. */
  handleOnline(): void {
    const { view } = this;
    const lost = view.state === 'ended' && view.why === 'offline' && !view.tried;
    if (view.state === 'opening' || lost) void this.#open();
  }

  /** The room has moved: the code leads to where it was. */
  handleMoved(): void {
    this.#giveUp();
  }

  #giveUp(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#view = { state: 'none' };
  }

  async #open(): Promise<void> {
    this.#giveUp();
    this.#view = { state: 'opening' };
    const place = this.#getPlace();
    if (place?.signaling.state !== 'online') return; // handleOnline goes on from here
    const attempt = new AbortController();
    this.#attempt = attempt;
    const show = (view: CodeView) => {
      if (this.#attempt === attempt) this.#view = view;
    };
    let slot;
    let entered = false;
    let timer;
    try {
      // The curve is loaded by those who need it, and is there before anybody can have entered.
      const { handOverSecret } = await loadPairing();
      slot = await openSlot(place.signaling, attempt.signal);
      const { channel, number, ttlSeconds } = slot;
      // The server ends the slot; that the code ends is not left to it.
      timer = setTimeout(() => channel.expire(), Math.min(ttlSeconds, MAX_TTL_SECONDS) * 1_000);
      const code = { slot: number, password: createPassword() };
      const text = formatCode(code.slot, code.password);
      show({ state: 'open', code: text, entered });
      await slot.entered();
      entered = true;
      show({ state: 'open', code: text, entered });
      await handOverSecret(channel, { ...code, secret: place.secret });
      channel.close('done');
      show({ state: 'used' });
    } catch (error) {
      const why = toEnd(error);
      slot?.channel.close(why === 'wrong-code' ? 'wrong-code' : 'cancelled');
      show({ state: 'ended', why, tried: entered });
    } finally {
      clearTimeout(timer);
    }
  }
}

function toEnd(error: unknown): CodeEnd {
  const code = failureCode(error, [...CODE_ENDS, 'server-unreachable'] as const, 'Offering a code failed.');
  return code === 'server-unreachable' ? 'offline' : code;
}
