// Random faults over two whole engines and real data channels, in one process.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NodeRoom, type NodePage } from '../node/testing/node-room.ts';
import { MemoryLedger } from '../transfer/memory-ledger.ts';
import { MemoryStore } from '../transfer/memory-store.ts';
import { Source } from '../transfer/source.ts';
import { bytesOf } from '../transfer/testing/given-files.ts';
import { Exchanges } from './exchanges.ts';

const LINK = 'https://tincan.test/#room';
const NAME = 'long.bin';
const SIZE = 48 * BLOCK_BYTES + 12_345;
const FAULTS = ['lane', 'link', 'receiver reloaded', 'receiver killed', 'sender reloaded', 'both reloaded'] as const;

/** One browser of one person: what outlives its pages, and the page that is open now. */
class Person {
  readonly name: string;
  readonly room: NodeRoom;
  store = new MemoryStore({ outlivesPage: true });
  ledger = new MemoryLedger({ outlivesPage: true });
  page!: NodePage;
  exchanges!: Exchanges;
  onChanged: () => void = () => {};

  constructor(room: NodeRoom, name: string) {
    this.room = room;
    this.name = name;
  }

  async enter(how: 'enter' | 'reload' | 'replace' = 'enter'): Promise<void> {
    if (how !== 'enter') this.#leave();
    this.page = await this.room[how](this.name, {}, async ({ mesh, identity: { session: me } }) => {
      const { store, ledger } = this;
      this.exchanges = new Exchanges({ me, mesh, store, ledger, link: () => LINK });
      this.exchanges.on('changed', () => this.#handleChanged());
      await this.exchanges.restore();
    });
  }

  get sent() {
    return [...this.exchanges.all].flatMap(({ sender }) => [...sender.files]);
  }
  get received() {
    return [...this.exchanges.all].flatMap(({ receiver }) => [...receiver.files]);
  }

  /** As a page that is killed: what was not flushed is lost, and what was held is let go of. */
  #leave(): void {
    this.store = this.store.reopened();
    this.ledger = this.ledger.reopened();
    for (const { receiver } of this.exchanges.all) receiver.close();
  }

  #handleChanged(): void {
    for (const { receiver } of this.exchanges.all)
      for (const { id, state } of receiver.offers) if (state === 'open') void receiver.accept(id);
    this.onChanged();
  }
}

/** Numbers that look random and are the same each time (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let room: NodeRoom;
beforeEach(() => {
  room = new NodeRoom();
});
afterEach(() => room.close());

it.each([1, 2, 3])(
  'whatever happens to lanes, links and pages, the file arrives as it was (seed %d)',
  async (seed) => {
    const next = random(seed);
    const bytes = bytesOf(SIZE, seed);
    const file = new File([bytes], NAME);
    const [alice, bob] = [new Person(room, 'alice'), new Person(room, 'bob')];
    await alice.enter();
    await bob.enter();
    /** Resolves once this is so; it is looked at whenever anything changes at bob. */
    const reached = (isSo: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => isSo() && resolve();
        bob.onChanged = look;
        look();
      });
    alice.exchanges.offer(bob.page.identity.session, [{ path: NAME, source: new Source(file) }]);
    for (let fault = 1; fault <= 6; fault++) {
      await reached(() => (bob.received[0]?.durable ?? 0) >= (SIZE * fault) / 8);
      const what = FAULTS[Math.floor(next() * FAULTS.length)]!;
      if (what === 'lane') room.cut(alice.page, bob.page, 'lane-0');
      if (what === 'link') room.cut(alice.page, bob.page);
      if (what === 'receiver killed') await bob.enter('replace');
      if (what === 'receiver reloaded' || what === 'both reloaded') await bob.enter('reload');
      if (what === 'sender reloaded' || what === 'both reloaded') {
        await alice.enter('reload');
        expect(alice.exchanges.wanted.give([{ path: NAME, file }])).toEqual([]);
      }
    }
    await reached(() => bob.received[0]?.state === 'done');
    expect(bob.received).toHaveLength(1);
    const receiver = [...bob.exchanges.all].map((each) => each.receiver).find((each) => [...each.files].length > 0);
    const blob = await receiver?.open(bob.received[0]!.id);
    expect(Buffer.compare(new Uint8Array(await blob!.arrayBuffer()), bytes)).toBe(0);
    expect(alice.sent.map(({ state, hash }) => [state, hash])).toEqual([['done', bob.received[0]!.hash]]);
  },
  60_000,
);
