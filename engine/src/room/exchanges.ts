// The offers between this page and every peer of a room, over links, sessions and visits.
//
// A page is a new session after each load, so an offer that was accepted is not tied to one. On every link both sides first say `claims`: proofs
// that they have the keys of the offers that they would go on with. What both have is then offered on this link; nobody else learns of it.
import { claimOf } from '@tincan/shared/claim';
import type { SessionId } from '@tincan/shared/introduction';
import { isReceiverMessage, isSenderMessage, type LinkMessage } from '@tincan/shared/link-message';
import { MAX_CLAIMS } from '@tincan/shared/limits';
import { Emitter } from '../platform/emitter.ts';
import { TincanError } from '../platform/errors.ts';
import type { Mesh } from '../rtc/mesh.ts';
import type { Peer } from '../rtc/peer.ts';
import { isLive } from '../transfer/file-state.ts';
import { ReceivingOffer } from '../transfer/incoming-offers.ts';
import type { Ledger, OfferRecord, SourceHandle } from '../transfer/ledger.ts';
import { SendingOffer, type OfferedSource } from '../transfer/outgoing-offer.ts';
import type { TransferPath } from '../transfer/path.ts';
import { Receiver } from '../transfer/receiver.ts';
import { Sender } from '../transfer/sender.ts';
import type { KeptOffer, OfferStore } from '../transfer/store.ts';
import { WantedFiles } from './wanted-files.ts';

type ExchangesEvents = {
  changed: undefined;
  /** The link to this peer is up, and it is known which offers go on on it: what it is to be offered anew comes now. `claimed` are offers that it has already, whole or not. */
  ready: { session: SessionId; claimed: readonly SendingOffer[] };
};

export interface ExchangesOptions {
  me: SessionId;
  mesh: Mesh;
  store: OfferStore;
  ledger: Ledger;
  /** The link of the room where we are now. */
  link: () => string;
}

/** What goes on with one peer; with `peer` undefined, what waits for a peer to claim it. */
export interface Exchange {
  readonly peer: SessionId | undefined;
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** The link is up, and both have said their claims. */
  readonly linked: boolean;
  /** The peer has said that this session of it will not come back. */
  readonly left: boolean;
  /** Again and again no lane can be opened, although the link is up. */
  readonly laneless: boolean;
}

interface Own extends Exchange {
  /** What the peer calls itself. */
  name: string;
  linked: boolean;
  left: boolean;
  laneless: boolean;
}

const NOWHERE: TransferPath = { send: () => {}, openLanes: () => {} };

export class Exchanges extends Emitter<ExchangesEvents> {
  readonly #options: ExchangesOptions;
  readonly #exchanges = new Map<SessionId, Own>();
  /** Offers of earlier visits that nobody has claimed yet. */
  readonly #waiting: Own;
  /** Offers of earlier visits that have ended here, by their folders, the oldest first: whoever sent them may not know it yet. */
  readonly #ended = new Map<string, ReceivingOffer>();
  /** Files that sends of earlier visits wait for. */
  readonly wanted = new WantedFiles(() => [...this.all].map(({ sender }) => sender));
  /** Resolves once an offer of this visit stands in the ledger. */
  readonly #kept = new WeakMap<SendingOffer, Promise<void>>();
  #elsewhere = 0;
  #closed = false;

