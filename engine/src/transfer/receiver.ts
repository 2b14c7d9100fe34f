import { fromBase64Url } from '@tincan/shared/base64url';
import { parseFrame } from '@tincan/shared/frame';
import type { SenderMessage } from '@tincan/shared/link-message';
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { Emitter } from '../platform/emitter.ts';
import { TincanError } from '../platform/errors.ts';
import { inBatches } from './batches.ts';
import { toRanges } from './blocks.ts';
import { EndNotices } from './end-notices.ts';
import { isLive } from './file-state.ts';
import { hashBlock, hashFile } from './hash.ts';
import type { IncomingFile, OpenBlock, ReceivingFile } from './incoming-file.ts';
import { IncomingOffers, type IncomingOffer } from './incoming-offers.ts';
import type { TransferFailure, TransferPath } from './path.ts';
import { Planner } from './planner.ts';
import type { Sink, SinkStore } from './sink.ts';
import { StallWatch } from './stall-watch.ts';

/** Written bytes become durable at least this often. */
const FLUSH_INTERVAL_MS = 500;
const FLUSH_BYTES = 32 * BLOCK_BYTES;
/** How long the news of a complete file waits for others to share its message. */
const REPORT_DELAY_MS = 20;

/**
 * The receiving side towards one peer. It asks for blocks, checks each against the sender's hash, writes it, and asks
 * for more as writes end. What it asks for is its only state on the wire: it can ask anew at any time.
 */
export class Receiver extends Emitter<{ changed: undefined }> {
  readonly #path: TransferPath;
  readonly #store: SinkStore;
  readonly #allPromisedBytes: () => number;
  readonly #endNotices: EndNotices;
  readonly #offers = new IncomingOffers();
  readonly #planner = new Planner();
  readonly #stallWatch = new StallWatch(
    () => [...this.#offers.files].some((file) => file.state === 'active' && file.lacking.length > 0),
    () => this.#askAgain(),
  );
  #askIsSoon = false;
  #generation = 1;
  /** Files whose `durable` the sender has not been told. */
  readonly #unreported = new Set<ReceivingFile>();
  readonly #unflushed = new Map<ReceivingFile, number>();
  #completed: { handle: number; hash: string }[] = [];
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #reportTimer: ReturnType<typeof setTimeout> | undefined;

  /** `promisedBytes` tells what all receivers that share the store have promised; by default there is only this one. */
  constructor(path: TransferPath, store: SinkStore, promisedBytes?: () => number) {
    super();
    this.#path = path;
    this.#store = store;
    this.#allPromisedBytes = promisedBytes ?? (() => this.promisedBytes);
    this.#endNotices = new EndNotices((handles, reason) => path.send({ type: 'stop', handles, reason }));
  }

  get offers(): Iterable<IncomingOffer> {
    return this.#offers.all;
  }

  /** Every file of every offer, in order. */
  get files(): Iterable<IncomingFile> {
    return this.#offers.files;
  }

  fileOf(id: string): IncomingFile | undefined {
    return this.#offers.byId(id);
  }

