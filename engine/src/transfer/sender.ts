import type { FileEntry, ReceiverMessage, StopReason } from '@tincan/shared/link-message';
import { BLOCK_BYTES, PIECE_BYTES } from '@tincan/shared/limits';
import { Emitter } from '../platform/emitter.ts';
import { inBatches } from './batches.ts';
import { blockBytes, pieceCount, PIECES_PER_BLOCK } from './blocks.ts';
import { isLive, type TransferFile } from './file-state.ts';
import { HashTeller } from './hash-teller.ts';
import { MAX_QUEUED_PIECES, type ReadBlock } from './lane-feed.ts';
import { LaneFeeds } from './lane-feeds.ts';
import { Notices } from './notices.ts';
import { noteDone, SendingOffer, type OfferedSource, type SendingFile } from './outgoing-offer.ts';
import type { FrameLane, TransferFailure, TransferPath } from './path.ts';
import { isChange, type Source } from './source.ts';

type Want = Extract<ReceiverMessage, { type: 'want' }>;

type SenderEvents = {
  changed: undefined;
  /** The receiver has accepted it: from now on it goes on over visits. */
  accepted: SendingOffer;
  /** These files of the offer have ended, and the receiver knows how. */
  settled: { offer: SendingOffer; files: readonly SendingFile[] };
};

export interface SenderOptions {
  path: TransferPath;
  /** This page can remember its offers when it is closed. */
  keeps?: boolean;
}

/**
 * The sending side towards one peer: offers files, and answers on each lane what the receiver asks for on it. It keeps no position of its own:
 * whatever is lost, the receiver asks for again.
 */
export class Sender extends Emitter<SenderEvents> {
  readonly #path: TransferPath;
  readonly #keeps: boolean;
  readonly #offers = new Map<string, SendingOffer>();
  readonly #byId = new Map<string, SendingFile>();
  /** On the present link; a handle is never used twice. */
  readonly #byHandle = new Map<number, SendingFile>();
  #nextHandle = 1;
  #linked = false;
  readonly #endNotices: Notices<StopReason>;
  readonly #holdNotices: Notices<'person' | 'file' | 'none'>;
  readonly #feeds = new LaneFeeds((...asked) => this.#read(...asked));
  readonly #hashes: HashTeller;

