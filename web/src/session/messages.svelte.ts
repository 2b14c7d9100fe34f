import type { ChatView } from './views.ts';

/** The newest texts that are kept. */
const MAX_MESSAGES = 1_000;

/** The texts of a room, oldest first. */
export class Messages {
  #all = $state.raw<readonly ChatView[]>([]);

  get all(): readonly ChatView[] {
    return this.#all;
  }

  /** Adds a text that is not there yet: a peer may say the same one twice. */
  add(message: Omit<ChatView, 'at'>): void {
    if (this.#all.some((each) => each.id === message.id)) return;
    this.#all = [...this.#all, { ...message, at: Date.now() }].slice(-MAX_MESSAGES);
  }
}
