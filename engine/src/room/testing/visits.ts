// People who visit a room, one page after the other: what a page leaves on the disk, and in the ledger, the next one finds.
import type { LinkMessage } from '@tincan/shared/link-message';
import { FakePage } from '../../rtc/testing/fake-room.ts';
import { fingerprintLine } from '../../rtc/testing/linked-connections.ts';
import { network, room } from '../../rtc/testing/in-a-room.ts';
import type { TransferFile } from '../../transfer/file-state.ts';
import { MemoryLedger } from '../../transfer/memory-ledger.ts';
import { MemoryStore } from '../../transfer/memory-store.ts';
import { Source } from '../../transfer/source.ts';
import type { GivenFiles } from '../../transfer/testing/given-files.ts';
import { hashAtOnce } from '../../transfer/testing/hash-at-once.ts';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { Exchanges } from '../exchanges.ts';

const LINK = 'https://tincan.test/#room';
// Before any clock is a test's.
const realTurn = setImmediate;
const realNow = performance.now.bind(performance);

beforeEach(() => {
  hashAtOnce();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** One browser of one person. */
export class Visitor {
  readonly name: string;
  store = new MemoryStore({ outlivesPage: true });
  ledger = new MemoryLedger({ outlivesPage: true });
  /** The link of the room where they are. */
  link = LINK;
  /** Accepts whatever is offered. */
  accepts = true;
  /** What is said and sent to this person's pages, in order. */
  readonly heard: (LinkMessage | 'frame')[] = [];
  /** Called after each. */
  onHeard: (what: LinkMessage | 'frame') => void = () => {};
  /** What could not be accepted, and why. */
  readonly refused: unknown[] = [];
  page!: FakePage;
  exchanges!: Exchanges;
  #visits = 0;
  readonly #answered = new Set<string>();

  constructor(name: string) {
    this.name = name;
  }

  /** The page is opened, or loaded anew, and is in the room. */
  async enter(): Promise<this> {
    const page = new FakePage(room, network, `${this.name}${++this.#visits}`);
    const { mesh, session } = page;
    const exchanges = new Exchanges({
      me: session,
      mesh,
      store: this.store,
      ledger: this.ledger,
      link: () => this.link,
    });
    [this.page, this.exchanges] = [page, exchanges];
    mesh.on('peer-added', ({ link, lanes }) => {
      link.on('message', (message) => this.#hear(message));
      lanes.on('frame', () => this.#hear('frame'));
    });
    exchanges.on('changed', () => this.accepts && this.#acceptAll(exchanges));
    await exchanges.restore();
    page.enter();
    return this;
  }

  /** The page is gone in the middle of whatever it did, and nobody is told. What was not flushed is lost. */
  kill({ seen = true } = {}): void {
    const { page, exchanges } = this;
    this.store = this.store.reopened();
    this.ledger = this.ledger.reopened();
    const line = fingerprintLine(`${this.name}${this.#visits}`);
    for (const connection of network.connections.filter((each) => each.certificateLine === line)) {
      if (seen) connection.cut();
      else connection.cutOneEnd();
    }
    for (const { receiver, sender } of exchanges.all) {
      receiver.close();
      sender.handleLinkDown();
    }
    page.leave();
    page.mesh.close();
  }

  async reload(options?: { seen: boolean }): Promise<void> {
    this.kill(options);
    await this.enter();
  }

  /** The page is closed as it should be: everyone is told. */
  async close(): Promise<void> {
    this.page.mesh.close();
    this.page.leave();
    await this.exchanges.close();
  }

  offer(to: Visitor, files: GivenFiles): void {
    const sources = Object.entries(files).map(([path, bytes]) => ({ path, source: new Source(new Blob([bytes])) }));
    this.exchanges.offer(to.page.session, sources);
  }

  /** Gives files again that an earlier page had, as its person would choose them; says which nobody waits for. */
  give(files: GivenFiles): string[] {
    const chosen = Object.entries(files).map(([path, bytes]) => ({ path, file: new File([bytes], path) }));
    return this.exchanges.wanted.give(chosen).map(({ path }) => path);
  }

  get sent(): TransferFile[] {
    return [...this.exchanges.all].flatMap(({ sender }) => [...sender.files]);
  }

  get received(): TransferFile[] {
    return [...this.exchanges.all].flatMap(({ receiver }) => [...receiver.files]);
  }

  /** `path: state`, of everything that this page knows of. */
  get view(): { sent: string[]; received: string[] } {
    const say = ({ path, state, failure }: TransferFile) => `${path}: ${failure ?? state}`;
    return { sent: this.sent.map(say), received: this.received.map(say) };
  }

  /** Of everything that is kept on the disk: how each file ended. */
  async ends(): Promise<Record<string, string>> {
    const ends: Record<string, string> = {};
    for (const { manifest, ends: noted } of await this.store.list())
      manifest.files.forEach(({ path }, place) => (ends[path] = noted.get(place)?.end ?? 'unfinished'));
    return ends;
  }

  /** The bytes of a file that was received whole, by this page or an earlier one. */
  async bytesOf(path: string): Promise<Uint8Array> {
    for (const { receiver } of this.exchanges.all)
      for (const file of receiver.files)
        if (file.path === path && file.state === 'done') return read(await receiver.open(file.id));
    for (const { folder: name, manifest } of await this.store.list()) {
      const place = manifest.files.findIndex((file) => file.path === path);
      if (place < 0) continue;
      const folder = await this.store.take(name);
      const bytes = await read(await folder.open(place));
      await folder.close();
      return bytes;
    }
    throw new Error(`there is no ${path}`);
  }

  #hear(what: LinkMessage | 'frame'): void {
    this.heard.push(what);
    this.onHeard(what);
  }

  #acceptAll(exchanges: Exchanges): void {
    for (const { receiver } of exchanges.all)
      for (const { id, state } of receiver.offers) {
        if (state !== 'open' || this.#answered.has(id)) continue;
        this.#answered.add(id);
        void receiver.accept(id).catch((error: unknown) => this.refused.push(error));
      }
  }
}

/** Alice and bob, linked. */
export async function inARoom(): Promise<{ alice: Visitor; bob: Visitor }> {
  const [alice, bob] = [await new Visitor('alice').enter(), await new Visitor('bob').enter()];
  await passUntil(
    () => [...alice.exchanges.all].some(({ linked }) => linked),
    () => alice.page.view,
  );
  return { alice, bob };
}

/** Every file is whole at the receiver, that stands on its disk, and the sender has nothing left to remember. */
export async function expectAllDone(alice: Visitor, bob: Visitor, files: GivenFiles): Promise<void> {
  const isOver = async () => {
    const ends = await bob.ends();
    return (await alice.ledger.list()).length === 0 && Object.keys(files).every((path) => ends[path] === 'done');
  };
  await passUntil(isOver, () => [alice.view, bob.view, alice.page.view, bob.page.view]);
  for (const [path, bytes] of Object.entries(files))
    expect(Buffer.compare(await bob.bytesOf(path), bytes), path).toBe(0);
  await passUntil(
    () => alice.sent.every(({ state }) => state === 'done'),
    () => alice.view,
  );
  expect(alice.exchanges.wanted.all).toEqual([]);
}

/** The first file that this person has offered is accepted, and on its way. */
export async function untilAccepted(visitor: Visitor): Promise<void> {
  await passUntil(
    () => visitor.sent[0]!.state === 'active',
    () => visitor.view,
  );
}

/** Lets the time pass until something holds, 20 ms at a time and more later; fails with `what` after ten minutes of it (and, on a slow machine, some real seconds). */
export async function passUntil(holds: () => boolean | Promise<boolean>, what: () => unknown): Promise<void> {
  const deadline = realNow() + 4_000;
  for (let turn = 0; !(await holds()); turn++) {
    if (turn >= 3_000 && realNow() > deadline) throw new Error(`never: ${JSON.stringify(what())}`);
    await passSome(turn < 1_500 ? 20 : 400);
  }
}

export async function passSome(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await new Promise<void>((resolve) => void realTurn(resolve));
}

async function read(blob: Blob | undefined): Promise<Uint8Array> {
  return new Uint8Array(await blob!.arrayBuffer());
}
