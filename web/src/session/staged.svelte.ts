import { randomId } from '@tincan/shared/base64url';
import type { SessionId } from '@tincan/shared/introduction';
import type { OfferedSource, SendingOffer } from '@tincan/engine/transfer/outgoing-offer';
import type { StagedView } from './views.ts';

interface Staged extends StagedView {
  readonly source: OfferedSource;
  /** To whom, and in which offers, it was offered. Never shown, so not reactive. */
  readonly offeredTo: Set<SessionId>;
  readonly offers: Set<SendingOffer>;
}

/** Files that are offered to everyone who joins, once to each. */
export class StagedFiles {
  #all = $state.raw<readonly Staged[]>([]);

  get all(): readonly StagedView[] {
    return this.#all;
  }

  /** Keeps files for whoever comes; those sessions have been offered them, in these offers. */
  add(sources: readonly OfferedSource[], offered: ReadonlyMap<SessionId, SendingOffer>): void {
    const staged = sources.map((source): Staged => ({
      id: randomId(),
      path: source.path,
      size: source.source.size,
      source,
      offeredTo: new Set(offered.keys()),
      offers: new Set(offered.values()),
    }));
    this.#all = [...this.#all, ...staged];
  }

  remove(id: string): void {
    this.#all = this.#all.filter((file) => file.id !== id);
  }

  /** Offers a peer what it has not been offered; an offer that it has claimed is one that it was offered on an earlier visit of its page. */
  offerTo(
    session: SessionId,
    claimed: readonly SendingOffer[],
    offer: (sources: readonly OfferedSource[]) => SendingOffer,
  ): void {
    for (const file of this.#all) if (claimed.some((each) => file.offers.has(each))) file.offeredTo.add(session);
    const fresh = this.#all.filter(({ offeredTo }) => !offeredTo.has(session));
    if (fresh.length === 0) return;
    const made = offer(fresh.map(({ source }) => source));
    for (const file of fresh) {
      file.offeredTo.add(session);
      file.offers.add(made);
    }
  }
}
