import { randomId } from '@tincan/shared/base64url';
import { isFolderPath } from '@tincan/shared/folder-path';
import type { SessionId } from '@tincan/shared/introduction';
import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import type { Exchanges } from '@tincan/engine/room/exchanges';
import type { TransferFile } from '@tincan/engine/transfer/file-state';
import type { OfferedSource, SendingOffer } from '@tincan/engine/transfer/outgoing-offer';
import { sourceOf, type ChosenFile } from '@tincan/engine/room/wanted-files';
import { SerialQueue } from '@tincan/engine/platform/serial-queue';
import { toSourceHandle } from '../storage/open-storage.ts';
import type { People } from './people.svelte.ts';
import type { PickedFile, StagedView } from './views.ts';

/** For so long the page is not kept from anything else, in milliseconds. */
const SLICE_MS = 30;

/** What is asked of each file is a call to the browser: of thousands, the page does something else in between. */
async function sourcesOf(chosen: readonly ChosenFile[]): Promise<OfferedSource[]> {
  const sources: OfferedSource[] = [];
  let begun = performance.now();
  for (const each of chosen) {
    const source = sourceOf(each);
    const modified = isFolderPath(each.path) ? undefined : source.modified;
    sources.push({ path: each.path, source, modified, handle: each.handle });
    if (performance.now() - begun < SLICE_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    begun = performance.now();
  }
  return sources;
}

interface Staged extends StagedView {
  readonly source: OfferedSource;
  /** To whom, and in which offers, it was offered. Never shown, so not reactive. */
  readonly offeredTo: SessionId[];
  readonly offers: SendingOffer[];
  /** It, in each of these. */
  readonly sent: TransferFile[];
}

/** What this person sends: to those who are there, to those who come, or to a send of an earlier visit that waits for its file. */
export class Sending {
  readonly #people: People;
  #staged = $state.raw<readonly Staged[]>([]);
  #preparing = $state(0);
  #exchanges: Exchanges | undefined;
  readonly #queue = new SerialQueue(Infinity); // what is in it, a person has chosen
  /** Chosen before it is known which sends of an earlier visit wait for their files. */
  #early: { files: readonly PickedFile[]; to: SessionId | undefined }[] = [];

  constructor(people: People) {
    this.#people = people;
  }

  /** Files that are offered to everyone who joins, once to each. */
  get staged(): readonly StagedView[] {
    return this.#staged;
  }

  /** How many files were chosen that are not offered yet: the browser is asked about each of them. */
  get preparing(): number {
    return this.#preparing;
  }

  unstage(id: string): void {
    this.#staged = this.#staged.filter((file) => file.id !== id);
  }

  /** It is known what goes on from earlier visits: from now on files are sent. */
  begin(exchanges: Exchanges): void {
    this.#exchanges = exchanges;
    exchanges.on('ready', ({ session, claimed }) => this.#offerStaged(exchanges, session, claimed));
    for (const { files, to } of this.#early.splice(0)) this.send(files, to);
  }

  /** Sends files to one peer, or to everyone; to everyone also who comes later, while somebody is still connecting or nobody is there. */
  send(files: readonly PickedFile[], to?: SessionId): void {
    const exchanges = this.#exchanges;
    if (!exchanges) return void this.#early.push({ files, to });
    const chosen = files.map((picked) => ({ ...picked, handle: picked.handle && toSourceHandle(picked.handle) }));
    const theirs = [...exchanges.all].filter(({ peer }) => to === undefined || peer === to);
    const fresh = exchanges.wanted.give(
      chosen,
      theirs.map(({ sender }) => sender),
    );
    if (fresh.length === 0) return;
    this.#preparing += fresh.length;
    void this.#queue.push(async () => {
      const sources = await sourcesOf(fresh);
      this.#preparing -= fresh.length;
      this.#offer(exchanges, sources, to);
    });
  }

  #offer(exchanges: Exchanges, sources: readonly OfferedSource[], to: SessionId | undefined): void {
    const compatible = this.#people.all.filter((peer) => peer.incompatible === undefined);
    const met = compatible.filter((peer) => peer.state !== 'connecting');
    const targets = to === undefined ? met.map((peer) => peer.session) : [to];
    const offers = targets.map((session) => exchanges.offer(session, sources));
    const everyoneHasThem = targets.length > 0 && targets.length === compatible.length;
    if (to === undefined && !everyoneHasThem) this.#stage(sources, targets, offers);
  }

  #stage(sources: readonly OfferedSource[], offeredTo: readonly SessionId[], offers: readonly SendingOffer[]): void {
    const staged = sources.map((source, place): Staged => {
      const sent = offers.map(({ files }) => files[place]!);
      return {
        id: randomId(),
        path: source.path,
        size: source.source.size,
        isOffered: () => sent.some(({ failure }) => failure !== 'peer-left'),
        source,
        sent,
        offeredTo: [...offeredTo],
        offers: [...offers],
      };
    });
    this.#staged = [...this.#staged, ...staged];
  }

  /** Offers a peer what it has not been offered; an offer that it has claimed is one that an earlier page of it was made. */
  #offerStaged(exchanges: Exchanges, session: SessionId, claimed: readonly SendingOffer[]): void {
    for (const file of this.#staged)
      if (claimed.some((each) => file.offers.includes(each))) file.offeredTo.push(session);
    const fresh = this.#staged.filter(({ offeredTo }) => !offeredTo.includes(session));
    // What was chosen in several goes may be more than an offer may have.
    for (let start = 0; start < fresh.length; start += MAX_FILES_PER_OFFER)
      this.#offerTo(exchanges, session, fresh.slice(start, start + MAX_FILES_PER_OFFER));
  }

  #offerTo(exchanges: Exchanges, session: SessionId, files: readonly Staged[]): void {
    const offer = exchanges.offer(
      session,
      files.map(({ source }) => source),
    );
    for (const [place, file] of files.entries()) {
      file.offeredTo.push(session);
      file.offers.push(offer);
      file.sent.push(offer.files[place]!);
    }
  }
}
