import { Emitter } from '../platform/emitter.ts';
import { screenProblemOf, type MediaProblem } from './media-problem.ts';
import type { OpenTracks } from './open-tracks.ts';
import type { SourceState } from './source-state.ts';

/** The shared screen of one call, with its sound where the browser gives it: one dialog of the browser at a time. */
export class ScreenCapture extends Emitter<{
  track: { source: 'screen' | 'screen-sound'; track: MediaStreamTrack | null };
  changed: undefined;
}> {
  readonly #devices: Pick<MediaDevices, 'getDisplayMedia'>;
  readonly #tracks: OpenTracks;
  #picture: MediaStreamTrack | undefined;
  #sound: MediaStreamTrack | undefined;
  #problem: MediaProblem | undefined;
  #isWanted = false;
  #isAsking = false;

  constructor(devices: Pick<MediaDevices, 'getDisplayMedia'>, tracks: OpenTracks) {
    super();
    this.#devices = devices;
    this.#tracks = tracks;
  }

  get picture(): MediaStreamTrack | undefined {
    return this.#picture;
  }
  get sound(): MediaStreamTrack | undefined {
    return this.#sound;
  }
  get state(): SourceState {
    const on = this.#picture !== undefined;
    return { on, starting: this.#isWanted && !on, problem: this.#problem };
  }

  toggle(): void {
    this.#problem = undefined;
    if (this.#isWanted) {
      this.#turnOff();
    } else {
      this.#isWanted = true;
      // Browsers take no second question while their dialog is open: its answer is then the answer to this one.
      if (!this.#isAsking) void this.#ask();
    }
    this.emit('changed', undefined);
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    let stream: MediaStream | undefined;
    try {
      stream = await this.#tracks.open(() => this.#devices.getDisplayMedia(SCREEN));
    } catch (error) {
      if (this.#tracks.isClosed) return;
      if (this.#isWanted) this.#problem = screenProblemOf(error);
      this.#isWanted = false;
    }
    this.#isAsking = false;
    if (stream) this.#take(stream);
    if (!this.#tracks.isClosed) this.emit('changed', undefined);
  }

  #take(stream: MediaStream): void {
    const picture = stream.getVideoTracks().find(({ readyState }) => readyState === 'live');
    const sound = stream.getAudioTracks().find(({ readyState }) => readyState === 'live');
    if (!picture) this.#isWanted = false; // stopped in this very moment
    if (!picture || !this.#isWanted || this.#tracks.isClosed) {
      for (const track of stream.getTracks()) this.#tracks.release(track);
      return;
    }
    picture.contentHint = 'detail'; // text stays readable; it may stutter
    // The browser's own button for that, or the window that was shared has gone.
    picture.addEventListener('ended', () => this.#handleEnd(picture), { once: true });
    sound?.addEventListener('ended', () => this.#handleEnd(sound), { once: true });
    if (sound) sound.contentHint = 'music';
    this.#picture = picture;
    this.#sound = sound;
    this.emit('track', { source: 'screen', track: picture });
    // Whoever heard of the picture may have stopped everything.
    if (sound && sound === this.#sound && !this.#tracks.isClosed) {
      this.emit('track', { source: 'screen-sound', track: sound });
    }
  }

  #handleEnd(track: MediaStreamTrack): void {
    if (this.#tracks.isClosed) return;
    if (track === this.#sound) this.#stopSound();
    else if (track === this.#picture) this.#turnOff();
    else return;
    this.emit('changed', undefined);
  }

  #turnOff(): void {
    this.#isWanted = false;
    this.#stopSound();
    if (!this.#picture) return;
    this.#tracks.release(this.#picture);
    this.#picture = undefined;
    this.emit('track', { source: 'screen', track: null });
  }

  #stopSound(): void {
    if (!this.#sound) return;
    this.#tracks.release(this.#sound);
    this.#sound = undefined;
    this.emit('track', { source: 'screen-sound', track: null });
  }
}

/** What the types of TypeScript do not know yet; browsers pass over what they do not know. */
interface ScreenOptions extends DisplayMediaStreamOptions {
  audio: MediaTrackConstraints & { restrictOwnAudio: boolean };
  systemAudio: 'include';
  selfBrowserSurface: 'exclude';
  surfaceSwitching: 'include';
}

const SCREEN: ScreenOptions = {
  video: { frameRate: { ideal: 15, max: 30 } },
  // Made for speech, these would spoil music; and the others' voices, which this page plays, must not go back to them.
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, restrictOwnAudio: true },
  systemAudio: 'include',
  selfBrowserSurface: 'exclude',
  surfaceSwitching: 'include',
};
