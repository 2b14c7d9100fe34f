import { isFolderPath } from '@tincan/shared/folder-path';
import type { SessionId } from '@tincan/shared/introduction';
import type { Exchange, Exchanges } from '@tincan/engine/room/exchanges';
import { isLive, type TransferFile } from '@tincan/engine/transfer/file-state';
import type { IncomingOffer } from '@tincan/engine/transfer/incoming-offers';
import { baseName, downloadName } from '@tincan/engine/transfer/names';
import { Speed } from '@tincan/engine/transfer/speed';
import { isMedia, lookNow, lookOf } from './look-kinds.ts';
import { isOpen, type OfferView, type TransferState, type TransferView, type WaitReason } from './views.ts';

const PREVIEW_FILES = 100;

/** One file of an exchange, and what the other end calls itself. */
interface Seen {
  readonly exchange: Exchange;
  readonly direction: TransferView['direction'];
  readonly file: TransferFile;
  readonly name: string | undefined;
}

interface Known {
  readonly exchange: Exchange;
  readonly view: TransferView;
  /** The last look at which it was there. */
  look: number;
}

/** How the transfers of a room look at this moment. A view is the same object as before if nothing in it has changed. */
export class TransferViews {
  readonly #exchanges: Exchanges;
  readonly #speeds = new WeakMap<TransferFile, Speed>();
  /** By what is shown: of thousands, only a few change between two looks. */
  readonly #known = new Map<TransferFile, Known>();
  /** By their keys. */
  readonly #files = new Map<string, TransferFile>();
  #look = 0;

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
    this.#look += 1;
    const ordered: TransferView[][] = [[], [], []];
    let count = 0;
    const look = (each: Seen) => {
      const view = this.#see(each, now);
      ordered[ORDER[view.state]]!.push(view);
      count += 1;
    };
    for (const exchange of this.#exchanges.all) {
      for (const { files, to } of exchange.sender.offers)
        for (const file of files) look({ exchange, direction: 'send', file, name: to });
      for (const { files, from, state } of exchange.receiver.offers) {
        if (state !== 'accepted') continue; // what nobody accepted is a question, and then nothing
        for (const file of files) look({ exchange, direction: 'receive', file, name: from });
      }
    }
    if (count < this.#known.size) this.#forgetUnseen();
    return ordered.flat();
  }

  /** The ids of offers that are kept in folders of this page; the same list as before if they are the same. */
  ownOffers(before: readonly string[]): readonly string[] {
    const own = [...this.#exchanges.all].flatMap(({ receiver }) => receiver.keptOffers.map(({ id }) => id));
    return own.length === before.length && own.every((id) => before.includes(id)) ? before : own;
  }

  /** The transfer of a view, and whoever does something about it. */
  find(key: string): { exchange: Exchange; view: TransferView } | undefined {
    const file = this.#files.get(key);
    return file && this.#known.get(file);
  }

  /** The view of one file: the same as before if nothing in it has changed. */
  #see(seen: Seen, now: number): TransferView {
    const { exchange, direction, file } = seen;
    const known = this.#known.get(file);
    if (known) known.look = this.#look;
    const before = known?.exchange === exchange ? known.view : undefined;
    const hasEnded = before?.state === file.state && !isOpen(before.state);
    if (hasEnded && before.saved === file.saved && before.kept === isKept(direction, file)) return before;
    const why = waitReason(exchange, file);
    const state = toState(file, why);
    const isStill = isOpen(state) && (state !== 'active' || file.durable === 0);
    if (isStill && before?.state === state && before.why === why && before.bytes === file.durable) return before;
    const key = known?.view.key ?? this.#keyFor(seen);
    const fresh = viewOf(seen, { key, why, state, bytesPerSecond: this.#speedOf(file, state, now) });
    const view = known && sameView(known.view, fresh) ? known.view : fresh;
    this.#known.set(file, { exchange, view, look: this.#look });
    return view;
  }

  /** Somebody who gives a file the id of another one must not hide that. */
  #keyFor({ exchange, direction, file }: Seen): string {
    const own = `${direction} ${file.id}`;
    const key = this.#files.has(own) ? `${own} ${exchange.peer}` : own;
    this.#files.set(key, file);
    return key;
  }

  #forgetUnseen(): void {
    for (const [file, { view, look }] of this.#known) {
      if (look === this.#look) continue;
      this.#known.delete(file);
      this.#files.delete(view.key);
    }
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
    media: firstMedia(files),
  };
}

function firstMedia(files: readonly TransferFile[]): OfferView['media'] {
  for (const { id, path, size } of files) {
    const kind = size > 0 ? lookOf(path)?.kind : undefined;
    if (isMedia(kind)) return { id, kind };
  }
  return undefined;
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

function viewOf(
  { exchange, direction, file, name }: Seen,
  { key, why, state, bytesPerSecond }: Pick<TransferView, 'key' | 'why' | 'state' | 'bytesPerSecond'>,
): TransferView {
  const kept = isKept(direction, file);
  return {
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
    kept,
    downloadsAs: kept ? downloadsAs(file.path) : undefined,
    saved: file.saved,
    look: direction === 'receive' ? lookNow(file) : undefined,
  };
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
