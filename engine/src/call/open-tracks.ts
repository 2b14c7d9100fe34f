/** Every track that one call has opened: once this is closed, none of them is open, and none that the browser gives later. */
export class OpenTracks {
  readonly #tracks = new Set<MediaStreamTrack>();
  readonly #closing = new AbortController();

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Gives what the browser gives, or rejects as it does; rejects at once when this is closed, with a question still open. */
  open(ask: () => Promise<MediaStream>): Promise<MediaStream> {
    const { signal } = this.#closing;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const overtaken = () => reject(signal.reason as Error);
      signal.addEventListener('abort', overtaken, { once: true });
      ask()
        .then((stream) => {
          // Registered in the moment in which they are there: whoever waits for them hears of it a little later.
          for (const track of stream.getTracks()) {
            if (signal.aborted) track.stop();
            else this.#tracks.add(track);
          }
          resolve(stream);
        }, reject)
        .finally(() => signal.removeEventListener('abort', overtaken));
    });
  }

  /** Lets go of one track. */
  release(track: MediaStreamTrack): void {
    track.stop();
    this.#tracks.delete(track);
  }

  close(): void {
    for (const track of this.#tracks) this.release(track);
    this.#closing.abort();
  }
}
