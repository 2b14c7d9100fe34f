import type { CallMessage } from '@tincan/shared/call';
import { Attendance } from '../attendance.ts';
import type { Sending } from '../call-state.ts';

export const NOTHING: Sending = { microphone: false, camera: false, screen: false };

type Said = Extract<CallMessage, { type: 'call' }>;

/** What a page of no good manners may say. */
export const saidOf = (call: string, asked: string[], changes: Partial<Said> = {}): Said => ({
  ...{ type: 'call', call, open: true, video: true, asked, members: [], heldBack: false, ...NOTHING },
  ...changes,
});

/** A room of pages whose links carry messages in order, one after another, until nothing is under way. */
export class Room {
  readonly pages = new Map<string, Page>();
  readonly #cut = new Set<string>();
  readonly #underWay: (() => void)[] = [];
  /** While set, messages wait: what was said at the same time crosses. */
  held = false;
  /** While set, messages are lost, and nobody knows it. */
  losing = false;

  enter(...names: string[]): Page[] {
    return names.map((name) => {
      const page = new Page(this, name);
      const others = [...this.pages.values()];
      this.pages.set(name, page);
      for (const other of others) this.mend(name, other.name);
      this.flush();
      return page;
    });
  }

  isLinked(a: string, b: string): boolean {
    return a !== b && this.pages.has(a) && this.pages.has(b) && !this.#cut.has([a, b].sort().join());
  }

  send(from: string, to: string, message: CallMessage): void {
    if (this.losing || !this.isLinked(from, to)) return;
    this.#underWay.push(() => this.isLinked(from, to) && this.pages.get(to)?.calls.handleMessage(from, message));
    if (!this.held) this.flush();
  }

  flush(): void {
    this.held = true;
    for (let next = this.#underWay.shift(); next; next = this.#underWay.shift()) next();
    this.held = false;
  }

  cut(a: string, b: string): void {
    this.#cut.add([a, b].sort().join());
  }

  mend(a: string, b: string): void {
    this.#cut.delete([a, b].sort().join());
    this.pages.get(a)?.calls.handleLinkUp(b);
    this.pages.get(b)?.calls.handleLinkUp(a);
  }

  remove(name: string): void {
    this.pages.delete(name);
    for (const { calls } of this.pages.values()) calls.handlePeerGone(name, true);
  }
}

export class Page {
  readonly name: string;
  readonly calls: Attendance;
  readonly events: string[] = [];
  readonly wanted = new Set<string>();

  constructor(room: Room, name: string) {
    this.name = name;
    this.calls = new Attendance({
      me: name,
      send: (session, message) => room.send(name, session, message),
      linked: () => [...room.pages.keys()].filter((other) => room.isLinked(name, other)),
    });
    this.calls.on('ended', ({ why, session }) => this.events.push(`${why} ${session}`));
    this.calls.on('wanted', ({ session, wanted }) => {
      if (wanted) this.wanted.add(session);
      else this.wanted.delete(session);
    });
  }

  /** `bob in, carol ringing`, or where it is in no call, what it could come to. */
  get view(): string {
    const { current, incoming, running } = this.calls;
    if (current)
      return (
        current.members
          .map(({ session, state }) => `${session} ${state}`)
          .sort()
          .join(', ') || 'alone'
      );
    if (incoming) return `rung by ${incoming.sessions.join(' and ')}`;
    return running ? `could join ${running.sessions.join(' and ')}` : 'nothing';
  }

  accept(): void {
    this.calls.enter(this.calls.incoming!.id);
  }

  decline(): void {
    this.calls.decline(this.calls.incoming!.id);
  }

  join(): void {
    this.calls.enter(this.calls.running!.id);
  }
}

export const views = (...pages: Page[]) => pages.map((page) => page.view);
