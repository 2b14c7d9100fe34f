// Texts between this page and every peer of a room.
//
//   say ──▶ waits for each peer ──receipt──▶ it has it
//               │  ▲
//               │  └──the link comes up: said again
//               └──the peer is gone for good──▶ it has missed it
//
// That a link took a text says little: it may have lost its path seconds ago, and nobody knows it yet.
import { randomId } from '@tincan/shared/base64url';
import type { SessionId } from '@tincan/shared/introduction';
import { CHAT_RECEIPT, type LinkMessage } from '@tincan/shared/link-message';
import { MAX_CHAT_CHARS, MAX_WAITING_TEXTS } from '@tincan/shared/limits';
import type { Result } from '@tincan/shared/result';
import { Emitter } from '../platform/emitter.ts';
import type { Mesh } from '../rtc/mesh.ts';
import type { Peer } from '../rtc/peer.ts';

/** Peers that are away and may come back, for whom something is kept. */
const MAX_AWAY = 64;

/** A text of ours at one moment. */
export interface SentText {
  readonly id: string;
  /** Whoever has not said yet that it has come. */
  readonly waitsFor: readonly SessionId[];
  /** Whoever has gone for good before it came. */
  readonly missedBy: readonly SessionId[];
}

/** Why a text was not taken; nothing of it was said to anybody. */
export type TextRefusal =
  { readonly why: 'nobody' | 'too-long' } | { readonly why: 'full'; readonly waitsFor: readonly SessionId[] };

type TextsEvents = {
  /** A peer has said this; never twice, however often it was heard. */
  heard: { from: SessionId; id: string; text: string };
  /** More is known of one of ours. */
  progress: SentText;
};

interface Own {
  readonly id: string;
  readonly text: string;
  readonly waitsFor: Set<SessionId>;
  readonly missedBy: Set<SessionId>;
}

/** What is kept of one peer, also while it is away. */
interface Kept {
  /** In the order in which they were said; at most `MAX_WAITING_TEXTS`. */
  waiting: Own[];
  /** The ids of its last texts: what it says again is among them (TEXT-2). */
  heard: string[];
}

/** Says texts to everyone, until each has said that it has them, and hears theirs once. */
export class Texts extends Emitter<TextsEvents> {
  readonly #mesh: Mesh;
  readonly #kept = new Map<SessionId, Kept>();

  constructor(mesh: Mesh) {
    super();
    this.#mesh = mesh;
    mesh.forEachPeer((peer) => this.#follow(peer));
    mesh.on('peer-removed', ({ peer: { session }, forGood }) => {
      if (forGood) this.#forget(session);
      else this.#boundAway();
    });
  }

  /** Says a text to everyone who is here, also to those to whom there is no path at the moment. */
  say(text: string): Result<SentText, TextRefusal> {
    const peers = this.#mesh.peers.filter(({ link }) => link.incompatible === undefined);
    if (text.length > MAX_CHAT_CHARS) return { ok: false, error: { why: 'too-long' } };
    if (peers.length === 0) return { ok: false, error: { why: 'nobody' } };
    const sessions = peers.map(({ session }) => session);
    const full = sessions.filter((session) => this.#of(session).waiting.length >= MAX_WAITING_TEXTS);
    if (full.length > 0) return { ok: false, error: { why: 'full', waitsFor: full } };

    const own: Own = { id: randomId(), text, waitsFor: new Set(sessions), missedBy: new Set() };
    for (const peer of peers) {
      this.#of(peer.session).waiting.push(own);
      this.#transmit(peer, own);
    }
    return { ok: true, value: snapshotOf(own) };
  }

  #of(session: SessionId): Kept {
    const known = this.#kept.get(session);
    if (known) return known;
    const kept: Kept = { waiting: [], heard: [] };
    this.#kept.set(session, kept);
    return kept;
  }

  #follow(peer: Peer): void {
    const { session, link } = peer;
    link.on('up', () => {
      for (const own of [...this.#of(session).waiting]) this.#transmit(peer, own);
    });
    link.on('message', (message) => this.#handleMessage(peer, message));
    link.on('changed', () => {
      if (link.incompatible) this.#giveUp(session); // nothing more is said between the two pages
    });
  }

  #transmit({ session, link }: Peer, own: Own): void {
    const sent = link.send({ type: 'chat', id: own.id, text: own.text });
    // An earlier page gives no receipt: that it was sent is all that can be known.
    if (sent && !link.features.includes(CHAT_RECEIPT)) this.#settle(session, own.id);
  }

  #handleMessage({ session, link }: Peer, message: LinkMessage): void {
    if (message.type === 'chat-receipt') return this.#settle(session, message.id);
    if (message.type !== 'chat') return;
    const { id, text } = message;
    link.send({ type: 'chat-receipt', id }); // also of what was heard before: its receipt may have been lost
    const kept = this.#of(session);
    if (kept.heard.includes(id)) return;
    kept.heard = [...kept.heard, id].slice(-MAX_WAITING_TEXTS);
    this.emit('heard', { from: session, id, text });
  }

  /** The peer has it. */
  #settle(session: SessionId, id: string): void {
    const kept = this.#of(session);
    const own = kept.waiting.find((each) => each.id === id);
    if (!own) return; // said twice, and so received twice
    kept.waiting = kept.waiting.filter((each) => each !== own);
    own.waitsFor.delete(session);
    this.emit('progress', snapshotOf(own));
  }

  #giveUp(session: SessionId): void {
    for (const own of this.#kept.get(session)?.waiting.splice(0) ?? []) {
      own.waitsFor.delete(session);
      own.missedBy.add(session);
      this.emit('progress', snapshotOf(own));
    }
  }

  #forget(session: SessionId): void {
    this.#giveUp(session);
    this.#kept.delete(session);
  }

  /** A member of the room may come as one session after the other. */
  #boundAway(): void {
    const away = [...this.#kept.keys()].filter((session) => !this.#mesh.peer(session));
    for (const session of away.slice(0, -MAX_AWAY)) this.#forget(session);
  }
}

function snapshotOf({ id, waitsFor, missedBy }: Own): SentText {
  return { id, waitsFor: [...waitsFor], missedBy: [...missedBy] };
}
