import type { SessionId } from '@tincan/shared/introduction';

/** So long a call rings here at most, in milliseconds: who rings gives up before, but the word of that may be lost with a link. */
const MOST_RING_MS = 50_000;

/** A call that rings here, as it was when it began to: what a person has read must not become something else under the finger. */
interface Ring {
  readonly call: string;
  readonly open: boolean;
  readonly video: boolean;
  /** Who rings. */
  readonly session: SessionId;
}

interface RingsOptions {
  /** It has rung for too long, and has to be kept from ringing on. */
  end: (call: string) => void;
  /** It rings no more, though nobody has asked for that here. */
  onStopped: (session: SessionId) => void;
}

/** The calls that ring here, in the order in which they began to. */
export class Rings {
  readonly #options: RingsOptions;
  readonly #rings = new Map<string, { ring: Ring; timer: ReturnType<typeof setTimeout> }>();

  constructor(options: RingsOptions) {
    this.#options = options;
  }

  get first(): Ring | undefined {
    const [first] = this.#rings.values();
    return first?.ring;
  }

  /** Whoever rings at present, and nobody else. */
  follow(present: readonly Ring[]): void {
    const calls = new Set(present.map(({ call }) => call));
    for (const { call, open, video, session } of present) {
      if (this.#rings.has(call)) continue;
      const timer = setTimeout(() => this.#options.end(call), MOST_RING_MS);
      this.#rings.set(call, { ring: { call, open, video, session }, timer });
    }
    for (const [call, { ring }] of this.#rings) {
      if (calls.has(call)) continue;
      this.forget(call);
      this.#options.onStopped(ring.session);
    }
  }

  /** It is to ring no more. */
  forget(call: string): void {
    clearTimeout(this.#rings.get(call)?.timer);
    this.#rings.delete(call);
  }
}
