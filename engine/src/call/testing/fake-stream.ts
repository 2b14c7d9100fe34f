/** The browser's `MediaStream`, as far as a call uses it. */
export class FakeStream {
  #tracks: unknown[] = [];
  getTracks(): unknown[] {
    return [...this.#tracks];
  }
  addTrack(track: unknown): void {
    this.#tracks.push(track);
  }
  removeTrack(track: unknown): void {
    this.#tracks = this.#tracks.filter((each) => each !== track);
  }
}