  /** Bytes of accepted files that are still to come, and so spoken for in the store. */
  get promisedBytes(): number {
    let bytes = 0;
    for (const file of this.#offers.files) if (file.state === 'active') bytes += file.size - file.durable;
    return bytes;
  }

  /** Bytes of the store that are neither taken nor promised. */
  async freeBytes(): Promise<number> {
    return (await this.#store.available()) - this.#allPromisedBytes();
  }

  /** Starts receiving an offer's files. Rejects with `no-space`, and leaves the offer open, if they do not fit. */
  async accept(id: string): Promise<void> {
    const offer = this.#offers.get(id);
    if (offer?.state !== 'open') return;
    const free = await this.freeBytes();
    if (offer.state !== 'open') return; // answered or withdrawn meanwhile
    const bytes = offer.files.reduce((sum, file) => sum + (file.state === 'offered' ? file.size : 0), 0);
    if (bytes > free) throw new TincanError('no-space', `${bytes} bytes do not fit into ${free}`);
    offer.state = 'accepted';
    this.#path.send({ type: 'accept', offer: id });
    for (const file of offer.files) {
      if (file.state !== 'offered') continue;
      file.state = 'active';
      this.#planner.add(file);
    }
    this.#ask();
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

  /** Stops one file and deletes what has arrived of it. Does nothing once it has ended. */
  cancel(id: string): void {
    const file = this.#offers.byId(id);
    if (file && isLive(file)) this.#end(file, 'cancelled', true);
  }

  /** The link is up (again): asks anew for everything that is missing. */
  handleLinkUp(): void {
    this.#askAnew('link');
    const verifying = [...this.#offers.files].filter((file) => file.state === 'verifying' && file.hash);
    this.#completed.push(...verifying.map(({ handle, hash }) => ({ handle, hash: hash! })));
    this.#report();
  }

  /** A lane is open: what the one before it swallowed unseen is asked for again. */
  handleLaneOpened(): void {
    this.#askAnew('lane');
  }

  /** A lane is gone, and what was on it. */
  handleLaneClosed(): void {
    this.#askAnew('lane');
  }

  handleMessage(message: SenderMessage): void {
    switch (message.type) {
      case 'offer': {
        const taken = this.#offers.take(message);
        if (taken.kind === 'refused') this.#path.send({ type: 'decline', offer: message.offer });
        if (taken.kind === 'repeated') this.#answerAgain(taken.offer, taken.handles);
        break;
      }
      case 'hashes':
        for (const { handle, block, hash } of message.hashes) {
          const file = this.#offers.byHandle(handle);
          const waiting =
            file?.state === 'active' ? file.expect(block, fromBase64Url(hash) ?? new Uint8Array()) : undefined;
          if (waiting) this.#check(file!, waiting);
        }
        break;
      case 'verified':
        for (const { handle, hash } of message.files) this.#handleVerified(handle, hash);
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
    this.#stallWatch.handleHeard();
    const placed = file.place(frame.value.offset, frame.value.bytes);
    if (placed === 'misplaced') this.#end(file, 'protocol', true);
    else if (placed) void this.#hash(file, placed);
  }

  /** The peer has left for good, or this page leaves it: what has not ended fails, and what arrived of it is deleted. */
  close(): void {
    for (const file of this.#offers.files) if (isLive(file)) this.#end(file, 'peer-left', false);
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#reportTimer);
    this.#stallWatch.stop();
  }

  /** The sender repeats an offer after a new link: whatever it may have missed is said again. */
  #answerAgain(offer: IncomingOffer, handles: readonly number[]): void {
    if (offer.state === 'declined') this.#path.send({ type: 'decline', offer: offer.id });
    if (offer.state === 'accepted') this.#path.send({ type: 'accept', offer: offer.id });
    for (const handle of handles) {
      const file = this.#offers.byHandle(handle);
      if (file?.hash && (file.state === 'verifying' || file.state === 'done')) {
        this.#completed.push({ handle, hash: file.hash });
      } else if (file?.state === 'failed' || file?.state === 'cancelled') {
        const reason = file.failure ?? 'cancelled';
        if (reason !== 'peer-left') this.#endNotices.add(handle, reason);
      }
    }
    this.#report();
  }

  // ---- asking

  /** Asks for as much as there is room for. */
  #ask(): void {
    const taken = this.#planner.take();
    for (const [file, blocks] of taken) {
      file.sink ??= this.#open(file);
      if (blocks.length > 0) continue;
      taken.delete(file); // an empty file is whole as it is
      void this.#finish(file, 0);
    }
    this.#sendWants(taken);
  }

  /** Asks once for all files that end in this turn, so that ending all of them begins none. */
  #askSoon(): void {
    if (this.#askIsSoon) return;
    this.#askIsSoon = true;
    queueMicrotask(() => {
      this.#askIsSoon = false;
      this.#ask();
    });
  }

  #sendWants(asked: ReadonlyMap<ReceivingFile, readonly number[]>): void {
    const wants = [...asked].map(([file, blocks]) => ({
      handle: file.handle,
      blocks: toRanges(blocks),
      durable: file.durable,
    }));
    for (const batch of inBatches(wants)) this.#path.send({ type: 'want', generation: this.#generation, wants: batch });
    if (wants.length > 0) this.#stallWatch.start();
  }

  /** Forgets what was asked for and did not arrive, and asks for it again. */
  #askAnew(lost: 'lane' | 'link'): void {
    this.#generation++;
    for (const file of this.#offers.files) {
      if (file.state !== 'active') continue;
      const blocks = file.reopen(lost);
      if (blocks.length === 0) continue;
      this.#planner.release(file, blocks);
      this.#planner.addFirst(file);
    }
    this.#ask();
  }

  /** Asks once more for what has not wholly come, without a loss that anybody knows of: what has arrived of it counts. */
  #askAgain(): void {
    this.#generation++;
    const active = [...this.#offers.files].filter((file) => file.state === 'active' && file.lacking.length > 0);
    this.#sendWants(new Map(active.map((file) => [file, file.lacking])));
  }

  // ---- wire to disk

  async #open(file: ReceivingFile): Promise<Sink> {
    try {
      return await this.#store.open();
    } catch (error) {
      this.#fail(file, error);
      throw error;
    }
  }

  async #hash(file: ReceivingFile, open: OpenBlock): Promise<void> {
    const hash = await hashBlock(open.bytes!);
    if (!file.isOpen(open)) return; // asked for anew, or ended
    open.hash = hash;
    this.#check(file, open);
  }