  constructor({ path, keeps = false }: SenderOptions) {
    super();
    this.#path = path;
    this.#keeps = keeps;
    this.#hashes = new HashTeller(
      (message) => path.send(message),
      (file, error) => this.#handleUnreadable(file, error),
    );
    this.#endNotices = new Notices((handles, reason) => path.send({ type: 'withdraw', handles, reason }));
    this.#holdNotices = new Notices((handles, why) => path.send({ type: 'hold', handles, why }));
  }

  get offers(): Iterable<SendingOffer> {
    return this.#offers.values();
  }

  /** Every file of every offer, in order. */
  get files(): Iterable<TransferFile> {
    return this.#byId.values();
  }

  fileOf(id: string): SendingFile | undefined {
    return this.#byId.get(id);
  }

  /** Offers up to `MAX_FILES_PER_OFFER` files together; the other person accepts or declines them together. */
  offer(sources: readonly OfferedSource[]): SendingOffer {
    const offer = SendingOffer.make(sources);
    this.adopt(offer);
    if (this.#linked) this.#sendOffer(offer);
    return offer;
  }

  /** An offer of an earlier visit, or to another session of this peer, which has proved to be the other end of it. */
  adopt(offer: SendingOffer): void {
    this.#offers.set(offer.id, offer);
    for (const file of offer.files) this.#byId.set(file.id, file);
    this.emit('changed', undefined);
  }

  /** The offer goes on elsewhere: nothing more is done about it here. */
  release(offer: SendingOffer): void {
    this.#offers.delete(offer.id);
    for (const file of offer.files) {
      this.#byId.delete(file.id);
      this.#unname(file);
    }
    this.emit('changed', undefined);
  }

  /** Takes files back, whatever has been sent of them. One that is done is left alone. */
  cancel(ids: readonly string[]): void {
    for (const id of ids) {
      const file = this.#byId.get(id);
      if (file && (isLive(file) || file.state === 'failed')) this.#end(file, 'cancelled', true);
    }
  }

  /** Sends nothing of a file for now. */
  pause(id: string): void {
    const file = this.#byId.get(id);
    if (file?.state !== 'active' || file.here !== 'none') return;
    file.here = 'person';
    this.#feeds.drop(file);
    this.#tellHold(file);
    this.emit('changed', undefined);
  }

  /** Goes on with a file that is paused or has failed. */
  resume(id: string): void {
    const file = this.#byId.get(id);
    if (!file || (file.state !== 'failed' && file.here !== 'person')) return;
    this.#goOn(file);
  }

  /** The person has given a file of an earlier visit again. */
  give(id: string, source: Source): void {
    const file = this.#byId.get(id);
    if (!file || file.size !== source.size) return;
    file.source = source;
    this.#hashes.forget(file);
    if (file.here === 'file') this.#goOn(file);
  }

  /** The link is up: says what is offered on it, under new handles, and the receiver asks for what it still lacks. */
  handleLinkUp(): void {
    this.#linked = true;
    for (const offer of this.#offers.values()) this.#sendOffer(offer);
  }

  handleLinkDown(): void {
    this.#linked = false;
    for (const file of this.#byId.values()) this.#unname(file);
    this.#byHandle.clear();
    this.#hashes.clear();
    this.#feeds.closeAll();
    this.emit('changed', undefined);
  }

  /** A lane is open: what is asked for on it goes out on it until it closes. */
  handleLaneOpened(lane: FrameLane): void {
    for (const want of this.#feeds.open(lane)) this.#handleWant(want);
  }

  handleLaneClosed(lane: FrameLane): void {
    this.#feeds.close(lane);
  }

  handleMessage(message: ReceiverMessage): void {
    switch (message.type) {
      case 'accept':
        this.#handleAccept(message.offer, message.keeps);
        break;
      case 'decline':
        for (const file of this.#offers.get(message.offer)?.files ?? [])
          if (file.state === 'offered') [file.state, file.settled] = ['declined', true];
        break;
      case 'want':
        this.#handleWant(message);
        return; // nothing that is seen has changed
      case 'durable':
        for (const { handle, durable } of message.files) this.#noteDurable(this.#byHandle.get(handle), durable);
        break;
      case 'have': {
        const file = this.#byHandle.get(message.handle);
        if (file) this.#hashes.tellAgain(file, message.blocks);
        return;
      }
      case 'complete':
        void this.#verify(message.files);
        return;
      case 'done':
        this.#settle(message.handles.flatMap((handle) => this.#byHandle.get(handle) ?? []).filter(noteDone));
        break;
      case 'pause':
        for (const handle of message.handles) this.#handlePause(this.#byHandle.get(handle), message.why);
        break;
      case 'stop':
        for (const handle of message.handles) {
          const file = this.#byHandle.get(handle);
          if (file && isLive(file)) this.#end(file, message.reason, false);
          if (file && message.reason === 'cancelled') this.#settle([file]);
        }
        break;
    }
    this.emit('changed', undefined);
  }

  /** The peer has left for good: what it cannot or need not come back for has ended. What it has accepted and keeps stays as it is. */
  handlePeerLeft(): void {
    for (const offer of this.#offers.values())
      if (!(offer.accepted && offer.receiverKeeps))
        for (const file of offer.files) if (isLive(file)) this.#end(file, 'peer-left', false);
  }

  // ---- offers

  #sendOffer(offer: SendingOffer): void {
    const files = offer.files.filter(({ settled }) => !settled);
    if (files.length === 0) return;
    if (offer.isLive) this.#path.openLanes(); // before the answer, so that they are ready when it comes
    const entries = files.map((file): FileEntry => {
      this.#unname(file);
      const handle = this.#nextHandle++;
      file.handle = handle;
      this.#byHandle.set(handle, file);
      return { id: file.id, handle, path: file.path, size: file.size, modified: file.modified };
    });
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const whole = {
      type: 'offer',
      offer: offer.id,
      key: offer.key,
      keeps: this.#keeps,
      files: files.length,
      bytes,
    } as const;
    let start = 0;
    for (const batch of inBatches(entries)) {
      this.#path.send({ ...whole, start, entries: batch });
      start += batch.length;
    }
    for (const file of files) {
      file.there = 'none'; // what still pauses it, the receiver says after its answer
      if (file.here !== 'none' && isLive(file)) this.#tellHold(file);
      if (file.state === 'failed' || file.state === 'cancelled') this.#tellEnd(file);
    }
  }

  #handleAccept(id: string, keeps: boolean): void {
    const offer = this.#offers.get(id);
    if (!offer) return;
    offer.receiverKeeps = keeps;
    for (const file of offer.files) if (file.state === 'offered') file.state = 'active';
    if (offer.accepted) return;
    offer.accepted = true;
    this.emit('accepted', offer);
  }

  // ---- what the receiver asks for

  #handleWant(want: Want): void {
    const feed = this.#feeds.feedFor(want);
    if (!feed) return;
    for (const { handle, pieces, durable } of want.wants) {
      const file = this.#byHandle.get(handle);
      if (!file || (!isLive(file) && file.state !== 'done')) {
        this.#refuse(handle, file);
        continue;
      }
      if (file.settled) continue; // it has said itself that it has it
      // What it had has been lost with its page, or has gone bad on its disk.
      if (file.state === 'verifying' || file.state === 'done') this.#revive(file);
      this.#noteDurable(file, durable);
      // A want accepts too: no honest receiver asks before.
      if (!file.offer.accepted) this.#handleAccept(file.offer.id, file.offer.receiverKeeps);
      const last = pieceCount(file.size);
      for (const [first, count] of pieces) {
        if (first + count <= last && count <= MAX_QUEUED_PIECES && feed.ask(file, first, count, want.now)) continue;
        this.#end(file, 'protocol', true);
        break;
      }
    }
  }

  /** Reads a block, of which these pieces are asked for. Its hash is told with its first piece. */
  async #read(...[file, block, pieces]: Parameters<ReadBlock>): Promise<Awaited<ReturnType<ReadBlock>>> {
    if (!file.source) return undefined;
    const isWhole = pieces.length * PIECE_BYTES >= blockBytes(file.size, block);
    try {
      const bytes = await (isWhole ? file.source.readBlock(block) : file.source.recentBlock(block));
      if (pieces[0] === block * PIECES_PER_BLOCK)
        void this.#hashes.tell(file, block, bytes.length > PIECE_BYTES ? 'at-once' : 'soon');
      return bytes;
    } catch (error) {
      this.#handleUnreadable(file, error);
      return undefined;
    }
  }

  #handleUnreadable(file: SendingFile, error: unknown): void {
    if (!isLive(file)) return;
    console.warn('A file that is being sent cannot be read, or has changed.', error);
    this.#end(file, isChange(error) ? 'source-changed' : 'source-unreadable', true);
  }

  /** The receiver has these files whole: both sides compare the hashes, each for itself. */
  async #verify(files: Extract<ReceiverMessage, { type: 'complete' }>['files']): Promise<void> {
    const ours: { handle: number; hash: string }[] = [];
    const tell = () => {
      if (ours.length > 0) this.#path.send({ type: 'verified', files: ours.splice(0) });
    };
    for (const { handle, hash: theirs } of files) {
      const file = this.#byHandle.get(handle);
      if (!file || (!isLive(file) && file.state !== 'done')) {
        this.#refuse(handle, file);
        continue;
      }
      if (!file.source) continue; // once the file is given again, it is offered again
      if (file.size > BLOCK_BYTES) tell(); // those before it need not wait until it is read once more
      try {
        if (file.state !== 'done') {
          file.state = 'verifying';
          file.hash = await file.source.fileHash(() => file.state === 'verifying');
        }
      } catch (error) {
        if (file.state === 'verifying') this.#handleUnreadable(file, error); // else nobody waits for it any more
        continue;
      }
      if (file.state !== 'verifying' && file.state !== 'done') continue;
      // What was given again for a file of an earlier visit is another one.
      if (file.hash !== theirs && file.offer.to !== undefined) {
        this.#end(file, 'source-changed', true);
        continue;
      }
      ours.push({ handle, hash: file.hash! });
      if (file.hash === theirs) [file.state, file.durable] = ['done', file.size];
      else this.#end(file, 'hash-mismatch', false); // the receiver sees the same from our hash
    }
    tell();
    this.emit('changed', undefined);
  }

  // ---- holds and ends

  #noteDurable(file: SendingFile | undefined, durable: number): void {
    if (file && isLive(file)) file.durable = Math.min(durable, file.size);
  }

  #handlePause(file: SendingFile | undefined, why: 'person' | 'space' | 'none'): void {
    if (!file || (!isLive(file) && file.state !== 'failed')) return;
    file.there = why;
    if (why !== 'none') this.#feeds.drop(file);
    else if (file.state === 'failed') this.#revive(file);
  }

  #goOn(file: SendingFile): void {
    if (file.state === 'failed') this.#revive(file);
    file.here = file.source ? 'none' : 'file';
    this.#tellHold(file);
    this.emit('changed', undefined);
  }

  #revive(file: SendingFile): void {
    // Whichever file it was to be, its person says anew.
    if (file.failure === 'source-changed') {
      file.source = undefined;
      file.here = 'file';
      this.#tellHold(file);
    }
    file.state = 'active';
    file.failure = undefined;
    file.hash = undefined;
  }

  #tellHold({ handle, here }: SendingFile): void {
    if (handle !== undefined) this.#holdNotices.add(handle, here === 'space' ? 'none' : here);
  }

  #settle(files: readonly SendingFile[]): void {
    for (const file of files) file.settled = true;
    for (const offer of new Set(files.map((file) => file.offer)))
      this.emit('settled', { offer, files: files.filter((file) => file.offer === offer) });
  }

  #end(file: SendingFile, reason: 'cancelled' | TransferFailure, tell: boolean): void {
    file.state = reason === 'cancelled' ? 'cancelled' : 'failed';
    file.failure = reason === 'cancelled' ? undefined : reason;
    this.#feeds.drop(file);
    if (tell) this.#tellEnd(file);
    // Whoever takes a file back will not send it at a later visit either.
    if (reason === 'cancelled') this.emit('settled', { offer: file.offer, files: [file] });
    this.emit('changed', undefined);
  }

  #tellEnd({ handle, failure }: SendingFile): void {
    if (handle !== undefined && failure !== 'peer-left') this.#endNotices.add(handle, failure ?? 'cancelled');
  }

  #unname(file: SendingFile): void {
    if (file.handle !== undefined) this.#byHandle.delete(file.handle);
    file.handle = undefined;
  }

  /** Answers a question about a transfer that has ended here, or never was. */
  #refuse(handle: number, file: SendingFile | undefined): void {
    const ended = file?.state === 'cancelled' ? 'cancelled' : file?.failure;
    const reason = ended === undefined || ended === 'peer-left' ? 'unknown-transfer' : ended;
    this.#endNotices.add(handle, reason);
  }
}