  constructor(options: ExchangesOptions) {
    super();
    this.#options = options;
    this.#waiting = this.#make(undefined, NOWHERE);
    options.mesh.forEachPeer((peer) => this.#follow(peer));
    options.mesh.on('peer-removed', ({ peer, forGood }) => this.#handlePeerGone(peer.session, forGood));
  }

  /** Everyone who is here or with whom anything was exchanged, and what waits for somebody. */
  get all(): Iterable<Exchange> {
    return [this.#waiting, ...this.#exchanges.values()];
  }

  /** Unfinished offers of this room that another page of this browser goes on with. */
  get elsewhere(): number {
    return this.#elsewhere;
  }

  /** The exchange with one peer, if there is one. */
  with(session: SessionId): Exchange | undefined {
    return this.#exchanges.get(session);
  }

  /** Offers files to one peer; to one that is gone, they have ended. */
  offer(session: SessionId, sources: readonly OfferedSource[]): SendingOffer {
    const exchange = this.#with(session);
    const offer = exchange.sender.offer(sources);
    if (!this.#options.mesh.peer(session)) this.#handlePeerGone(session, true);
    return offer;
  }

  /** Takes hold of what earlier visits have left of this room's offers, and waits for its other ends to come. */
  async restore(): Promise<void> {
    const failed = (error: unknown) => console.warn('What earlier visits have left could not be looked at.', error);
    await Promise.all([this.#restoreReceived().catch(failed), this.#restoreSent().catch(failed)]);
    this.emit('changed', undefined);
  }

  /** The room has a fresh link, and these sessions come along: what is kept with them is found by it from now on. All else stays with the old one. */
  async moveTo(link: string, along: readonly SessionId[]): Promise<void> {
    const come = [...this.#exchanges.values()].filter(({ peer }) => along.includes(peer!));
    await Promise.all(come.map((exchange) => this.#keepBy(link, exchange)));
  }

  /** This page leaves. What is kept stays for a later visit. */
  async close(): Promise<void> {
    this.#closed = true;
    const folders = [...this.all].flatMap(({ receiver }) => receiver.keptOffers.map(({ kept }) => kept!.folder));
    for (const { sender, receiver } of this.all) {
      sender.handleLinkDown();
      receiver.close();
    }
    await Promise.all([...folders.map((folder) => folder.close()), this.#options.ledger.close()]);
  }

  // ---- peers

  #with(session: SessionId): Own {
    const known = this.#exchanges.get(session);
    if (known) return known;
    const { mesh } = this.#options;
    const exchange = this.#make(session, {
      send: (message) => void mesh.peer(session)?.link.send(message),
      openLanes: () => mesh.peer(session)?.lanes.open(),
    });
    this.#exchanges.set(session, exchange);
    return exchange;
  }

  #make(peer: SessionId | undefined, path: TransferPath): Own {
    const { store, ledger, link } = this.#options;
    const receiver = new Receiver({
      path,
      store,
      promisedBytes: () => [...this.all].reduce((sum, each) => sum + each.receiver.promisedBytes, 0),
      sender: () => ({ name: exchange.name, link: link() }),
    });
    const sender = new Sender({ path, keeps: ledger.outlivesPage });
    sender.on('accepted', (offer) => offer.receiverKeeps && this.#keep(offer, exchange.name));
    sender.on('settled', ({ offer, files }) => {
      const ids = files.map(({ id }) => id);
      for (const id of ids) this.wanted.forget(id);
      const kept = this.#kept.get(offer) ?? Promise.resolve(); // else it might be kept after it has ended
      kept.then(() => ledger.end(offer.id, ids)).catch(noted('the end of a transfer'));
    });
    sender.on('changed', () => this.emit('changed', undefined));
    receiver.on('changed', () => this.emit('changed', undefined));
    const exchange: Own = { peer, name: '', sender, receiver, linked: false, left: false, laneless: false };
    return exchange;
  }

  #follow(peer: Peer): void {
    const { session, link, lanes } = peer;
    // What still comes of a peer that is gone brings back nothing.
    const of = () => this.#exchanges.get(session);
    peer.on('changed', () => {
      const exchange = of();
      if (exchange) exchange.name = peer.snapshot.name;
    });
    link.on('up', () => {
      this.#with(session).name = peer.snapshot.name;
      link.send({ type: 'claims', claims: this.#claimsTo(session) });
    });
    link.on('down', ({ wasUp }) => wasUp && this.#handleLinkDown(of()));
    link.on('message', (message) => this.#handleMessage(of(), session, message));
    lanes.on('frame', (bytes) => of()?.receiver.handleFrame(bytes));
    lanes.on('lane-opened', (lane) => {
      of()?.sender.handleLaneOpened(lane);
      of()?.receiver.handleLaneOpened(lane);
    });
    lanes.on('lane-closed', (lane) => {
      of()?.sender.handleLaneClosed(lane);
      of()?.receiver.handleLaneClosed(lane);
    });
    lanes.on('blocked', (blocked) => {
      const exchange = of();
      if (exchange) exchange.laneless = blocked;
      this.emit('changed', undefined);
    });
  }

  #handleMessage(exchange: Own | undefined, session: SessionId, message: LinkMessage): void {
    if (!exchange) return;
    if (message.type === 'claims') return this.#handleClaims(exchange, session, message.claims);
    if (!exchange.linked) return; // nothing of a transfer comes before the claims
    if (isSenderMessage(message)) exchange.receiver.handleMessage(message);
    else if (isReceiverMessage(message)) exchange.sender.handleMessage(message);
  }

  #handleLinkDown(exchange: Own | undefined): void {
    if (!exchange) return;
    exchange.linked = false;
    exchange.laneless = false;
    exchange.sender.handleLinkDown();
    exchange.receiver.handleLinkDown();
    this.emit('changed', undefined);
  }

  #handlePeerGone(session: SessionId, forGood: boolean): void {
    const exchange = this.#exchanges.get(session);
    if (!exchange) return;
    if (forGood) {
      exchange.left = true;
      exchange.sender.handlePeerLeft();
      exchange.receiver.handlePeerLeft();
    }
    // A member of the room may come as one session after the other. Who comes back as the same one offers it again.
    for (const offer of [...exchange.receiver.offers])
      if (offer.state === 'open' || offer.state === 'declined') exchange.receiver.release(offer);
    this.#letGo(exchange);
    this.emit('changed', undefined);
  }

  /** Forgets a peer that is gone and with whom there is nothing left to show or go on with. */
  #letGo({ peer, sender, receiver }: Exchange): void {
    if (peer === undefined || this.#options.mesh.peer(peer)) return;
    if ([...sender.offers].length + [...receiver.offers].length > 0) return;
    receiver.close();
    this.#exchanges.delete(peer);
  }

  // ---- claims

  /** What goes on first, then what has ended, the newest first: where these are too many, the other side asks about the rest as if it were new. */
  #claimsTo(session: SessionId): string[] {
    const all = [...this.all];
    const sent = all.flatMap(({ sender }) => [...sender.offers].filter(goesOn));
    const received = all.flatMap(({ receiver }) => receiver.keptOffers);
    const ended = [...this.#ended.values(), ...received.filter(hasEnded)].reverse();
    const claims = [
      ...sent.map(({ key }) => ({ key, role: 'sender' as const })),
      ...[...received.filter((offer) => !hasEnded(offer)), ...ended].map(({ key }) => ({
        key,
        role: 'receiver' as const,
      })),
    ];
    return claims
      .slice(0, MAX_CLAIMS)
      .map(({ key, role }) => claimOf(key, { role, session: this.#options.me }, session));
  }

  /** Whatever unfinished offer the peer has proved to be the other end of goes on with it, wherever it was before. */
  #handleClaims(exchange: Own, session: SessionId, claims: readonly string[]): void {
    if (exchange.linked) return; // said once on a link
    const theirs = new Set(claims);
    const { me } = this.#options;
    const claimed: SendingOffer[] = [];
    for (const from of this.all) {
      for (const offer of [...from.sender.offers]) {
        if (!offer.accepted || !theirs.has(claimOf(offer.key, { role: 'receiver', session }, me))) continue;
        claimed.push(offer);
        if (from === exchange || !goesOn(offer)) continue;
        from.sender.release(offer);
        exchange.sender.adopt(offer);
      }
      for (const offer of [...from.receiver.keptOffers]) {
        if (from === exchange || !theirs.has(claimOf(offer.key, { role: 'sender', session }, me))) continue;
        from.receiver.release(offer);
        exchange.receiver.adopt(offer);
      }
    }
    for (const [folder, offer] of this.#ended) {
      if (!theirs.has(claimOf(offer.key, { role: 'sender', session }, me))) continue;
      this.#ended.delete(folder);
      exchange.receiver.adopt(offer);
      this.#holdEnded(folder, offer).catch(noted('what has ended'));
    }
    // Some of it may have been left behind by a move that its other end has made too.
    this.#keepBy(this.#options.link(), exchange).catch(noted('where an offer goes on'));
    exchange.linked = true;
    exchange.receiver.handleLinkUp();
    exchange.sender.handleLinkUp();
    for (const from of this.all) this.#letGo(from);
    this.emit('ready', { session, claimed });
    this.emit('changed', undefined);
  }

  // ---- what outlives a page

  #keep(offer: SendingOffer, to: string): void {
    const files = offer.files.filter(isLive).map(({ id, path, size, modified }) => ({ id, path, size, modified }));
    const record = { offer: offer.id, key: offer.key, to, link: this.#options.link(), usedAt: Date.now(), files };
    const handles = new Map<string, SourceHandle>();
    for (const { id, handleToFile } of offer.files) if (handleToFile) handles.set(id, handleToFile);
    this.#kept.set(offer, this.#options.ledger.keep(record, handles).catch(noted('an offer')));
  }

  /** By this link the two ends find each other again. */
  async #keepBy(link: string, { sender, receiver }: Exchange): Promise<void> {
    const sent = [...sender.offers].filter(goesOn).map(({ id }) => this.#options.ledger.moveTo(id, link));
    const folders = receiver.keptOffers.map(({ kept }) => kept!.folder).filter((folder) => folder.link !== link);
    await Promise.all([...sent, ...folders.map((folder) => folder.moveTo(link))]);
  }

  async #restoreReceived(): Promise<void> {
    const { store } = this.#options;
    const ofThisRoom = (await store.list()).filter(({ link }) => this.#isOfThisRoom(link));
    const isUnfinished = ({ ends, manifest }: KeptOffer) => ends.size < manifest.files.length;
    ofThisRoom.sort((a, b) => a.manifest.acceptedAt - b.manifest.acceptedAt);
    for (const kept of ofThisRoom)
      if (!isUnfinished(kept)) this.#ended.set(kept.folder, ReceivingOffer.restoreEnded(kept));
    // All at once: what another page holds is waited for.
    await Promise.all(ofThisRoom.filter(isUnfinished).map(({ folder }) => this.#takeReceived(folder)));
  }

  async #takeReceived(name: string): Promise<void> {
    try {
      const folder = await this.#options.store.take(name);
      if (this.#closed) return await folder.close();
      const offer = ReceivingOffer.restore(folder);
      this.#waiting.receiver.adopt(offer);
      void offer.kept!.intake.recheck(offer.files.filter(({ state }) => state === 'active'));
    } catch (error) {
      this.#noteNotTaken(error);
    }
  }

  async #holdEnded(name: string, offer: ReceivingOffer): Promise<void> {
    const folder = await this.#options.store.take(name);
    if (this.#closed) await folder.close();
    else offer.hold(folder);
  }

  async #restoreSent(): Promise<void> {
    const records = await this.#options.ledger.list();
    const ofThisRoom = records.filter(({ link, files }) => this.#isOfThisRoom(link) && files.length > 0);
    await Promise.all(ofThisRoom.map((record) => this.#restoreOffer(record)));
  }

  async #restoreOffer(record: OfferRecord): Promise<void> {
    try {
      const handles = await this.#options.ledger.take(record.offer);
      if (this.#closed) return;
      this.#waiting.sender.adopt(SendingOffer.restore(record));
      this.wanted.restore(handles);
    } catch (error) {
      this.#noteNotTaken(error);
    }
  }

  #isOfThisRoom(link: string): boolean {
    return fragmentOf(link) === fragmentOf(this.#options.link());
  }

  #noteNotTaken(error: unknown): void {
    if (error instanceof TincanError && error.code === 'busy') {
      this.#elsewhere += 1;
      this.emit('changed', undefined);
    } else if (!(error instanceof TincanError && error.code === 'gone')) {
      console.warn('An offer of an earlier visit could not be taken up again.', error);
    }
  }
}

/** Whether its receiver may come back to it. */
function goesOn(offer: SendingOffer): boolean {
  return offer.accepted && offer.receiverKeeps && offer.files.some(({ settled }) => !settled);
}

/** Whether nothing of it is left to be received. */
function hasEnded({ files }: ReceivingOffer): boolean {
  return files.every(({ state }) => state === 'done' || state === 'cancelled');
}

function fragmentOf(link: string): string | undefined {
  return link.split('#')[1];
}

/** What is only remembered for a later visit does not stop what runs now. */
function noted(what: string): (error: unknown) => void {
  return (error) => console.warn(`Could not remember ${what} for a later visit.`, error);
}
