import type { Attachment } from 'svelte/attachments';

/** Plays the pictures and the sound of one call, on the speaker that the person chose. */
export class Playback {
  #elements: readonly HTMLMediaElement[] = [];
  #speaker = '';
  /** To which speaker each element was sent last, though the browser may not be through with that. */
  readonly #routes = new WeakMap<HTMLMediaElement, string>();
  #blocked = $state(false);
  #speakerFailed = $state(false);

  /** The browser keeps the sound off until the person presses something: `turnOn`. */
  get blocked() {
    return this.#blocked;
  }
  /** The speaker that the person chose could not be used. */
  get speakerFailed() {
    return this.#speakerFailed;
  }

  /** For `{@attach}` on a `<video>` or an `<audio>`. */
  plays(stream: MediaStream): Attachment<HTMLMediaElement> {
    return (element) => {
      const start = () => void this.#start(element);
      element.srcObject = stream;
      element.addEventListener('pause', start); // a call has no pause: the browser did it
      this.#elements = [...this.#elements, element];
      start();
      if (this.#speaker) void this.#route(element);
      return () => {
        element.removeEventListener('pause', start);
        this.#elements = this.#elements.filter((other) => other !== element);
        element.srcObject = null;
      };
    };
  }

  turnOn(): void {
    this.#blocked = false;
    for (const element of this.#elements) void this.#start(element);
  }

  /** `undefined`: the one that the system uses. */
  useSpeaker(id: string | undefined): void {
    this.#speaker = id ?? '';
    this.#speakerFailed = false;
    for (const element of this.#elements) void this.#route(element);
  }

  /** The picture of a stream that plays. */
  videoOf(stream: MediaStream): HTMLVideoElement | undefined {
    return this.#elements.find(
      (element): element is HTMLVideoElement => element instanceof HTMLVideoElement && element.srcObject === stream,
    );
  }

  async #start(element: HTMLMediaElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      const { name } = error as DOMException;
      if (name === 'NotAllowedError') this.#blocked = true;
      // AbortError: another stream came before this one began, and starts by itself.
      else if (name !== 'AbortError') console.warn('A picture of the call does not play.', error);
    }
  }

  async #route(element: HTMLMediaElement): Promise<void> {
    const speaker = this.#speaker;
    // Pictures are mute, and one without any sound is refused a speaker.
    if (
      !(element instanceof HTMLAudioElement) ||
      !('setSinkId' in element) ||
      (this.#routes.get(element) ?? '') === speaker
    )
      return;
    this.#routes.set(element, speaker);
    try {
      await element.setSinkId(speaker);
    } catch (error) {
      if (speaker !== this.#speaker) return; // another choice was made meanwhile
      this.#routes.set(element, element.sinkId);
      console.warn('The speaker cannot be used.', error);
      this.#speakerFailed = true;
    }
  }
}
