import { SvelteMap } from 'svelte/reactivity';
import { randomId } from '@tincan/shared/base64url';
import type { SessionId } from '@tincan/shared/introduction';
import type { LinkMessage } from '@tincan/shared/link-message';
import { MAX_CHAT_CHARS, MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { deriveRoomName } from '@tincan/shared/secret';
import type { IceServer } from '@tincan/shared/signaling';
import { TincanError } from '../platform/errors.ts';
import { visibleText } from '../platform/visible-text.ts';
import { Mesh } from '../rtc/mesh.ts';
import { createSimplePeerConnection } from '../rtc/simple-peer-connection.ts';
import { SignalingClient, signalingUrl } from '../signaling/signaling-client.ts';
import { onWakeUp } from '../signaling/wake-up.ts';
import { released } from '../transfer/leftovers.ts';
import { MEMORY_CAP_BYTES, MemoryStore } from '../transfer/memory-sink.ts';
import { openStore } from '../transfer/open-store.ts';
import type { SinkStore } from '../transfer/sink.ts';
import { Source } from '../transfer/source.ts';
import { Exchanges } from './exchanges.ts';
import { Saver } from './saver.ts';
import {
  isOpen,
  type ChatView,
  type OfferView,
  type PeerView,
  type PickedFile,
  type RoomProblem,
  type ServerState,
  type StagedView,
  type TransferView,
} from './views.ts';

/** The page is told of changes at most this often, in milliseconds. */
const REFRESH_MS = 100;
/** While something runs, speeds are looked at anew at least this often, in milliseconds. */
const IDLE_REFRESH_MS = 1_000;
/** The newest texts that are kept. */
const MAX_MESSAGES = 1_000;

interface Staged extends StagedView {
  readonly source: Source;
  /** Never shown, so not reactive. */
  readonly offeredTo: SessionId[];
}

export interface RoomOptions {
  /** The full URL to share. */
  link: string;
  secret: string;
  me: SessionId;
  name: string;
}

/** One room, from entering to leaving: everything that its page shows and can do. */
export class Room {
  /** The full URL to share, with the secret in its fragment. */
  readonly link: string;
  /** Whether `saveToFolder` can work in this browser. */
  readonly canSaveToFolder = typeof window.showDirectoryPicker === 'function';

  #serverState = $state<ServerState>('connecting');
  #problem = $state<RoomProblem>();
  #notice = $state<string>();
  #offerProblem = $state.raw<{ offer: string; availableBytes: number }>();
  #receiveCapBytes = $state<number>();
  #peers = $state.raw<readonly PeerView[]>([]);
  #offers = $state.raw<readonly OfferView[]>([]);
  #transfers = $state.raw<readonly TransferView[]>([]);
  #staged = $state.raw<readonly Staged[]>([]);
  #messages = $state.raw<readonly ChatView[]>([]);

  readonly #me: SessionId;
  #name: string;
  /** Of everyone who has been here. */
  readonly #names = new SvelteMap<SessionId, string>();
  #signaling: SignalingClient | undefined;
  #mesh: Mesh | undefined;
  #exchanges: Exchanges | undefined;
  #store: SinkStore | undefined;
  #saver: Saver | undefined;
  #iceServers: readonly IceServer[] = [];
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #refreshIsSoon = false;
  #refreshedAt = 0;
  #refreshCostMs = 0;
  #stopListening = () => {};
  #left = false;

  constructor({ link, secret, me, name }: RoomOptions) {
    this.link = link;
    this.#me = me;
    this.#name = name;
    void this.#enter(secret);
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
  get peers() {
    return this.#peers;
  }
  /** Offers that wait for this person's answer. */
  get offers() {
    return this.#offers;
  }
  /** The offer that was last accepted in vain, as it does not fit: its key, and the bytes that are free. */
  get offerProblem() {
    return this.#offerProblem;
  }
  /** The most that this browser can receive, in bytes, where it has no disk space for pages; else `undefined`. */
  get receiveCapBytes() {
    return this.#receiveCapBytes;
  }
  /** Every transfer of this room, both directions; running ones first. */
  get transfers() {
    return this.#transfers;
  }
  /** Files that are offered to everyone who joins. */
  get staged(): readonly StagedView[] {
    return this.#staged;
  }
  get messages() {
    return this.#messages;
  }

  /** What a peer calls itself, also after it has left; empty while it has not said so. */
  nameOf(session: SessionId): string {
    return this.#names.get(session) ?? '';
  }

  /**
   * Offers files to one peer, or to everyone. For everyone, they are kept too while somebody is still connecting or
   * nobody is there, and offered to whoever comes. False, and nothing is sent, if there are too many for one offer.
   */
  sendFiles(files: readonly PickedFile[], to?: SessionId): boolean {
    if (files.length > MAX_FILES_PER_OFFER) return false;
    if (files.length === 0) return true;
    const sources = files.map(({ file, path }) => ({ path, source: new Source(file) }));
    const compatible = this.#peers.filter((peer) => peer.incompatible === undefined);
    const met = compatible.filter((peer) => peer.state !== 'connecting');
    const targets = to === undefined ? met.map((peer) => peer.session) : [to];
    for (const session of targets) this.#exchanges?.with(session).sender.offer(sources);
    const everyoneHasThem = targets.length > 0 && targets.length === compatible.length;
    if (to !== undefined || everyoneHasThem) return true;
    const staged = sources.map(({ path, source }): Staged => ({
      id: randomId(),
      path,
      size: source.size,
      source,
      offeredTo: [...targets],
    }));
    this.#staged = [...this.#staged, ...staged];
    return true;
  }

  unstage(id: string): void {
    this.#staged = this.#staged.filter((file) => file.id !== id);
  }

  accept(offer: OfferView): void {
    this.#offerProblem = undefined;
    const receiver = this.#exchanges?.with(offer.peer).receiver;
    receiver?.accept(offer.id).catch(async (error: unknown) => {
      if (!(error instanceof TincanError)) throw error; // a fault of ours: shown in the console
      this.#offerProblem = { offer: offer.key, availableBytes: Math.max(0, await receiver.freeBytes()) };
    });
  }

  decline(offer: OfferView): void {
    this.#exchanges?.with(offer.peer).receiver.decline(offer.id);
  }

  /** Cancels a transfer of either direction, named by its key. */
  cancel(key: string): void {
    this.#exchanges?.cancel(key);
  }

  /** Puts a received file into the person's downloads. */
  save(key: string): void {
    void this.#saver?.download(this.#transfers.filter((transfer) => transfer.key === key));
  }

  /** Puts every received file that is not yet saved into the downloads. */
  saveAll(): void {
    void this.#saver?.download(this.#unsaved);
  }

  /** Asks for a folder and writes every unsaved received file into it, sub-folders kept. */
  async saveToFolder(): Promise<void> {
    await this.#saver?.writeIntoFolder(this.#unsaved);
  }

  get #unsaved(): TransferView[] {
    return this.#transfers.filter(({ savable, saved }) => savable && !saved);
  }

  sendChat(text: string): void {
    const clipped = text.trim().slice(0, MAX_CHAT_CHARS);
    if (clipped === '') return;
    const id = randomId();
    for (const peer of this.#peers) this.#mesh?.send(peer.session, { type: 'chat', id, text: clipped });
    this.#addMessage({ id, from: 'me', name: this.#name, text: clipped, at: Date.now() });
  }

  setName(name: string): void {
    this.#name = name;
    this.#mesh?.setName(name);
  }

  dismissNotice(): void {
    this.#notice = undefined;
  }

  /** Whether leaving now would end a transfer or forget a received file that is not saved. */
  get hasSomethingToLose(): boolean {
    return this.#transfers.some(
      ({ state, savable, saved }) => (isOpen(state) && state !== 'offered') || (savable && !saved),
    );
  }

  /** Leaves the room for good; running transfers end. Resolves once the disk is let go of. */
  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    this.#stopListening();
    clearTimeout(this.#refreshTimer);
    this.#exchanges?.close();
    this.#mesh?.close();
    this.#signaling?.leave();
    this.#store?.close();
    await released(this.#me);
  }

  // ---- entering

  async #enter(secret: string): Promise<void> {
    // The store's worker is running before anyone can be connected, so that nothing is fetched from the server later.
    const [room, store] = await Promise.all([deriveRoomName(secret), openStore(this.#me)]);
    if (this.#left) return store.close();
    this.#store = store;
    if (store instanceof MemoryStore) this.#receiveCapBytes = MEMORY_CAP_BYTES;

    const signaling = new SignalingClient({ url: signalingUrl(location), room });
    const mesh = new Mesh({
      me: this.#me,
      name: this.#name,
      introducer: signaling,
      createConnection: createSimplePeerConnection,
      getIceServers: () => this.#iceServers,
    });
    const exchanges = new Exchanges(store, (session) => ({
      send: (message) => mesh.send(session, message),
      openLanes: () => mesh.openLanes(session),
    }));
    this.#signaling = signaling;
    this.#mesh = mesh;
    this.#exchanges = exchanges;
    this.#saver = new Saver(exchanges, store);

    exchanges.on('changed', () => this.#refreshSoon());
    this.#wireMesh(mesh, exchanges);
    this.#wireSignaling(signaling, mesh);
    this.#listenToPage(mesh);
    signaling.open();
  }

  #wireSignaling(signaling: SignalingClient, mesh: Mesh): void {
    signaling.on('state', (state) => {
      this.#serverState = state;
      mesh.handleServerState(state);
    });
    signaling.on('welcome', (welcome) => {
      this.#problem = undefined;
      this.#iceServers = welcome.iceServers;
      mesh.handleWelcome(welcome.peers);
    });
    signaling.on('ice-servers', ({ iceServers }) => (this.#iceServers = iceServers));
    signaling.on('signal', ({ from, payload }) => mesh.handleSignal(from, payload));
    signaling.on('peer-left', ({ id }) => mesh.handlePeerLeft(id));
    signaling.on('notice', ({ text }) => (this.#notice = text));
    signaling.on('problem', (problem) => (this.#problem = problem));
    signaling.on('refusal', ({ code, message }) => console.warn(`The server refused a message: ${code}: ${message}`));
  }

  #wireMesh(mesh: Mesh, exchanges: Exchanges): void {
    const showPeers = () => {
      this.#peers = mesh.peers.map((peer) => ({ ...peer, name: visibleText(peer.name) }));
      for (const { session, name } of this.#peers) this.#names.set(session, name);
    };
    mesh.on('peer-added', showPeers);
    mesh.on('peer-changed', showPeers);
    mesh.on('peer-removed', ({ session, forGood }) => {
      showPeers();
      if (forGood) exchanges.handlePeerLeft(session);
    });
    mesh.on('link-up', ({ session }) => {
      exchanges.handleLinkUp(session);
      this.#offerStaged(session, exchanges);
    });
    mesh.on('link-down', ({ session }) => exchanges.handleLinkDown(session));
    mesh.on('message', ({ session, message }) => this.#handleMessage(session, message, exchanges));
    mesh.on('frame', ({ session, bytes }) => exchanges.handleFrame(session, bytes));
    mesh.on('lane-opened', ({ session, lane }) => exchanges.handleLaneOpened(session, lane));
    mesh.on('lane-closed', ({ session, lane }) => exchanges.handleLaneClosed(session, lane));
    mesh.on('fault', ({ session, reason }) => console.warn(`Peer ${session} broke a rule: ${reason}`));
  }

  #listenToPage(mesh: Mesh): void {
    const stopWakeUp = onWakeUp(() => mesh.handleWakeUp());
    // A page that may be shown again stays in the room; one that is gone for good says so.
    const onPageHide = (event: PageTransitionEvent) => {
      if (!event.persisted) void this.leave();
    };
    addEventListener('pagehide', onPageHide);
    this.#stopListening = () => {
      stopWakeUp();
      removeEventListener('pagehide', onPageHide);
    };
  }

  #handleMessage(session: SessionId, message: LinkMessage, exchanges: Exchanges): void {
    if (message.type !== 'chat') return exchanges.handleMessage(session, message);
    this.#addMessage({
      id: `${session} ${message.id}`,
      from: session,
      name: this.nameOf(session),
      text: message.text,
      at: Date.now(),
    });
  }

  #addMessage(message: ChatView): void {
    if (this.#messages.some((each) => each.id === message.id)) return;
    this.#messages = [...this.#messages, message].slice(-MAX_MESSAGES);
  }

  #offerStaged(session: SessionId, exchanges: Exchanges): void {
    const fresh = this.#staged.filter((file) => !file.offeredTo.includes(session));
    if (fresh.length > 0) exchanges.with(session).sender.offer(fresh);
    for (const file of fresh) file.offeredTo.push(session);
  }

  // ---- what the page shows

  #refreshSoon(): void {
    if (this.#refreshIsSoon) return;
    this.#refreshIsSoon = true;
    clearTimeout(this.#refreshTimer);
    const sinceLast = performance.now() - this.#refreshedAt;
    // With very many files a look at all of them takes long: it must not take most of the time.
    const pauseMs = Math.max(REFRESH_MS, 10 * this.#refreshCostMs);
    this.#refreshTimer = setTimeout(() => this.#refresh(), Math.max(0, pauseMs - sinceLast));
  }

  #refresh(): void {
    if (!this.#exchanges || this.#left) return;
    this.#refreshIsSoon = false;
    this.#refreshedAt = performance.now();
    this.#offers = this.#exchanges.offers();
    this.#transfers = this.#exchanges.transfers(this.#refreshedAt);
    this.#refreshCostMs = performance.now() - this.#refreshedAt;
    if (this.#transfers.some((transfer) => transfer.state === 'active')) {
      this.#refreshTimer = setTimeout(() => this.#refresh(), IDLE_REFRESH_MS);
    }
  }
}
