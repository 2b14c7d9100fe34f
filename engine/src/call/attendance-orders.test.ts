import type { CallMessage } from '@tincan/shared/call';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Attendance } from './attendance.ts';

/** Far more rounds than any exchange of words needs: what is not over by then never is. */
const MOST_ROUNDS = 200;

/** Pages with a link between every two, which keeps the order of each direction and delivers when it is told to. */
class Network {
  readonly pages = new Map<string, Attendance>();
  readonly #names: readonly string[];
  readonly #up = new Set<string>();
  /** By `pathOf`. */
  readonly #underWay = new Map<string, CallMessage[]>();

  constructor(names: readonly string[]) {
    this.#names = names;
    for (const name of names) {
      const send = (to: string, message: CallMessage) => {
        if (this.isUp(name, to)) this.#underWay.set(pathOf(name, to), [...this.#sentTo(to, name), message]);
      };
      const linked = () => names.filter((other) => this.isUp(name, other));
      this.pages.set(name, new Attendance({ me: name, send, linked }));
    }
    this.mendAll();
  }

  isUp(a: string, b: string): boolean {
    return this.#up.has(pathOf(a, b));
  }

  cut(a: string, b: string): void {
    for (const path of [pathOf(a, b), pathOf(b, a)]) {
      this.#up.delete(path);
      this.#underWay.delete(path);
    }
  }

  mend(a: string, b: string): void {
    if (this.isUp(a, b)) return;
    this.#up.add(pathOf(a, b)).add(pathOf(b, a));
    this.pages.get(a)!.handleLinkUp(b);
    this.pages.get(b)!.handleLinkUp(a);
  }

  mendAll(): void {
    for (const [a, b] of this.#pairs()) this.mend(a, b);
  }

  /** The next of what `from` has said to `to`. */
  deliver(to: string, from: string): void {
    const [message, ...rest] = this.#sentTo(to, from);
    this.#underWay.set(pathOf(from, to), rest);
    if (message) this.pages.get(to)!.handleMessage(from, message);
  }

  /** Until nothing is under way; false if that never happens. What is said in a round arrives in the next one. */
  settle(): boolean {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const sent = this.#pairs().map(([to, from]) => [to, from, this.#sentTo(to, from).length] as const);
      if (sent.every(([, , count]) => count === 0)) return true;
      for (const [to, from, count] of sent) for (let each = 0; each < count; each++) this.deliver(to, from);
    }
    return false;
  }

  #pairs(): [string, string][] {
    return this.#names.flatMap((a) => this.#names.flatMap((b): [string, string][] => (a === b ? [] : [[a, b]])));
  }

  #sentTo(to: string, from: string): CallMessage[] {
    return this.#underWay.get(pathOf(from, to)) ?? [];
  }
}

const pathOf = (from: string, to: string) => `${from} to ${to}`;

const NAMES = ['alice', 'bob', 'carol', 'dave'];
const WHAT = [
  ...['calls everyone', 'calls one', 'accepts', 'declines', 'joins', 'leaves'],
  ...['loses the link to', 'finds again', 'forgets', 'waits for', 'hears from', 'hears again from'],
] as const;

/** One thing that a person does, or that happens; what the page would not offer is not done. */
interface Step {
  what: string;
  name: string;
  other: string;
  ms: number;
}

const stepsOf = (names: readonly string[]) =>
  fc.array(
    fc.record({
      what: fc.constantFrom(...WHAT),
      name: fc.constantFrom(...names),
      other: fc.constantFrom(...names),
      ms: fc.nat(20_000),
    }),
    { minLength: 8, maxLength: 30, size: 'max' },
  );

function take({ what, name, other, ms }: Step, network: Network): void {
  if (name === other) return;
  const page = network.pages.get(name)!;
  const { current, incoming, running } = page;
  const isUp = network.isUp(name, other);
  const isAsked = current?.members.some((its) => its.session === other && ['in', 'ringing'].includes(its.state));
  if (what === 'calls everyone' && !current && !running) page.start({ video: false });
  if (what === 'calls one' && isUp && !isAsked) page.start({ video: false, to: other });
  if (what === 'accepts' && incoming) page.enter(incoming.id);
  if (what === 'declines' && incoming) page.decline(incoming.id);
  if (what === 'joins' && running) page.enter(running.id);
  if (what === 'leaves') page.leave();
  if (what === 'loses the link to') network.cut(name, other);
  if (what === 'finds again') network.mend(name, other);
  if (what === 'forgets' && !isUp) page.handlePeerGone(other, false);
  if (what === 'waits for') vi.advanceTimersByTime(ms);
  if (what.startsWith('hears')) network.deliver(name, other);
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([2, 3, 4])(
  '[CALL-1] [CALL-5] [CALL-7] of %i, in whatever order things happen, all agree in the end on who is in which call',
  (count) => {
    const names = NAMES.slice(0, count);
    fc.assert(
      fc.property(stepsOf(names), (steps) => {
        const network = new Network(names);
        for (const step of steps) take(step, network);
        network.mendAll();
        for (const ms of [0, 46_000, 6_000]) {
          vi.advanceTimersByTime(ms); // until every ring has ended
          expect(network.settle(), 'they come to an end').toBe(true);
        }
        for (const name of names) {
          const page = network.pages.get(name)!;
          const id = page.current?.id;
          const there = names.filter((each) => each !== name && network.pages.get(each)!.current?.id === id);
          expect(names.filter((each) => page.isWith(each))).toEqual(id === undefined ? [] : there);
          expect(id !== undefined && there.length === 0, 'nobody is in a call alone').toBe(false);
        }
        for (const page of network.pages.values()) page.close();
      }),
      { numRuns: 2_000, seed: 1 },
    );
  },
);

test('[CALL-5] two who hear of each other’s leaving late do not answer each other for ever', () => {
  const network = new Network(['alice', 'bob', 'carol']);
  const [alice, bob, carol] = [...network.pages.values()] as [Attendance, Attendance, Attendance];
  // What each says when the links come up is still under way: all but carol's to alice.
  network.deliver('bob', 'alice');
  network.deliver('carol', 'alice');
  alice.start({ video: false, to: 'carol' });
  network.deliver('alice', 'bob');
  network.deliver('carol', 'alice');
  network.deliver('carol', 'bob');
  carol.start({ video: false, to: 'alice' });
  network.deliver('bob', 'carol');
  alice.start({ video: false, to: 'bob' });
  carol.start({ video: false, to: 'bob' });
  expect(network.settle()).toBe(true);
  for (const page of [alice, bob, carol]) page.close();
});
