/** Keeps the screen on while something runs, where the browser can: a phone whose screen goes dark stops its pages. */
export class ScreenWake {
  #wanted = false;
  #asking = false;
  #lock: WakeLockSentinel | undefined;
  readonly #stop = new AbortController();

  constructor() {
    // The browser takes it back whenever the page is hidden.
    document.addEventListener('visibilitychange', () => void this.#review(), { signal: this.#stop.signal });
  }

  set(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    void this.#review();
  }

  close(): void {
    this.#stop.abort();
    this.set(false);
  }

  async #review(): Promise<void> {
    // Not every browser has it.
    const wakeLock = navigator.wakeLock as WakeLock | undefined;
    if (!wakeLock || this.#asking) return;
    const isHeld = this.#lock !== undefined && !this.#lock.released;
    try {
      if (this.#wanted && !isHeld && document.visibilityState === 'visible') {
        this.#asking = true;
        this.#lock = await wakeLock.request('screen');
      } else if (!this.#wanted && isHeld) {
        await this.#lock?.release();
      }
    } catch (error) {
      console.info('The screen may go dark while something runs.', error); // a battery that is nearly empty, a setting
      return;
    } finally {
      this.#asking = false;
    }
    const holds = this.#lock !== undefined && !this.#lock.released;
    if (holds && !this.#wanted) await this.#review(); // not wanted any more meanwhile
  }
}
