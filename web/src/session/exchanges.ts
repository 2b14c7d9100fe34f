import type { SessionId } from '@tincan/shared/introduction';
import { isReceiverMessage, isSenderMessage, type LinkMessage } from '@tincan/shared/link-message';
import { Emitter } from '@tincan/engine/platform/emitter';
import type { Mesh } from '@tincan/engine/rtc/mesh';
import { isLive } from '@tincan/engine/transfer/file-state';
import type { FrameLane, TransferPath } from '@tincan/engine/transfer/path';
import type { IncomingFile } from '@tincan/engine/transfer/incoming-file';
import type { IncomingOffer } from '@tincan/engine/transfer/incoming-offers';
import { Receiver } from '@tincan/engine/transfer/receiver';
import { Sender, type OutgoingFile } from '@tincan/engine/transfer/sender';
import type { SinkStore } from '@tincan/engine/transfer/sink';
import { Speed } from '@tincan/engine/transfer/speed';
import { isOpen, type OfferView, type TransferState, type TransferView } from './views.ts';

const PREVIEW_FILES = 100;

interface Exchange {
  readonly sender: Sender;
  readonly receiver: Receiver;
  linked: boolean;
}

/** The transfers with every peer of a room, those who left included, and how they look at this moment. */
export class Exchanges extends Emitter<{ changed: undefined }> {
  readonly #store: SinkStore;
  readonly #mesh: Mesh;
  readonly #exchanges = new Map<SessionId, Exchange>();
  readonly #speeds = new WeakMap<IncomingFile | OutgoingFile, Speed>();
  readonly #saved = new WeakSet<IncomingFile | OutgoingFile>();
  #views = new Map<string, TransferView>();

  /** Listens to the mesh for whatever concerns a transfer. */
  constructor(store: SinkStore, mesh: Mesh) {
    super();
    this.#store = store;
    this.#mesh = mesh;
    mesh.on('link-up', ({ session }) => this.#handleLinkUp(session));
    mesh.on('link-down', ({ session }) => this.#handleLinkDown(session));
    mesh.on('message', ({ session, message }) => this.#handleMessage(session, message));
    mesh.on('frame', ({ session, bytes }) => this.with(session).receiver.handleFrame(bytes));
    mesh.on('lane-opened', ({ session, lane }) => this.#handleLaneOpened(session, lane));
    mesh.on('lane-closed', ({ session, lane }) => this.#handleLaneClosed(session, lane));
    mesh.on('peer-removed', ({ session, forGood }) => {
      if (forGood) this.#handlePeerLeft(session);
    });
  }

  /** The exchange with one peer, made at the first call. */
  with(session: SessionId): Exchange {
    const known = this.#exchanges.get(session);
    if (known) return known;
    const path: TransferPath = {
      send: (message) => this.#mesh.send(session, message),
      openLanes: () => this.#mesh.openLanes(session),
    };
    const exchange = {
      sender: new Sender(path),
      receiver: new Receiver(path, this.#store, () => this.#promisedBytes()),
      linked: false,
    };
    exchange.sender.on('changed', () => this.emit('changed', undefined));
    exchange.receiver.on('changed', () => this.emit('changed', undefined));
    this.#exchanges.set(session, exchange);
    return exchange;
  }

  #handleLinkUp(session: SessionId): void {
    const exchange = this.with(session);
    exchange.linked = true;
    exchange.receiver.handleLinkUp();
    exchange.sender.handleLinkUp();
    this.emit('changed', undefined);
  }

  #handleLinkDown(session: SessionId): void {
    this.with(session).linked = false;
    this.emit('changed', undefined);
  }

  /** Takes a link message if it belongs to a transfer. */
  #handleMessage(session: SessionId, message: LinkMessage): void {
    if (isSenderMessage(message)) this.with(session).receiver.handleMessage(message);
    else if (isReceiverMessage(message)) this.with(session).sender.handleMessage(message);
  }

  #handleLaneOpened(session: SessionId, lane: FrameLane): void {
    const { sender, receiver } = this.with(session);
    sender.handleLaneOpened(lane);
    receiver.handleLaneOpened();
  }

  #handleLaneClosed(session: SessionId, lane: FrameLane): void {
    const { sender, receiver } = this.with(session);
    sender.handleLaneClosed(lane);
    receiver.handleLaneClosed();
  }

  /** The peer will not come back: what has not ended with it fails. */
  #handlePeerLeft(session: SessionId): void {
    const exchange = this.#exchanges.get(session);
    exchange?.sender.close();
    exchange?.receiver.close();
  }

