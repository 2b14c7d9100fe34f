import { SvelteMap } from 'svelte/reactivity';
import type { SessionId } from '@tincan/shared/introduction';
import type { LinkMessage } from '@tincan/shared/link-message';
import { parseSecret } from '@tincan/shared/secret';

/** Moves that are this far apart do not cross: whoever has not come along by then stays behind, in milliseconds. */
const CROSSING_MS = 30_000;

type Move = Extract<LinkMessage, { type: 'move' }>;

/** A peer has moved the room, and this person has not said yet whether to come along. */
export interface MoveAsked {
  readonly from: SessionId;
  readonly secret: string;
  /** Everyone who was asked along, the asker too: links to all others end with the move. */
  readonly along: readonly SessionId[];
}

/** Who has asked this person along to a fresh link. One question of each peer; none takes the place of another's. */
export class Moves {
  readonly #asked = new SvelteMap<SessionId, MoveAsked>();
  /** Where we have moved from last, and whom we asked along. */
  #own: (Pick<Move, 'from' | 'sessions'> & { at: number }) | undefined;

  get all(): readonly MoveAsked[] {
    return [...this.#asked.values()];
  }

  /** We move the room ourselves. */
  noteOwn({ from, sessions }: Pick<Move, 'from' | 'sessions'>): void {
    this.#own = { from, sessions, at: performance.now() };
  }

  /** A peer has moved; `me` is our session, `secret` that of the room where we are. */
  handleMove(session: SessionId, move: Move, { me, secret }: { me: SessionId; secret: string }): void {
    if (!parseSecret(move.secret) || move.secret === secret) return;
    // Two who move away from the same room at once ask each other: they must not change places, so the smaller session's
    // move counts for both.
    const own = this.#own;
    const crosses = own?.from === move.from && performance.now() - own.at < CROSSING_MS;
    if (crosses && own.sessions.includes(session) && me < session) return;
    this.#asked.set(session, { from: session, secret: move.secret, along: [session, ...move.sessions] });
  }

  /** The question is answered, or whoever asked is gone for good. */
  forget(session: SessionId): void {
    this.#asked.delete(session);
  }

  /** We are somewhere else now, so nobody's question fits any more. */
  forgetAll(): void {
    this.#asked.clear();
  }
}
