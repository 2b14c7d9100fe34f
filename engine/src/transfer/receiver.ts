import { fromBase64Url } from '@tincan/shared/base64url';
import { parseFrame } from '@tincan/shared/frame';
import type { SenderMessage, StopReason } from '@tincan/shared/link-message';
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { Emitter } from '../platform/emitter.ts';
import { TincanError } from '../platform/errors.ts';
import { isLive, type Hold, type SavedHow, type TransferFile } from './file-state.ts';
import type { ReceivingFile } from './incoming-file.ts';
import { IncomingOffers, type ReceivingOffer } from './incoming-offers.ts';
import type { Intake, IntakeEvents } from './intake.ts';
import type { LaneName, TransferFailure, TransferPath } from './path.ts';
import { Notices } from './notices.ts';
import { Reports } from './reports.ts';
import { Requests } from './requests.ts';
import { SpaceWatch } from './space-watch.ts';
import type { OfferStore } from './store.ts';
import { Verification } from './verification.ts';

type ReceiverEvents = {
  changed: undefined;
  /** The person has accepted: it has a folder from now on. */
  accepted: ReceivingOffer;
};

export interface ReceiverOptions {
  path: TransferPath;
  store: OfferStore;
  /** Bytes that all receivers that share the store have promised; by default there is only this one. */
  promisedBytes?: () => number;
  /** For the manifest of what is accepted. */
  sender?: () => { name: string; link: string };
  now?: () => number;
}

/**
 * The receiving side towards one peer: the protocol. It asks on each lane for pieces of what its offers lack, hands what comes to the offer's
 * intake, and tells the sender what has become durable. A lane that is lost costs what it was asked for; a link, what was under way.
 */
