import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { SessionId } from '@tincan/shared/introduction';
import { SAFETY_EMOJI } from '@tincan/shared/safety-words';
import type { Mesh } from '@tincan/engine/rtc/mesh';
import type { PeerSnapshot } from '@tincan/engine/rtc/peer';
import type { Breach, PeerView } from './views.ts';

/** Who is in the room, what they call themselves, and how far they can be trusted. */
export class People {
  #snapshots = $state.raw<readonly PeerSnapshot[]>([]);
  /** Of everyone who has been here. */
  readonly #names = new SvelteMap<SessionId, string>();
  /** A session is its certificate (BIND-2), so whoever was verified stays so on every later link. */
  readonly #verified = new SvelteSet<SessionId>();
  readonly #breaches = new SvelteMap<SessionId, Breach>();
  #strangersBreach = $state.raw<{ breach: Breach; name: string }>();
  #atBlock: readonly SessionId[] | undefined;
  #mesh: Mesh | undefined;

  /** Shows whoever is in this mesh from now on. */
  follow(mesh: Mesh): void {
    this.#mesh = mesh;
    const look = () => {
      this.#snapshots = mesh.peers.map(({ snapshot }) => snapshot);
      for (const { session, name } of this.#snapshots) this.#names.set(session, name);
    };
    mesh.forEachPeer((peer) => {
      const { session } = peer;
      look();
      peer.on('changed', look);
      peer.on('breach', (breach) => this.#breaches.set(session, breach));
      peer.link.on('up', () => {
        // It was the way to this link that was disturbed, and the link is there.
        if (this.#breaches.get(session) === 'unopenable') this.#breaches.delete(session);
      });
    });
    mesh.on('peer-removed', ({ peer: { session } }) => {
      // The peer's card goes, and what was wrong must not go with it unseen.
      const breach = this.#breaches.get(session);
      if (breach && !this.#strangersBreach) this.#strangersBreach = { breach, name: this.nameOf(session) };
      this.#breaches.delete(session);
      look();
    });
    mesh.on('breach', (breach) => (this.#strangersBreach ??= { breach, name: '' }));
  }

  get all(): PeerView[] {
    return this.#snapshots.map(({ words, ...peer }) => ({
      ...peer,
      name: this.nameOf(peer.session),
      words: words?.map((word) => ({ index: word, emoji: SAFETY_EMOJI[word] ?? '' })),
      verified: this.#verified.has(peer.session),
      breach: this.#breaches.get(peer.session),
    }));
  }

  /** What a peer calls itself, also after it has left; empty while it has not said so. */
  nameOf(session: SessionId): string {
    return this.#names.get(session) ?? '';
  }

  /** Security failed in the name of nobody who is here now, until it is dismissed; `name` of somebody who was, or empty. */
  get strangersBreach() {
    return this.#strangersBreach;
  }

  dismissBreach(session?: SessionId): void {
    if (session === undefined) this.#strangersBreach = undefined;
    else this.#breaches.delete(session);
  }

  /** The person has compared the safety words of the present link, or takes that back. */
  setVerified(session: SessionId, verified: boolean): void {
    if (verified) this.#verified.add(session);
    else this.#verified.delete(session);
  }

  /** Ends the link to a peer and does not let its page in again. */
  block(session: SessionId): void {
    this.#atBlock = this.#snapshots.map((peer) => peer.session);
    this.#mesh?.block(session);
  }

  /** Whether a peer was here when somebody was blocked last: whoever came since may be that same person. */
  isFromBefore(session: SessionId): boolean {
    return this.#atBlock?.includes(session) ?? true;
  }

  /** Somebody has been here. */
  get hasMet(): boolean {
    return this.#names.size > 0;
  }
}
