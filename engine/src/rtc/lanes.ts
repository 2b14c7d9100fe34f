// The lanes of one link: connections for bulk bytes, set up by messages on the link and never by way of the server.
//
//   the side that does not initiate ── lane-request { lane } ──────────────────▶ the side that does
//                                   ◀─ lane-signal { lane, epoch, signal } ───▶   (offer, answer, candidates)
//
// How fast they send, and how many there are, is the pacer's.
import type { SessionId } from '@tincan/shared/introduction';
import type { LaneMessage } from '@tincan/shared/link-message';
import type { IceServer } from '@tincan/shared/signaling';
import { Emitter } from '../platform/emitter.ts';
import { ownTimers, type Timers } from '../platform/timers.ts';
import type { Breach } from './breach.ts';
import type { CreateConnection } from './connection.ts';
import { ConnectionSlot } from './connection-slot.ts';
import { Lane } from './lane.ts';
import { MAX_LANES } from './lane-count.ts';
import { LanePacer } from './lane-pacer.ts';
import { Retry } from './retry.ts';

/** A first attempt may fail by chance. */
const BLOCKED_AFTER_FAILURES = 2;

type LanesEvents = {
  'lane-opened': Lane;
  'lane-closed': Lane;
  /** A message of any lane, not yet looked at. */
  frame: ArrayBuffer;
  /** Lanes are wanted, and again and again none of them can be opened although the link lives; or that is over. */
  blocked: boolean;
  breach: Breach;
};

export interface LanesOptions {
  me: SessionId;
  peer: SessionId;
  createConnection: CreateConnection;
  getIceServers: () => readonly IceServer[];
  /** Sends over the link. */
  send: (message: LaneMessage) => void;
  /** Whether this is the peer's certificate: a lane has to show the same as the link. */
  isTheirs: (fingerprint: string) => boolean;
  /** The other page answers what has arrived; without, nothing is learned of the path, and nothing is paced. */
  answers?: () => boolean;
  isRelayed?: () => boolean;
  now?: () => number;
  /** For what sets the pace. */
  timers?: Timers;
  random?: () => number;
}

interface Place {
  readonly index: number;
  readonly slot: ConnectionSlot;
  readonly retry: Retry;
  /** Somebody asked for it, here or there: it is opened again when it fails. */
  wanted: boolean;
  lane: Lane | undefined;
  /** Attempts in a row that did not open. */
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Bytes that the present lane has brought here. */
  arrivedBytes: number;
}

/** Opens lanes beside a link, and opens them again while the link lives. Nothing that happens to a lane touches the link. */
export class Lanes extends Emitter<LanesEvents> {
  readonly #options: LanesOptions;
  readonly #initiates: boolean;
  readonly #retryOptions: { now: () => number; random: () => number };
  readonly #places = new Map<number, Place>();
  readonly #pacer: LanePacer;
  #wantedCount = 0;
  #linkUp = false;
  #blocked = false;