  #check(file: ReceivingFile, open: OpenBlock): void {
    const verdict = file.check(open);
    if (verdict === 'good') void this.#write(file, open);
    if (verdict !== 'bad') return;
    this.#planner.release(file, [open.block]);
    if (!file.askAgain(open)) {
      this.#end(file, 'corrupt', true);
      return;
    }
    this.#planner.addFirst(file);
    this.#ask();
  }

  async #write(file: ReceivingFile, open: OpenBlock): Promise<void> {
    const bytes = open.bytes!;
    const length = bytes.length;
    open.bytes = undefined; // the sink has them now
    open.hash = undefined;
    try {
      await (await file.sink!).write(open.block * BLOCK_BYTES, bytes);
    } catch (error) {
      this.#fail(file, error);
      return;
    }
    if (!file.isOpen(open)) return;
    file.markWritten(open);
    if (file.written.complete) {
      void this.#finish(file, open.block);
      return;
    }
    this.#planner.release(file, [open.block]);
    const unflushed = (this.#unflushed.get(file) ?? 0) + length;
    this.#unflushed.set(file, unflushed);
    if (unflushed >= FLUSH_BYTES) void this.#flush(file);
    else this.#flushTimer ??= setTimeout(() => this.#flushAll(), FLUSH_INTERVAL_MS);
    this.#ask();
  }

  #flushAll(): void {
    this.#flushTimer = undefined;
    for (const file of [...this.#unflushed.keys()]) void this.#flush(file);
  }

  async #flush(file: ReceivingFile): Promise<void> {
    this.#unflushed.delete(file);
    const { bytes } = file.written;
    try {
      await (await file.sink!).flush();
    } catch (error) {
      this.#fail(file, error);
      return;
    }
    if (file.state !== 'active') return;
    file.durable = Math.max(file.durable, bytes);
    this.#unreported.add(file);
    this.#report();
    this.emit('changed', undefined);
  }

  // ---- the end of a file

  /** Every block is written, `last` the last: makes the file durable and asks the sender to compare. */
  async #finish(file: ReceivingFile, last: number): Promise<void> {
    this.#unflushed.delete(file);
    file.state = 'verifying';
    try {
      const hash = await hashFile(file.blockHashes());
      const whole = await (await file.sink!).finish({ path: file.path, hash });
      if (file.state === 'verifying') {
        file.file = whole;
        file.hash = hash;
        file.durable = file.size;
        this.#unreported.delete(file);
        this.#completed.push({ handle: file.handle, hash });
      }
    } catch (error) {
      this.#fail(file, error);
    }
    this.#planner.release(file, [last]); // only now, so that the window bounds the open files
    this.#ask();
    // Small files end in crowds and share a message; the last of all waits for nobody.
    if (this.#planner.idle) this.#report();
    else this.#reportTimer ??= setTimeout(() => this.#report(), REPORT_DELAY_MS);
    this.emit('changed', undefined);
  }

  #handleVerified(handle: number, theirs: string): void {
    const file = this.#offers.byHandle(handle);
    if (file?.state !== 'verifying' || !file.hash) return;
    if (file.hash !== theirs) this.#end(file, 'hash-mismatch', true);
    else file.state = 'done';
    file.drop();
  }

  /** Tells the sender what became durable and what is complete. */
  #report(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    this.#sendWants(new Map([...this.#unreported].map((file) => [file, []])));
    this.#unreported.clear();
    const completed = this.#completed;
    this.#completed = [];
    for (const files of inBatches(completed)) this.#path.send({ type: 'complete', files });
  }

  #fail(file: ReceivingFile, error: unknown): void {
    if (!isLive(file)) return;
    this.#end(file, error instanceof TincanError && error.code === 'no-space' ? 'no-space' : 'sink-failed', true);
  }

  #end(file: ReceivingFile, reason: 'cancelled' | TransferFailure, tell: boolean): void {
    const wasActive = file.state !== 'offered';
    file.state = reason === 'cancelled' ? 'cancelled' : 'failed';
    file.failure = reason === 'cancelled' ? undefined : reason;
    file.file = undefined;
    this.#planner.release(file, file.drop());
    this.#unflushed.delete(file);
    this.#unreported.delete(file);
    if (tell && reason !== 'peer-left') this.#endNotices.add(file.handle, reason);
    void file.sink?.then((sink) => sink.discard()).catch(() => undefined); // what cannot be opened need not be deleted
    if (wasActive) this.#askSoon();
    this.emit('changed', undefined);
  }
}