  /** Ends everything with everyone. */
  close(): void {
    for (const session of this.#exchanges.keys()) this.#handlePeerLeft(session);
  }

  /** Cancels a transfer of either direction, named by its view's key. */
  cancel(key: string): void {
    const found = this.#views.get(key);
    if (found?.direction === 'send') this.with(found.peer).sender.cancel(found.id);
    else if (found) this.with(found.peer).receiver.cancel(found.id);
  }

  /** The finished file of a receiving transfer. */
  fileOf(key: string): Blob | undefined {
    const found = this.#views.get(key);
    if (found?.direction !== 'receive') return undefined;
    return this.with(found.peer).receiver.fileOf(found.id)?.file;
  }

  markSaved(key: string): void {
    const found = this.#views.get(key);
    const file = found && this.with(found.peer).receiver.fileOf(found.id);
    if (file) this.#saved.add(file);
    this.emit('changed', undefined);
  }

  /** Offers that wait for an answer. */
  offers(): OfferView[] {
    return [...this.#exchanges].flatMap(([peer, { receiver }]) =>
      [...receiver.offers].filter(isUnanswered).map((offer) => toOfferView(peer, offer)),
    );
  }

  /** Every transfer that has begun, running ones first; a view is the same object as before if nothing in it changed. */
  transfers(now: number): TransferView[] {
    const views = new Map<string, TransferView>();
    for (const [peer, { sender, receiver, linked }] of this.#exchanges) {
      for (const file of sender.files) this.#look(views, peer, 'send', file, linked, now);
      for (const offer of receiver.offers) {
        if (offer.state !== 'accepted') continue; // what nobody accepted is a question, and then nothing
        for (const file of offer.files) this.#look(views, peer, 'receive', file, linked, now);
      }
    }
    this.#views = views;
    return [...views.values()].sort((a, b) => ORDER[a.state] - ORDER[b.state]);
  }

  #promisedBytes(): number {
    return [...this.#exchanges.values()].reduce((sum, { receiver }) => sum + receiver.promisedBytes, 0);
  }

  #look(
    views: Map<string, TransferView>,
    peer: SessionId,
    direction: TransferView['direction'],
    file: IncomingFile | OutgoingFile,
    linked: boolean,
    now: number,
  ): void {
    const key = `${direction} ${peer} ${file.id}`;
    const before = this.#views.get(key);
    if (before?.state === file.state && before.saved === this.#saved.has(file) && !isOpen(before.state)) {
      views.set(key, before); // ended, and nothing about it changes any more
      return;
    }
    const state = toState(file, linked);
    const bytesPerSecond = this.#speedOf(file, state, now);
    const savable = 'file' in file && file.file !== undefined && state === 'done';
    const view: TransferView = {
      key,
      id: file.id,
      peer,
      direction,
      path: file.path,
      size: file.size,
      bytes: file.durable,
      state,
      hash: file.hash,
      failure: file.failure,
      bytesPerSecond,
      secondsLeft: bytesPerSecond ? (file.size - file.durable) / bytesPerSecond : undefined,
      savable,
      saved: this.#saved.has(file),
    };
    views.set(key, before && sameView(before, view) ? before : view);
  }

  #speedOf(file: IncomingFile | OutgoingFile, state: TransferState, now: number): number | undefined {
    if (state !== 'active') {
      this.#speeds.delete(file); // a pause is not slowness
      return undefined;
    }
    const speed = this.#speeds.get(file) ?? new Speed();
    this.#speeds.set(file, speed);
    speed.note(file.durable, now);
    return speed.bytesPerSecond;
  }
}

const ORDER: Record<TransferState, number> = {
  active: 0,
  verifying: 0,
  waiting: 0,
  paused: 0,
  offered: 0,
  failed: 1,
  declined: 2,
  cancelled: 2,
  done: 2,
};

function isUnanswered(offer: IncomingOffer): boolean {
  return offer.state === 'open' && offer.files.some((file) => file.state === 'offered');
}

function toOfferView(peer: SessionId, offer: IncomingOffer): OfferView {
  const files = offer.files.filter((file) => file.state === 'offered');
  return {
    key: `${peer} ${offer.id}`,
    id: offer.id,
    peer,
    preview: files.slice(0, PREVIEW_FILES).map(({ path, size }) => ({ path, size })),
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
  };
}

function toState(file: IncomingFile | OutgoingFile, linked: boolean): TransferState {
  return isLive(file) && !linked ? 'waiting' : file.state;
}

function sameView(a: TransferView, b: TransferView): boolean {
  return (Object.keys(a) as (keyof TransferView)[]).every((field) => a[field] === b[field]);
}
