import type { SessionId } from '@tincan/shared/introduction';
import type { Mesh } from '@tincan/engine/rtc/mesh';
import { Texts, type SentText, type TextRefusal } from '@tincan/engine/room/texts';
import type { ChatView } from './views.ts';

/** The newest texts that are kept. */
const MAX_MESSAGES = 1_000;

/** The texts of a room, and what has become of this person's own. */
export class Messages {
  readonly #ownName: () => string;
  readonly #nameOf: (session: SessionId) => string;
  #all = $state.raw<readonly ChatView[]>([]);
  #texts: Texts | undefined;

  constructor(ownName: () => string, nameOf: (session: SessionId) => string) {
    this.#ownName = ownName;
    this.#nameOf = nameOf;
  }

  /** Oldest first. */
  get all(): readonly ChatView[] {
    return this.#all;
  }

  /** How many of this person's own have not come yet to everyone they are for. */
  get waiting(): number {
    return this.#all.filter(({ waitsFor }) => waitsFor.length > 0).length;
  }

  /** Says and hears texts in this mesh from now on. */
  follow(mesh: Mesh): void {
    const texts = new Texts(mesh);
    this.#texts = texts;
    texts.on('heard', ({ from, id, text }) =>
      this.#add({ id: `${from} ${id}`, from, name: this.#nameOf(from), text, waitsFor: [], missedBy: [] }),
    );
    texts.on('progress', (sent) => {
      this.#all = this.#all.map((each) => (each.id === sent.id ? { ...each, ...this.#progressOf(sent) } : each));
    });
  }

  /** Says a text to everyone; gives why not, and nothing was said, where that cannot be. */
  send(text: string): TextRefusal | undefined {
    const said = this.#texts?.say(text);
    if (!said) return { why: 'nobody' };
    if (!said.ok) return said.error;
    const { id } = said.value;
    this.#add({ id, from: 'me', name: this.#ownName(), text, ...this.#progressOf(said.value) });
    return undefined;
  }

  #progressOf({ waitsFor, missedBy }: SentText): Pick<ChatView, 'waitsFor' | 'missedBy'> {
    return { waitsFor: waitsFor.map(this.#nameOf), missedBy: missedBy.map(this.#nameOf) };
  }

  #add(message: Omit<ChatView, 'at'>): void {
    if (this.#all.some(({ id }) => id === message.id)) return; // the page shows more than is compared when it is heard
    this.#all = [...this.#all, { ...message, at: Date.now() }].slice(-MAX_MESSAGES);
  }
}
