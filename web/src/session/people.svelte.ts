import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { SessionId } from '@tincan/shared/introduction';
import { SAFETY_EMOJI } from '@tincan/shared/safety-words';
import { visibleText } from '../platform/visible-text.ts';
import type { Mesh } from '../rtc/mesh.ts';
import type { PeerSnapshot } from '../rtc/peer.ts';
import type { Breach, PeerView } from './views.ts';

/** Who is in the room, what they call themselves, and how far they can be trusted. */
export class People {
  #snapshots = $state.raw<readonly PeerSnapshot[]>([]);
  /** Of everyone who has been here. */
  readonly #names = new SvelteMap<SessionId, string>();
  /** Fingerprints of those whose words were compared: a page shows the same certificate on all its links (BIND-2). */
  readonly #verified = new SvelteSet<string>();
  readonly #breaches = new SvelteMap<SessionId, Breach>();
  #strangersBreach = $state<Breach>();
  #mesh: Mesh | undefined;

  /** Shows whoever is in this mesh from now on. */
  follow(mesh: Mesh): void {
    this.#mesh = mesh;
    const look = () => {
      this.#snapshots = mesh.peers;
      for (const { session, name } of this.#snapshots) this.#names.set(session, visibleText(name));
    };
    mesh.on('peer-added', look);
    mesh.on('peer-changed', look);
    mesh.on('peer-removed', ({ session }) => {
      this.#breaches.delete(session);
      look();
    });
    mesh.on('link-up', ({ session }) => {
      this.#breaches.delete(session);
      look();
    });
    mesh.on('breach', ({ session, breach }) => {
      if (session === undefined) this.#strangersBreach = breach;
      else this.#breaches.set(session, breach);
    });
  }

  get all(): PeerView[] {
    return this.#snapshots.map(({ words, fingerprint, ...peer }) => ({
      ...peer,
      name: this.nameOf(peer.session),
      words: words?.map((word) => ({ index: word, emoji: SAFETY_EMOJI[word] ?? '' })),
      verified: fingerprint !== undefined && this.#verified.has(fingerprint),
      breach: this.#breaches.get(peer.session),
    }));
  }

  /** What a peer calls itself, without invisible characters, also after it has left; empty while it has not said so. */
  nameOf(session: SessionId): string {
    return this.#names.get(session) ?? '';
  }

  /** Security failed in the name of nobody who is known here, until it is dismissed. */
  get strangersBreach(): Breach | undefined {
    return this.#strangersBreach;
  }

  dismissBreach(session?: SessionId): void {
    if (session === undefined) this.#strangersBreach = undefined;
    else this.#breaches.delete(session);
  }

  /** The person has compared the safety words of the present link, or takes that back. */
  setVerified(session: SessionId, verified: boolean): void {
    const fingerprint = this.#snapshots.find((peer) => peer.session === session)?.fingerprint;
    if (fingerprint === undefined) return;
    if (verified) this.#verified.add(fingerprint);
    else this.#verified.delete(fingerprint);
  }

  /** Ends the link to a peer and does not let its page in again. */
  block(session: SessionId): void {
    this.#mesh?.block(session);
  }
}
