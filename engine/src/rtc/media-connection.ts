// The connection of a call to one peer: set up by messages on the link and never by way of the server, but a call's and not the
// link's: it outlives a link that goes down, and is made anew once there is a link again and it has not come back by itself.
//
//   the side that does not initiate ── media-request { epoch } ────────────────▶ the side that does
//                                   ◀─ media-signal { epoch, signal } ────────▶   (offer, answer, candidates)
import type { SessionId } from '@tincan/shared/introduction';
import type { MediaMessage } from '@tincan/shared/link-message';
import type { IceServer } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import type { Breach } from './breach.ts';
import type { CreateConnection } from './connection.ts';
import { ConnectionSlot } from './connection-slot.ts';
import type { Media } from './media.ts';
import { Retry } from './retry.ts';

/** An interruption that takes longer than this while the link lives is no hiccup of the path: a new connection is faster. */
const MAX_INTERRUPTION_MS = 4_000;
/**
 * Attempts per link that are told apart from those of the next one. Epochs begin on each link with this many times its own, so
 * that both sides agree on what is newer although either may have forgotten the other meanwhile.
 */
const EPOCHS_PER_LINK = 4_096;
/** Only a peer that chooses its link's epochs gets beyond this; what follows from it then hurts its own calls. */
const LINK_EPOCHS = 2 ** 20;
/** However fast a connection is wanted and not wanted any more, one is begun no more often than this. */
const MIN_PAUSE_MS = 200;

type MediaConnectionEvents = {
  opened: Media;
  interrupted: boolean;
  closed: undefined;
  breach: Breach;
};

export interface MediaConnectionOptions {
  me: SessionId;
  peer: SessionId;
  createConnection: CreateConnection;
  getIceServers: () => readonly IceServer[];
  /** Sends over the link. */
  send: (message: MediaMessage) => void;
  /** Whether this is the peer's certificate: a call has to show the same as the link. */
  isTheirs: (fingerprint: string) => boolean;
  now?: () => number;
  random?: () => number;
}

/** Keeps the connection of a call open for as long as it is wanted here; what the other side describes unwanted is not answered. */
export class MediaConnection extends Emitter<MediaConnectionEvents> {
  readonly #send: MediaConnectionOptions['send'];
  readonly #initiates: boolean;
  readonly #slot: ConnectionSlot;
  readonly #retry: Retry;
  readonly #now: () => number;
  #begunAt = -Infinity;
  #wanted = false;
  #linkUp = false;
  #open = false;
  #interrupted = false;
  /** For the next attempt, or until an interruption has lasted too long. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: MediaConnectionOptions) {
    super();
    const { me, peer, createConnection, getIceServers, isTheirs, send } = options;
    this.#send = send;
    this.#initiates = me < peer;
    this.#now = options.now ?? (() => performance.now());
    this.#retry = new Retry({
      now: this.#now,
      random: options.random ?? Math.random,
    });
    const slot = new ConnectionSlot({
      initiates: this.#initiates,
      createConnection,
      getIceServers,
      label: 'call',
      media: true,
      isTheirs,
    });
    this.#slot = slot;
    slot.on('signal', ({ epoch, signal }) => send({ type: 'media-signal', epoch, signal }));
    slot.on('open', () => this.#handleOpen());
    slot.on('interrupted', (interrupted) => this.#handleInterrupted(interrupted));
    slot.on('close', () => this.#handleClose());
    slot.on('breach', (breach) => this.emit('breach', breach));
  }

  /** Something may flow, whatever has become of the link. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Whether there is to be a connection, from now on and after every loss. */
  setWanted(wanted: boolean): void {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    if (wanted) this.#pursue();
    else this.#giveUp('not wanted any more');
  }

  /** `epoch` is the link's: the same on both sides. */
  handleLinkUp(epoch: number): void {
    this.#linkUp = true;
    this.#slot.skipTo((epoch % LINK_EPOCHS) * EPOCHS_PER_LINK);
    this.#retry.reset();
    // What an attempt said while the link was down is lost.
    if (!this.#open || this.#interrupted) this.#pursue();
  }

  /** The connection stays, for its own path may be there: what a link carries is not what a call carries. */
  handleLinkDown(): void {
    this.#linkUp = false;
    this.#cancelTimer();
  }

  handleMessage(message: MediaMessage): void {
    if (message.type === 'media-request') return this.#handleRequest(message.epoch);
    if (this.#wanted) this.#slot.handleSignal(message.epoch, message.signal);
    else this.#slot.skipTo(message.epoch);
  }

  /** Final. */
  close(): void {
    this.setWanted(false);
    this.#linkUp = false;
  }

  #handleRequest(seenEpoch: number): void {
    const { currentEpoch } = this.#slot;
    // The link keeps order: an epoch above the other's is an offer that it had not seen when it asked.
    if (!this.#initiates || (currentEpoch !== undefined && currentEpoch > seenEpoch)) return;
    // However often it is asked for, connections are begun with the pauses of any failure.
    if (this.#timer !== undefined) return;
    if (currentEpoch === undefined) this.#pursue();
    else this.#pursueLater(this.#retry.handleDown());
  }

  #pursueLater(delayMs: number): void {
    this.#cancelTimer();
    this.#timer = setTimeout(() => this.#pursue(), delayMs);
  }

  #cancelTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Begins a connection, in place of one that may be there. */
  #pursue(): void {
    this.#cancelTimer();
    if (!this.#wanted || !this.#linkUp) return;
    const pauseMs = this.#begunAt + MIN_PAUSE_MS - this.#now();
    if (pauseMs > 0) return this.#pursueLater(pauseMs);
    this.#begunAt = this.#now();
    if (this.#initiates) this.#slot.start();
    else this.#send({ type: 'media-request', epoch: this.#slot.epoch });
  }

  #giveUp(reason: string): void {
    this.#cancelTimer();
    this.#slot.drop(reason);
  }

  #handleOpen(): void {
    const { media } = this.#slot;
    if (!media) return;
    this.#cancelTimer();
    this.#slot.settle();
    this.#retry.handleUp();
    this.#open = true;
    this.#interrupted = false;
    this.emit('opened', media);
  }

  #handleInterrupted(interrupted: boolean): void {
    this.#interrupted = interrupted;
    this.#cancelTimer();
    if (interrupted && this.#linkUp) this.#pursueLater(MAX_INTERRUPTION_MS);
    this.emit('interrupted', interrupted);
  }

  #handleClose(): void {
    const wasOpen = this.#open;
    this.#open = false;
    this.#interrupted = false;
    const delayMs = this.#retry.handleDown();
    if (this.#wanted && this.#slot.idle) this.#pursueLater(delayMs);
    if (wasOpen) this.emit('closed', undefined);
  }
}
