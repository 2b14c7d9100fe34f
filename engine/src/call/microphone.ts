import { Emitter } from '../platform/emitter.ts';
import { CaptureDevice, type Which } from './capture-device.ts';
import type { DeviceMemory } from './devices.ts';
import type { OpenTracks } from './open-tracks.ts';
import type { SourceState } from './source-state.ts';

/** The microphone of one call: off is silence on a track that stays open, so that on is immediate and needs no question. */
export class Microphone extends Emitter<{ track: MediaStreamTrack | null; changed: undefined }> {
  readonly device: CaptureDevice;
  /** The person wants to be heard. */
  #isUnmuted = false;
  #isPushing = false;

  constructor(devices: Pick<MediaDevices, 'getUserMedia'>, memory: DeviceMemory, tracks: OpenTracks) {
    super();
    this.device = new CaptureDevice({
      devices,
      tracks,
      kind: 'audio',
      constraints: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      which: (id) => (id ? { deviceId: { ideal: id } } : {}),
      remembered: () => memory.get('microphone'),
      overlaps: true,
      takenAgainAfter: ['missing', 'unplugged'],
    });
    this.device.on('track', (track) => {
      if (track) track.contentHint = 'speech';
      else this.#isPushing = false;
      this.#apply(); // before anybody sends it
      this.emit('track', track);
    });
    this.device.on('changed', () => this.emit('changed', undefined));
  }

  get state(): SourceState {
    const { isOn, isStarting, problem } = this.device;
    return { on: this.#isUnmuted && isOn, starting: this.#isUnmuted && isStarting, problem };
  }
  get isPushing(): boolean {
    return this.#isPushing;
  }

  /** See `CaptureDevice.turnOn`. */
  turnOn(given?: Promise<MediaStreamTrack>): Promise<void> {
    this.#isUnmuted = true;
    this.#isPushing = false;
    this.#apply();
    return this.device.turnOn(given);
  }

  toggle(): void {
    const { on, starting } = this.state;
    if (!on && !starting) void this.turnOn();
    else this.#mute();
  }

  choose(which: Which): void {
    this.device.switchTo([which]);
  }

  /** Lets the person be heard while the microphone is off; where there is none it does nothing. */
  push(isPressed: boolean): void {
    const isPushing = isPressed && !this.#isUnmuted && this.device.track !== undefined;
    if (isPushing === this.#isPushing) return;
    this.#isPushing = isPushing;
    this.#apply();
    this.emit('changed', undefined);
  }

  #mute(): void {
    this.#isUnmuted = false;
    this.#apply();
    this.emit('changed', undefined);
  }

  #apply(): void {
    if (this.device.track) this.device.track.enabled = this.#isUnmuted || this.#isPushing;
  }
}
