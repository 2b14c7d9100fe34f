import { isFolderPath } from '@tincan/shared/folder-path';
import type { SessionId } from '@tincan/shared/introduction';
import type { Exchange, Exchanges } from '@tincan/engine/room/exchanges';
import { isLive, type TransferFile } from '@tincan/engine/transfer/file-state';
import type { IncomingOffer } from '@tincan/engine/transfer/incoming-offers';
import { baseName, downloadName } from '@tincan/engine/transfer/names';
import { Speed } from '@tincan/engine/transfer/speed';
import { isOpen, type OfferView, type TransferState, type TransferView, type WaitReason } from './views.ts';

const PREVIEW_FILES = 100;

/** How the transfers of a room look at this moment. A view is the same object as before if nothing in it has changed. */
export class TransferViews {
  readonly #exchanges: Exchanges;
  readonly #speeds = new WeakMap<TransferFile, Speed>();
  #views = new Map<string, TransferView>();

  constructor(exchanges: Exchanges) {
    this.#exchanges = exchanges;
  }

  /** Offers that wait for an answer. */
  offers(): OfferView[] {
    return [...this.#exchanges.all].flatMap(({ peer, receiver }) =>
      peer === undefined ? [] : [...receiver.offers].filter(isUnanswered).map((offer) => toOfferView(peer, offer)),
    );
  }

  /** Every transfer that has begun, running ones first. */
  transfers(now: number): TransferView[] {
    const views = new Map<string, TransferView>();
    for (const exchange of this.#exchanges.all) {
      for (const offer of exchange.sender.offers)
        for (const file of offer.files) this.#look(views, exchange, 'send', file, offer.to, now);
      for (const offer of exchange.receiver.offers) {
        if (offer.state !== 'accepted') continue; // what nobody accepted is a question, and then nothing
        for (const file of offer.files) this.#look(views, exchange, 'receive', file, offer.from, now);
      }
    }
    this.#views = views;
    const ordered: TransferView[][] = [[], [], []];
    for (const view of views.values()) ordered[ORDER[view.state]]!.push(view);
    return ordered.flat();
  }

  /** The ids of offers that are kept in folders of this page; the same list as before if they are the same. */
  ownOffers(before: readonly string[]): readonly string[] {
    const own = [...this.#exchanges.all].flatMap(({ receiver }) => receiver.keptOffers.map(({ id }) => id));
    return own.length === before.length && own.every((id) => before.includes(id)) ? before : own;
  }

  /** The transfer of a view, and whoever does something about it. */
  find(key: string): { exchange: Exchange; view: TransferView } | undefined {
    const view = this.#views.get(key);
    if (!view) return undefined;
    for (const exchange of this.#exchanges.all) {
      const side = view.direction === 'send' ? exchange.sender : exchange.receiver;
      if (side.fileOf(view.id)) return { exchange, view };
    }
    return undefined;
  }

  #look(
    views: Map<string, TransferView>,
    exchange: Exchange,
    direction: TransferView['direction'],
    file: TransferFile,
    name: string | undefined,
    now: number,
  ): void {
    const own = `${direction} ${file.id}`;
    // Somebody who gives a file the id of another one must not hide that.
    const key = views.has(own) ? `${own} ${exchange.peer}` : own;
    const before = this.#views.get(key);
    if (
      before?.state === file.state &&
      before.saved === file.saved &&
      before.kept === isKept(direction, file) &&
      !isOpen(before.state)
    ) {
      views.set(key, before); // ended, and nothing about it changes any more
      return;
    }
    const why = waitReason(exchange, file);
    const state = toState(file, why);
    const isAsBefore = before?.state === state && before.why === why && before.peer === exchange.peer;
    const isStill = isOpen(state) && (state !== 'active' || file.durable === 0);
    if (isAsBefore && isStill && before.bytes === file.durable) {
      views.set(key, before); // of thousands, only a few move at a time
      return;
    }
    const bytesPerSecond = this.#speedOf(file, state, now);
    const view: TransferView = {
      key,
      id: file.id,
      peer: exchange.peer,
      name: name ?? '',
      direction,
      path: file.path,
      size: file.size,
      bytes: file.durable,
      state,
      why,
      hash: file.hash,
      failure: file.failure,
      bytesPerSecond,
      secondsLeft: bytesPerSecond ? (file.size - file.durable) / bytesPerSecond : undefined,
      canPause: file.state === 'active' && file.here === 'none',
      canResume: (file.state === 'failed' && file.failure !== 'peer-left') || (isLive(file) && file.here === 'person'),
      kept: isKept(direction, file),
      downloadsAs: isKept(direction, file) ? downloadsAs(file.path) : undefined,
      saved: file.saved,
    };
    views.set(key, before && sameView(before, view) ? before : view);
  }

  #speedOf(file: TransferFile, state: TransferState, now: number): number | undefined {
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
  const folders = files.filter(({ path }) => isFolderPath(path)).length;
  return {
    key: `${peer} ${offer.id}`,
    id: offer.id,
    peer,
    preview: files.slice(0, PREVIEW_FILES).map(({ path, size }) => ({ path, size })),
    files: files.length - folders,
    folders,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
  };
}

/** What a transfer waits for, the nearest thing first: what this person can do something about. */
function waitReason({ peer, linked, left, laneless }: Exchange, file: TransferFile): WaitReason | undefined {
  if (!isLive(file)) return undefined;
  if (file.here === 'person') return 'paused-here';
  if (file.here === 'space') return 'space-here';
  if (file.here === 'file') return 'file-here';
  if (!linked) return peer === undefined || left ? 'peer' : 'path';
  if (file.there === 'person') return 'paused-there';
  if (file.there === 'space') return 'space-there';
  if (file.there === 'file') return 'file-there';
  return laneless && file.state === 'active' ? 'lanes' : undefined;
}

function isKept(direction: TransferView['direction'], { state, freed }: TransferFile): boolean {
  return direction === 'receive' && state === 'done' && !freed;
}

function downloadsAs(path: string): string | undefined {
  const name = downloadName(path);
  return isFolderPath(path) || name === baseName(path) ? undefined : name;
}

function toState({ state }: TransferFile, why: WaitReason | undefined): TransferState {
  if (why === undefined) return state;
  return why === 'paused-here' || why === 'paused-there' ? 'paused' : 'waiting';
}

function sameView(a: TransferView, b: TransferView): boolean {
  return (Object.keys(a) as (keyof TransferView)[]).every((field) => a[field] === b[field]);
}