  constructor(options: LanesOptions) {
    super();
    this.#options = options;
    this.#initiates = options.me < options.peer;
    const now = options.now ?? (() => performance.now());
    this.#retryOptions = { now, random: options.random ?? Math.random };
    this.#pacer = new LanePacer({
      send: options.send,
      answers: options.answers ?? (() => false),
      isRelayed: options.isRelayed ?? (() => false),
      now,
      timers: options.timers ?? ownTimers,
      want: (count) => this.#want(count),
      replace: ({ index }) => this.#replace(this.#placeOf(index)),
    });
  }

  /** Asks for lanes 0 to `count - 1`, now and after every loss; by default as many as the path is to begin with. Repeating it is harmless. */
  open(count = this.#pacer.firstCount): void {
    this.#wantedCount = Math.max(this.#wantedCount, Math.min(count, MAX_LANES));
    if (this.#linkUp) this.#openWanted();
  }

  /** How fast all lanes together may send from now on, whatever the path could carry; `undefined` for no limit. */
  limit(bytesPerSecond: number | undefined): void {
    this.#pacer.limit(bytesPerSecond);
  }

  /** Bytes that the network has taken on all lanes so far. */
  get carriedBytes(): number {
    return this.#pacer.carriedBytes;
  }

  handleLinkUp(): void {
    this.#linkUp = true;
    this.#pacer.start();
    this.#openWanted();
  }

  /** All lanes close, and their epochs are forgotten: what the next link carries cannot be about them. */
  handleLinkDown(): void {
    this.#linkUp = false;
    this.#pacer.stop();
    for (const place of this.#places.values()) {
      clearTimeout(place.timer);
      place.slot.drop('the link is down');
    }
    this.#places.clear();
    this.#review();
  }

  handleMessage(message: LaneMessage): void {
    if (!this.#linkUp) return;
    if (message.type === 'lane-ask') return this.#answer(message.ask);
    if (message.type === 'lane-arrived') return this.#pacer.handleArrived(message);
    if (message.lane >= MAX_LANES) return;
    if (message.type === 'lane-close') return this.#handleLaneClose(message.lane);
    if (message.type === 'lane-request') return this.#handleRequest(message.lane);
    // The side that initiates has a place for whatever it is answered about; the other makes one for an early offer.
    if (this.#initiates && !this.#places.has(message.lane)) return;
    this.#placeOf(message.lane).slot.handleSignal(message.epoch, message.signal);
  }

  get #openLanes(): Lane[] {
    return [...this.#places.values()].flatMap(({ lane }) => lane ?? []);
  }

  #openWanted(): void {
    for (let index = 0; index < this.#wantedCount; index++) {
      const place = this.#placeOf(index);
      if (place.wanted) continue;
      place.wanted = true;
      this.#pursue(place);
    }
  }

  #handleRequest(index: number): void {
    if (!this.#initiates) return;
    const place = this.#placeOf(index);
    place.wanted = true;
    // The link keeps order: a request that comes after the answer was made by one who has lost that connection since.
    if (place.slot.idle || place.slot.answered) this.#start(place);
  }

  #pursue(place: Place): void {
    if (!place.slot.idle) return;
    if (this.#initiates) this.#start(place);
    else this.#options.send({ type: 'lane-request', lane: place.index });
  }

  #start(place: Place): void {
    clearTimeout(place.timer);
    place.slot.start();
  }

  #placeOf(index: number): Place {
    const known = this.#places.get(index);
    if (known) return known;
    const { createConnection, getIceServers, send, isTheirs } = this.#options;
    const slot = new ConnectionSlot({
      initiates: this.#initiates,
      createConnection,
      getIceServers,
      label: `lane-${index}`,
      isTheirs,
    });
    const retry = new Retry(this.#retryOptions);
    const place: Place = {
      ...{ index, slot, retry, wanted: false, lane: undefined, failures: 0, timer: undefined },
      arrivedBytes: 0,
    };
    this.#places.set(index, place);
    slot.on('signal', ({ epoch, signal }) => send({ type: 'lane-signal', lane: index, epoch, signal }));
    slot.on('open', () => this.#handleOpen(place));
    slot.on('drain', () => place.lane?.handleDrain());
    slot.on('message', (message) => {
      if (typeof message === 'string') return;
      place.arrivedBytes += message.byteLength;
      this.emit('frame', message);
    });
    slot.on('close', () => this.#handleClose(place));
    slot.on('breach', (breach) => this.emit('breach', breach));
    return place;
  }

  #handleOpen(place: Place): void {
    place.slot.settle();
    place.retry.handleUp();
    const lane = new Lane({ index: place.index, epoch: place.slot.epoch }, place.slot, this.#pacer.budget, () =>
      this.#pacer.handleSend(),
    );
    place.lane = lane;
    place.failures = 0;
    place.arrivedBytes = 0;
    this.#review();
    this.#pacer.handleOpen(lane);
    this.emit('lane-opened', lane);
  }

  #handleClose(place: Place): void {
    const { lane } = place;
    place.lane = undefined;
    const delayMs = place.retry.handleDown();
    if (this.#linkUp && place.wanted && place.slot.idle) place.timer = setTimeout(() => this.#pursue(place), delayMs);
    if (!lane) {
      place.failures += 1;
      return this.#review();
    }
    this.#pacer.handleClose(lane);
    lane.handleClose();
    this.emit('lane-closed', lane);
  }

  #review(): void {
    const wanted = [...this.#places.values()].filter((place) => place.wanted);
    const fails = wanted.length > 0 && wanted.every(({ failures }) => failures >= BLOCKED_AFTER_FAILURES);
    const blocked = this.#linkUp && this.#openLanes.length === 0 && fails;
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.emit('blocked', blocked);
  }

  /** Opens lanes up to this many, and closes those beyond, here and there. */
  #want(count: number): void {
    for (let index = count; index < this.#wantedCount; index++) {
      this.#options.send({ type: 'lane-close', lane: index });
      this.#retire(index);
    }
    this.#wantedCount = Math.min(this.#wantedCount, count);
    this.open(count);
  }

  /** The other side wants no more lanes than those before this one. */
  #handleLaneClose(index: number): void {
    this.#wantedCount = Math.min(this.#wantedCount, index);
    this.#retire(index);
  }

  /** Nobody wants this lane any more. */
  #retire(index: number): void {
    const place = this.#places.get(index);
    if (!place) return;
    place.wanted = false;
    clearTimeout(place.timer);
    place.slot.drop('not wanted any more');
  }

  #replace(place: Place): void {
    if (this.#initiates) return this.#start(place);
    place.slot.drop('stands still');
    clearTimeout(place.timer);
    this.#pursue(place);
  }

  /** Tells what each open lane has brought here. */
  #answer(ask: number): void {
    const arrived = [...this.#places.values()].flatMap(({ index, lane, arrivedBytes }): [number, number, number][] =>
      lane && arrivedBytes > 0 ? [[index, lane.epoch, arrivedBytes]] : [],
    );
    this.#options.send({ type: 'lane-arrived', ask, arrived });
  }
}
