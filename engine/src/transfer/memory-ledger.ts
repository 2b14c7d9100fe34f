import { TincanError } from '../platform/errors.ts';
import { Holders } from './holders.ts';
import { KEEP_UNFINISHED_MS } from './expiry.ts';
import type { Ledger, OfferedFile, OfferRecord, SourceHandle } from './ledger.ts';

interface Kept {
  record: OfferRecord;
  /** Those that have not ended, by their ids. */
  readonly left: Map<string, OfferedFile>;
  readonly handles: Map<string, SourceHandle>;
}

/** What several pages of a test share, as pages share a disk. */
interface Memory {
  readonly kept: Map<string, Kept>;
  readonly holders: Holders;
}

/** Remembers offers for as long as the page is open: for browsers that keep nothing, and for tests. */
export class MemoryLedger implements Ledger {
  readonly outlivesPage: boolean;
  readonly #now: () => number;
  readonly #memory: Memory;

  /** `outlivesPage`: only a test says so. */
  constructor(options: { outlivesPage?: boolean; now?: () => number } = {}, beside?: MemoryLedger) {
    this.outlivesPage = beside?.outlivesPage ?? options.outlivesPage ?? false;
    this.#now = options.now ?? Date.now;
    this.#memory = beside ? beside.#memory : { kept: new Map(), holders: new Holders() };
  }

  /** The ledger of another page over the same memory. */
  beside(options: { now?: () => number } = {}): MemoryLedger {
    return new MemoryLedger(options, this);
  }

  /** The page is killed and loaded anew: what was held is let go of. */
  reopened(options: { now?: () => number } = {}): MemoryLedger {
    void this.close();
    return this.beside(options);
  }

  async keep(record: OfferRecord, handles: ReadonlyMap<string, SourceHandle>): Promise<void> {
    await this.#hold(record.offer);
    const left = new Map(record.files.map((file) => [file.id, file]));
    this.#memory.kept.set(record.offer, { record, left, handles: new Map(handles) });
  }

  async end(offer: string, files: readonly string[]): Promise<void> {
    const kept = this.#memory.kept.get(offer);
    if (!kept) return;
    for (const id of files) {
      kept.handles.delete(id);
      kept.left.delete(id);
    }
    kept.record = { ...kept.record, usedAt: this.#now() };
    if (kept.left.size > 0) return;
    this.#memory.kept.delete(offer);
    this.#memory.holders.release(offer, this);
  }

  async moveTo(offer: string, link: string): Promise<void> {
    const kept = this.#memory.kept.get(offer);
    if (kept) kept.record = { ...kept.record, link, usedAt: this.#now() };
  }

  async list(): Promise<OfferRecord[]> {
    const { kept, holders } = this.#memory;
    for (const [offer, { record }] of kept)
      if (!holders.has(offer) && this.#now() - record.usedAt > KEEP_UNFINISHED_MS) kept.delete(offer);
    return [...kept.values()].map(({ record, left }) => ({ ...record, files: [...left.values()] }));
  }

  async take(offer: string): Promise<ReadonlyMap<string, SourceHandle>> {
    await this.#hold(offer);
    const kept = this.#memory.kept.get(offer);
    if (kept) {
      kept.record = { ...kept.record, usedAt: this.#now() };
      return new Map(kept.handles);
    }
    this.#memory.holders.release(offer, this);
    throw new TincanError('gone', `the offer ${offer} is not remembered`);
  }

  async close(): Promise<void> {
    for (const offer of this.#memory.holders.of(this)) this.#memory.holders.release(offer, this);
  }

  async #hold(offer: string): Promise<void> {
    if (!this.#memory.holders.has(offer, this)) await this.#memory.holders.take(offer, this);
  }
}
