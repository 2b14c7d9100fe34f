/** What is handed to the channel ahead of the network, in bytes: browsers refuse, or close, somewhere above 16 MiB. */
const HIGH_WATER_BYTES = 1_048_576;
/** What may wait here, in characters: an offer of the most files with long paths fits many times over. */
const MAX_WAITING_CHARS = 64 * 1_048_576;

export interface OutboxChannel {
  readonly bufferedBytes: number;
  send(text: string): void;
}

/** Keeps messages in order in front of a channel whose own buffer is small. Bounded. */
export class Outbox {
  readonly #channel: OutboxChannel;
  #waiting: string[] = [];
  #waitingChars = 0;

  constructor(channel: OutboxChannel) {
    this.#channel = channel;
  }

  /** Says whether the message was taken; if not, the outbox is full. */
  push(text: string): boolean {
    if (this.#waitingChars + text.length > MAX_WAITING_CHARS) return false;
    this.#waiting.push(text);
    this.#waitingChars += text.length;
    this.flush();
    return true;
  }

  /** To be called when the channel has drained. */
  flush(): void {
    while (this.#channel.bufferedBytes < HIGH_WATER_BYTES) {
      const text = this.#waiting.shift();
      if (text === undefined) return;
      this.#waitingChars -= text.length;
      this.#channel.send(text);
    }
  }

  clear(): void {
    this.#waiting = [];
    this.#waitingChars = 0;
  }
}