export class Receiver extends Emitter<ReceiverEvents> {
  readonly #path: TransferPath;
  readonly #store: OfferStore;
  readonly #allPromisedBytes: () => number;
  readonly #sender: () => { name: string; link: string };
  readonly #now: () => number;
  readonly #endNotices: Notices<StopReason>;
  readonly #offers = new IncomingOffers();
  readonly #requests: Requests;
  readonly #spaceWatch: SpaceWatch;
  readonly #verification: Verification;
  #linked = false;
  readonly #reports: Reports;
  readonly #events: IntakeEvents = {
    closed: (file, open) => this.#requests.handleClosed(file, open),
    durable: (files) => {
      for (const file of files) this.#reports.durable(file);
      this.#spaceWatch.handleWritten();
      this.emit('changed', undefined);
    },
    lost: (file) => {
      this.#reports.durable(file);
      this.#requests.plan(file, 'first');
    },
    whole: (file) => {
      this.#reports.complete(file);
      this.emit('changed', undefined);
    },
    full: (file) => this.#handleFull([file]),
    failed: (file, why) => this.#end(file, why, true),
  };
  /** Bytes of files that have come, and those of them that had come before. */
  readonly arrived = { bytes: 0, duplicateBytes: 0 };

  constructor({ path, store, promisedBytes, sender, now = Date.now }: ReceiverOptions) {
    super();
    this.#path = path;
    this.#store = store;
    this.#allPromisedBytes = promisedBytes ?? (() => this.promisedBytes);
    this.#sender = sender ?? (() => ({ name: '', link: '' }));
    this.#now = now;
    this.#requests = new Requests((message) => path.send(message), this.#now);
    this.#reports = new Reports((message) => path.send(message));
    this.#endNotices = new Notices((handles, reason) => path.send({ type: 'stop', handles, reason }));
    this.#verification = new Verification({
      offers: this.#offers,
      onDone: (file) => this.#reports.done(file),
      onMismatch: (file) => this.#end(file, 'hash-mismatch', true),
      onChanged: () => this.emit('changed', undefined),
      now,
    });
    this.#spaceWatch = new SpaceWatch({
      available: () => store.available(),
      needed: () => this.#allPromisedBytes(),
      isFull: () => [...this.#offers.files()].some((file) => file.isRunning && file.here === 'space'),
      onRoom: () => this.#handleRoom(),
      onFull: () => this.#handleFull([...this.#offers.files()].filter((file) => file.isAsked)),
    });
  }

  get offers(): Iterable<ReceivingOffer> {
    return this.#offers.all;
  }

  /** Those that were accepted and are kept in a folder. */
  get keptOffers(): ReceivingOffer[] {
    return [...this.#offers.all].filter(({ kept, files }) => kept && files.some((file) => file.state !== 'cancelled'));
  }

  /** Every file of every offer, in order. */
  get files(): Iterable<TransferFile> {
    return this.#offers.files();
  }

  fileOf(id: string): TransferFile | undefined {
    return this.#offers.byId(id)?.file;
  }

  /** The whole, verified file, while it is done and kept; to be asked for when it is needed, not to be kept. Rejects with `store-failed`. */
  async open(id: string): Promise<Blob | undefined> {
    const { file, offer } = this.#offers.byId(id) ?? {};
    return file?.state === 'done' && !file.freed ? offer?.kept?.folder.open(file.place) : undefined;
  }

  /** As `Intake.read`: while somebody waits for bytes of a file, they and what follows are asked for first. Rejects with `gone` if it is not kept here. */
  async read(id: string, offset: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { file, offer } = this.#offers.byId(id) ?? {};
    if (!file || !offer?.kept) throw new TincanError('gone', `${id} is not here`);
    const bytes = offer.kept.intake.read(file, offset, signal);
    if (file.isRead) this.#requests.plan(file, 'first');
    return bytes;
  }

  /** Remembers where these files are now. What was `saved` is let go of where the store has little room, as memory has; what is `freed`, everywhere. */
  async noteSaved(ids: readonly string[], how: SavedHow): Promise<void> {
    await this.#verification.noteSaved(ids, how === 'saved' && !this.#store.outlivesPage ? 'moved' : how);
    this.#spaceWatch.lookNow();
  }

  /** Bytes of accepted files that are still to come, and so spoken for in the store; none while there is no link over which they could. */
  get promisedBytes(): number {
    return this.#linked ? this.#offers.promisedBytes : 0;
  }

  /** Bytes of the store that are neither taken nor promised. */
  async freeBytes(): Promise<number> {
    const available = await this.#store.available();
    return available - this.#allPromisedBytes();
  }

  /** Starts receiving an offer's files. Rejects with `no-space` if they do not fit, `store-failed` if nothing can be written, and leaves the offer open. */
  async accept(id: string): Promise<void> {
    const offer = this.#offers.get(id);
    if (offer?.state !== 'open') return;
    offer.state = 'accepting';
    this.emit('changed', undefined);
    try {
      const available = await this.#store.available();
      // In one step with the promise: of two that are accepted at once both may fit only one by one.
      const free = available - this.#allPromisedBytes();
      const bytes = offer.files.reduce((sum, file) => sum + (file.state === 'offered' ? file.size : 0), 0);
      if (bytes > free) throw new TincanError('no-space', `${bytes} bytes do not fit into ${free}`);
      offer.isPromised = true;
      await offer.keep(this.#store, { ...this.#sender(), now: this.#now() });
      offer.kept!.intake.listen(this.#events);
    } catch (error) {
      offer.state = 'open';
      offer.isPromised = false;
      this.emit('changed', undefined);
      throw error;
    }
    if (this.#offers.get(id) !== offer) return; // the peer has left meanwhile
    offer.state = 'accepted';
    this.#path.send({ type: 'accept', offer: id, keeps: this.#store.outlivesPage });
    for (const file of offer.files) if (file.state === 'offered') file.state = 'active';
    this.emit('accepted', offer);
    this.#begin(offer);
    this.emit('changed', undefined);
  }

  decline(id: string): void {
    const offer = this.#offers.get(id);
    if (offer?.state !== 'open') return;
    offer.state = 'declined';
    for (const file of offer.files) if (file.state === 'offered') file.state = 'declined';
    this.#path.send({ type: 'decline', offer: id });
    this.emit('changed', undefined);
  }

  /** Stops files, and frees what has arrived of them. A failed one is given up for good; one that is done is left alone. */
  cancel(ids: readonly string[]): void {
    for (const id of ids) {
      const found = this.#offers.byId(id);
      if (found && (isLive(found.file) || found.file.state === 'failed')) this.#end(found.file, 'cancelled', true);
    }
  }

  /** Does not ask for a file for now. What has arrived of it stays. */
  pause(id: string): void {
    const file = this.#offers.byId(id)?.file;
    if (file?.state === 'active') this.#suspend(file, 'person');
  }

  /** Goes on with a file that is paused or has failed. */
  resume(id: string): void {
    const file = this.#offers.byId(id)?.file;
    if (file && (file.state === 'failed' || file.here !== 'none')) this.#goOn(file);
  }

  /** An offer of an earlier visit, or of another session of this peer, which has proved to be the other end of it: it will offer it again. */
  adopt(offer: ReceivingOffer): void {
    this.#offers.adopt(offer);
    offer.kept?.intake.listen(this.#events);
    this.#spaceWatch.lookNow(); // it may wait for room
    this.emit('changed', undefined);
  }

  /** The offer goes on elsewhere: nothing more is done about it here. */
  release(offer: ReceivingOffer): void {
    for (const file of offer.files) this.#requests.giveBack(file);
    this.#offers.release(offer);
    this.emit('changed', undefined);
  }

  /** The link is up: the sender will say what it offers, under which handles, and whatever was not heard is asked for then. */
  handleLinkUp(): void {
    this.#linked = true;
  }

  handleLinkDown(): void {
    this.#linked = false;
    this.#requests.handleLinkDown(this.#offers.files());
    this.#offers.handleLinkDown();
    this.#reports.clear();
    this.emit('changed', undefined);
  }

  handleLaneOpened(lane: LaneName): void {
    this.#requests.openLane(lane);
  }
  /** A lane is gone: what it was asked for is asked for on others, or on the next. */
  handleLaneClosed(lane: LaneName): void {
    this.#requests.closeLane(lane);
  }

  handleMessage(message: SenderMessage): void {
    switch (message.type) {
      case 'offer': {
        const taken = this.#offers.take(message);
        if (taken.kind === 'refused') this.#path.send({ type: 'decline', offer: message.offer });
        if (taken.kind === 'repeated') this.#answerAgain(taken.offer);
        break;
      }
      case 'hashes':
        for (const { handle, block, hash } of message.hashes) {
          const bytes = fromBase64Url(hash);
          const file = this.#offers.byHandle(handle);
          if (bytes && file) this.#intakeOf(file)?.handleHash(file, block, bytes);
        }
        return; // nothing that is seen has changed
      case 'verified':
        this.#verification.handle(message.files);
        break;
      case 'hold':
        for (const handle of message.handles) this.#handleHold(this.#offers.byHandle(handle), message.why);
        break;
      case 'withdraw':
        for (const handle of message.handles) {
          const file = this.#offers.byHandle(handle);
          if (file && isLive(file)) this.#end(file, message.reason, false);
        }
        break;
    }
    this.emit('changed', undefined);
  }

  /** Takes one message of a lane. A frame that nobody asked for is dropped; one that cannot be right ends its file. */
  handleFrame(message: ArrayBuffer): void {
    const frame = parseFrame(message);
    const file = frame.ok ? this.#offers.byHandle(frame.value.handle) : undefined;
    if (!frame.ok || file?.state !== 'active') return;
    const { offset, bytes } = frame.value;
    this.#requests.handleHeard();
    this.arrived.bytes += bytes.length;
    const placed = file.placeFrame(offset, bytes);
    if (placed === 'placed') return;
    if (placed === 'misplaced') this.#end(file, 'protocol', true);
    else if (placed === 'late') this.arrived.duplicateBytes += bytes.length;
    else void this.#intakeOf(file)?.handleWhole(file, file.open.get(Math.floor(offset / BLOCK_BYTES))!);
  }

  /** The peer has left for good: what it cannot or need not come back for has ended. What was accepted and is kept on both sides stays as it is. */
  handlePeerLeft(): void {
    for (const offer of this.#offers.all) {
      const isKept = offer.state === 'accepted' && offer.senderKeeps && this.#store.outlivesPage;
      if (!isKept) for (const file of offer.files) if (isLive(file)) this.#end(file, 'peer-left', false);
    }
  }

  /** This page leaves. What is on the disk stays there. */
  close(): void {
    this.handleLinkDown();
    for (const offer of this.#offers.all) offer.kept?.intake.close();
    this.#spaceWatch.stop();
  }

  // ---- what the sender says

  /** The sender offers it again on a new link: whatever it may have missed is said again, and what is missing asked for. */
  #answerAgain(offer: ReceivingOffer): void {
    if (offer.state === 'declined') this.#path.send({ type: 'decline', offer: offer.id });
    if (offer.state !== 'accepted') return;
    this.#path.send({ type: 'accept', offer: offer.id, keeps: this.#store.outlivesPage });
    for (const file of offer.files) {
      file.there = 'none'; // what still holds, it says after the offer
      if (file.handle === undefined) {
        // Whatever the sender does not offer again has ended there.
        if (file.isRunning) this.#end(file, 'cancelled', false);
        continue;
      }
      if (file.state === 'failed' || file.state === 'cancelled') this.#tellEnd(file);
      else if (file.state === 'verifying' && file.hash) this.#reports.complete(file);
      if (file.here !== 'none' && file.isRunning) this.#reports.pause(file);
      if (file.isRunning) this.#reports.have(file);
    }
    const done = offer.files.filter(({ state, handle }) => state === 'done' && handle !== undefined);
    if (done.length > 0) void this.#verification.tellDone(offer, done);
    this.#begin(offer);
  }

  #handleHold(file: ReceivingFile | undefined, why: 'person' | 'file' | 'none'): void {
    // Its person is not to be asked for what is here already.
    if (file?.state === 'done') return void this.#verification.tellDone(this.#offers.offerOf(file)!, [file]);
    if (!file || (!file.isRunning && file.state !== 'failed')) return;
    const isGivenAgain = file.there === 'file' && why === 'none';
    file.there = why;
    if (why !== 'none') return this.#requests.giveBack(file);
    if (file.state === 'failed') this.#intakeOf(file)?.tryAgain(file);
    else if (file.state === 'verifying' && file.hash) this.#reports.complete(file); // it could not be compared before
    if (isGivenAgain) this.#reports.have(file);
    this.#requests.plan(file, 'first');
  }

  /** Asks for whatever the offer lacks. */
  #begin(offer: ReceivingOffer): void {
    for (const file of offer.files) {
      offer.kept?.intake.goOn(file);
      this.#requests.plan(file, 'last');
    }
    if (offer.files.some((file) => file.isAsked)) this.#path.openLanes();
  }

  // ---- pauses and ends

  #suspend(file: ReceivingFile, why: Hold): void {
    file.here = why;
    this.#requests.giveBack(file);
    this.#reports.pause(file);
    this.emit('changed', undefined);
  }

  #handleFull(files: readonly ReceivingFile[]): void {
    for (const file of files) if (file.isRunning && file.here === 'none') this.#suspend(file, 'space');
    this.#spaceWatch.handleFull();
  }

  #handleRoom(): void {
    for (const file of this.#offers.files()) if (file.isRunning && file.here === 'space') this.#goOn(file);
  }

  #goOn(file: ReceivingFile): void {
    file.here = 'none';
    if (file.state === 'failed') this.#intakeOf(file)?.tryAgain(file);
    else this.#intakeOf(file)?.goOn(file);
    this.#reports.pause(file);
    this.#reports.flush();
    this.#requests.plan(file, 'first');
    this.emit('changed', undefined);
  }

  #intakeOf(file: ReceivingFile): Intake | undefined {
    return this.#offers.offerOf(file)?.kept?.intake;
  }

  /** What has arrived is kept where it failed, for another try, and freed where somebody does not want it or nobody is left to send the rest. */
  #end(file: ReceivingFile, reason: 'cancelled' | TransferFailure, tell: boolean): void {
    const offer = this.#offers.offerOf(file);
    const cancelled = reason === 'cancelled';
    file.state = cancelled ? 'cancelled' : 'failed';
    file.failure = cancelled ? undefined : reason;
    this.#requests.giveBack(file);
    file.endReads();
    if (tell) this.#tellEnd(file);
    if (cancelled || reason === 'peer-left') offer?.free(file, () => this.#spaceWatch.lookNow());
    this.emit('changed', undefined);
  }

  #tellEnd({ handle, failure }: ReceivingFile): void {
    if (handle !== undefined && failure !== 'peer-left') this.#endNotices.add(handle, failure ?? 'cancelled');
  }
}
