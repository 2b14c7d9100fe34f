import { flushSync } from 'svelte';
import type { SessionId } from '@tincan/shared/introduction';
import type { LinkMessage } from '@tincan/shared/link-message';
import { MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { createSecret } from '@tincan/shared/secret';
import type { Mesh } from '@tincan/engine/rtc/mesh';
import type { Timers } from '@tincan/engine/platform/timers';
import { createIdentity } from '@tincan/engine/rtc/simple-peer-connection';
import { signalingUrl } from '@tincan/engine/signaling/signaling-client';
import { listenToPage, pageEnvironment } from './wake-up.ts';
import { Exchanges } from '@tincan/engine/room/exchanges';
import { isNotLoaded, type Storage } from '../storage/open-storage.ts';
import { Calls } from './calls.svelte.ts';
import { Messages } from './messages.svelte.ts';
import { Moves, type MoveAsked } from './moves.svelte.ts';
import { OfferAnswers } from './offer-answers.svelte.ts';
import { OfferedCode } from './offered-code.svelte.ts';
import { People } from './people.svelte.ts';
import { Refresher } from './refresher.ts';
import { Rendezvous } from '@tincan/engine/room/rendezvous';
import type { Downloads } from '../storage/downloads.ts';
import type { ServedFiles } from '../storage/served-files.ts';
import { Saver } from './saver.ts';
import { ScreenWake } from './screen-wake.ts';
import { Sending } from './sending.svelte.ts';
import { TransferCommands } from './transfer-commands.ts';
import { TransferViews } from './transfer-views.ts';
import { unansweredFiles } from './unanswered.ts';
import { Viewer } from './viewer.svelte.ts';
import {
  isOpen,
  type AskedFile,
  type OfferView,
  type PeerView,
  type PickedFile,
  type RoomProblem,
  type SavingView,
  type ServerState,
  type StagedView,
  type TransferView,
} from './views.ts';

export interface RoomOptions {
  /** The full URL to share, with the secret in its fragment. */
  link: string;
  /** Where what outlives this visit is kept. */
  storage: Promise<Storage>;
  downloads: Downloads;
  served: ServedFiles;
  /** A clock that does not slow down while the page is hidden. */
  timers: Promise<Timers>;
  name: string;
  /** The room has a fresh link: the address bar has to follow. */
  onMoved: (link: string) => void;
}

/** One room, from entering to leaving: everything that its page shows and can do. */
export class Room {
  readonly people = new People();
  readonly calls = new Calls((session) => this.people.nameOf(session));
  readonly messages = new Messages(
    () => this.#name,
    (session) => this.people.nameOf(session),
  );
  readonly viewer: Viewer;
  readonly #moves = new Moves();
  /** For people without the link. */
  readonly code = new OfferedCode(() => {
    const signaling = this.#rendezvous?.signaling;
    return signaling && { signaling, secret: secretOf(this.#link) };
  });

  #link = $state('');
  #serverState = $state<ServerState>('connecting');
  #problem = $state<RoomProblem>();
  #notice = $state<string>();
  #answers = $state.raw<OfferAnswers>();
  #receiveCapBytes = $state<number>();
  #offers = $state.raw<readonly OfferView[]>([]);
  #transfers = $state.raw<readonly TransferView[]>([]);
  #heldBack = $state(false);
  #saving = $state.raw<SavingView>();
  #asked = $state.raw<readonly AskedFile[]>([]);
  #elsewhere = $state(0);
  #ownOffers = $state.raw<readonly string[]>([]);
  readonly #sending = new Sending(this.people);

  readonly #storage: Promise<Storage>;
  readonly #downloads: Downloads;
  readonly #onMoved: RoomOptions['onMoved'];
  #name: string;
  #rendezvous: Rendezvous | undefined;
  #exchanges: Exchanges | undefined;
  #views: TransferViews | undefined;
  #commands: TransferCommands | undefined;
  #saver = $state.raw<Saver>();
  readonly #screenWake = new ScreenWake();
  readonly #refresher = new Refresher(() => {
    const runs = this.#look();
    flushSync(); // what is drawn counts too
    return runs;
  });
  #stopListening = () => {};
  #left = false;

  constructor({ link, storage, downloads, served, timers, name, onMoved }: RoomOptions) {
    this.#link = link;
    this.#storage = storage;
    this.#downloads = downloads;
    this.#name = name;
    this.#onMoved = onMoved;
    this.viewer = new Viewer(() => this.#exchanges, served);
    this.#enter(timers).catch((error: unknown) => {
      console.error('The room cannot be entered.', error);
      this.#problem = isNotLoaded(error) ? 'not-loaded' : 'cannot-start';
    });
  }

  /** The full URL to share, with the secret in its fragment. It changes when the room moves. */
  get link() {
    return this.#link;
  }

  get serverState() {
    return this.#serverState;
  }
  get problem() {
    return this.#problem;
  }
  /** The operator's latest notice, until it is dismissed. */
  get notice() {
    return this.#notice;
  }
  get peers(): readonly PeerView[] {
    return this.people.all;
  }
  /** Peers that have moved the room to a fresh link, and wait for this person's answer. */
  get movesAsked(): readonly MoveAsked[] {
    return this.#moves.all;
  }
  /** Offers that wait for this person's answer. */
  get offers() {
    return this.#offers;
  }
  /** What this person answers to them; `undefined` until the room is entered. */
  get answers() {
    return this.#answers;
  }
  /** The most that this browser can receive, in bytes, where it has no disk space for pages; else `undefined`. */
  get receiveCapBytes() {
    return this.#receiveCapBytes;
  }
  /** Every transfer of this room, both directions; running ones first. */
  get transfers() {
    return this.#transfers;
  }
  /** A file goes slower than it could, for the sake of the call with whoever sends or gets it. */
  get heldBack() {
    return this.#heldBack;
  }
  /** Files that are offered to everyone who joins. */
  get staged(): readonly StagedView[] {
    return this.#sending.staged;
  }
  /** How many files were chosen that are not offered yet. */
  get preparing(): number {
    return this.#sending.preparing;
  }
  /** The ids of offers that this page has accepted, now or on an earlier visit. */
  get ownOffers() {
    return this.#ownOffers;
  }
  /** Sends of an earlier visit that wait for their files. */
  get asked() {
    return this.#asked;
  }
  /** How many unfinished offers of this room another page of this browser goes on with. */
  get elsewhere() {
    return this.#elsewhere;
  }

  /**
   * Offers files to one peer, or to everyone. For everyone, they are kept too while somebody is still connecting or
   * nobody is there, and offered to whoever comes. False, and nothing is sent, if there are too many for one offer.
   */
  sendFiles(files: readonly PickedFile[], to?: SessionId): boolean {
    if (files.length > MAX_FILES_PER_OFFER) return false;
    if (files.length > 0) this.#sending.send(files, to);
    return true;
  }

  unstage(id: string): void {
    this.#sending.unstage(id);
  }

  /** Of transfers of either direction, by their keys. */
  cancel(keys: readonly string[]): void {
    this.#commands?.cancel(keys);
  }
  pause(keys: readonly string[]): void {
    this.#commands?.pause(keys);
  }
  resume(keys: readonly string[]): void {
    this.#commands?.resume(keys);
  }

  /** Opens the file of a send of an earlier visit again, which takes a click; false where that cannot be, so that it has to be chosen. */
  async reopen(id: string): Promise<boolean> {
    return (await this.#exchanges?.wanted.reopen(id).finally(() => this.#refresher.soon())) ?? false;
  }

  /** Puts received files where their person wants them; `undefined` until the room is entered. */
  get saver() {
    return this.#saver;
  }
  /** What is being saved, and what has to be said of what was. */
  get saving() {
    return this.#saving;
  }

  /** Ends everything with a peer, and does not let its page in again. */
  block(session: SessionId): void {
    const open = this.#transfers.filter(({ peer, state }) => peer === session && isOpen(state));
    this.cancel(open.map(({ key }) => key));
    this.people.block(session);
  }

  setName(name: string): void {
    this.#name = name;
    this.#mesh?.setName(name);
  }

  dismissNotice(): void {
    this.#notice = undefined;
  }

  /**
   * Moves the room to a fresh link and asks these peers along; links to them, and what runs over them, stay. Links to all
   * others end, and the old link leads nobody here any more.
   */
  async move(along: readonly SessionId[]): Promise<void> {
    const from = this.#rendezvous?.room;
    if (from === undefined) return; // there is no room to move yet
    const move: LinkMessage = { type: 'move', from, secret: createSecret(), sessions: [...along] };
    this.#moves.noteOwn(move);
    for (const session of along) this.#mesh?.peer(session)?.link.send(move);
    await this.#moveTo(move.secret, along);
  }

  /** Comes along to where a peer has moved the room. */
  async comeAlong({ secret, along }: MoveAsked): Promise<void> {
    await this.#moveTo(secret, along);
  }

  /** Stays where the room was. */
  stayBehind({ from }: MoveAsked): void {
    this.#moves.forget(from);
  }

  /** How many files are offered, or kept for whoever comes, and not answered: leaving takes them back. */
  get unanswered(): number {
    return unansweredFiles(this.#transfers, this.staged);
  }

  /** Whether leaving now would end a call or a transfer, take back an offer, drop a message, or forget a received file that is not saved. */
  get hasSomethingToLose(): boolean {
    const isLost = ({ state, kept, saved }: TransferView) =>
      (isOpen(state) && state !== 'offered') || (kept && saved === 'no');
    const isSaving = this.#saving?.progress !== undefined;
    const isOwed = this.unanswered > 0 || this.messages.waiting > 0;
    return isSaving || isOwed || this.calls.current !== undefined || this.#transfers.some(isLost);
  }

  /** Leaves the room; transfers that both sides keep go on when both are there again. Resolves once the disk is let go of. */
  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    this.#stopListening();
    this.#saver?.close();
    this.viewer.close();
    this.#refresher.stop();
    const closed = this.#exchanges?.close(); // first, so that the disk has it should the page go now
    for (const each of [this.#screenWake, this.calls, this.#rendezvous]) each?.close();
    await closed;
  }

  // ---- entering

  get #mesh(): Mesh | undefined {
    return this.#rendezvous?.mesh;
  }

  async #enter(clock: Promise<Timers>): Promise<void> {
    // The workers are running before anyone can be connected, so that nothing is fetched from the server later.
    const starting = [createIdentity(), this.#storage, clock] as const;
    const [identity, { store, ledger, places, capBytes }, timers] = await Promise.all(starting);
    if (this.#left) return;
    this.#receiveCapBytes = capBytes;

    const rendezvous = new Rendezvous({
      me: identity.session,
      name: this.#name,
      url: signalingUrl(location),
      createConnection: identity.createConnection,
      environment: pageEnvironment,
      timers,
    });
    const { mesh } = rendezvous;
    const exchanges = new Exchanges({ me: identity.session, mesh, store, ledger, link: () => this.#link });
    const views = new TransferViews(exchanges);
    this.#rendezvous = rendezvous;
    this.#exchanges = exchanges;
    this.#views = views;
    this.#commands = new TransferCommands(views);
    const saver = new Saver(exchanges, views, { downloads: this.#downloads, places }, () => this.#refresher.soon());
    this.#saver = saver;
    this.#answers = new OfferAnswers(exchanges, saver, this.viewer);

    exchanges.on('changed', () => this.#refresher.soon());
    this.people.follow(mesh);
    this.messages.follow(mesh); // after `exchanges`: its claims are the first word on a link
    this.calls.follow(mesh, identity.session, () => this.#refresher.soon());
    this.#wireMesh(mesh, identity.session);
    this.#wireServer(rendezvous);
    this.#stopListening = listenToPage({ onWakeUp: () => mesh.handleWakeUp(), onGone: () => void this.leave() });
    // Before anybody is met: they are to hear at once what goes on with them.
    await exchanges.restore();
    await saver.restore();
    this.#sending.begin(exchanges);
    if (this.#left) return;
    await rendezvous.enter(secretOf(this.#link));
  }

  async #moveTo(secret: string, along: readonly SessionId[]): Promise<void> {
    this.#moves.forgetAll();
    for (const { session } of this.people.all) if (!along.includes(session)) this.#mesh?.block(session);
    this.#link = `${this.#link.split('#', 1)[0]}#${secret}`;
    this.#onMoved(this.#link);
    this.#serverState = 'connecting';
    this.code.handleMoved();
    this.#exchanges
      ?.moveTo(this.#link, along)
      .catch((error: unknown) => console.warn('The new link could not be kept.', error));
    await this.#rendezvous?.enter(secret);
  }

  #wireServer(rendezvous: Rendezvous): void {
    rendezvous.on('state', (state) => {
      this.#serverState = state;
      if (state === 'online') this.code.handleOnline();
    });
    rendezvous.on('welcome', ({ peers }) => {
      this.#problem = undefined;
      if (peers.length === 0) this.code.offer(); // whoever comes by link needs none
    });
    rendezvous.on('notice', (text) => (this.#notice = text));
    rendezvous.on('problem', (problem) => (this.#problem = problem));
    rendezvous.on('refused', (what) => console.warn(`Refused ${what}`));
  }

  #wireMesh(mesh: Mesh, me: SessionId): void {
    mesh.forEachPeer((peer) => {
      const { session } = peer;
      const warn = (reason: string) => console.warn(`Peer ${session} broke a rule: ${reason}`);
      peer.on('fault', warn);
      peer.link.on('fault', warn);
      peer.link.on('message', (message) => {
        if (message.type === 'move') this.#moves.handleMove(session, message, { me, secret: secretOf(this.#link) });
      });
    });
    mesh.on('peer-removed', ({ peer, forGood }) => {
      if (forGood) this.#moves.forget(peer.session);
    });
  }

  // ---- what the page shows

  #look(): boolean {
    if (!this.#exchanges || !this.#views || this.#left) return false;
    this.#offers = this.#views.offers();
    this.#transfers = this.#views.transfers(performance.now());
    this.#saver?.look();
    this.#saving = this.#saver?.view;
    this.#asked = this.#exchanges.wanted.all;
    this.#elsewhere = this.#exchanges.elsewhere;
    this.#ownOffers = this.#views.ownOffers(this.#ownOffers);
    this.#heldBack = this.#transfers.some(
      ({ direction, state, peer }) => state === 'active' && peer !== undefined && this.calls.holdsBack(peer, direction),
    );
    const runs = this.#transfers.some(({ state }) => state === 'active' || state === 'verifying');
    this.#screenWake.set(runs);
    return runs;
  }
}

function secretOf(link: string): string {
  return new URL(link).hash.slice(1);
}
