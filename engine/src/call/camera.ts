import { CaptureDevice, type Which } from './capture-device.ts';
import type { Device, DeviceMemory } from './devices.ts';
import type { OpenTracks } from './open-tracks.ts';
import type { SourceState } from './source-state.ts';

/** The camera of one call: off is closed, so that its light goes out. */
export class Camera {
  readonly device: CaptureDevice;
  #facing: 'user' | 'environment' = 'user';
  /** The last camera that was on was a phone's or a tablet's, which has one on either side. */
  #hasSides = false;
  #id: string | undefined;

  constructor(devices: Pick<MediaDevices, 'getUserMedia'>, memory: DeviceMemory, tracks: OpenTracks) {
    this.device = new CaptureDevice({
      devices,
      tracks,
      kind: 'video',
      constraints: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
      // A side only where no device is asked for: as two wishes that contradict each other they would weigh the same.
      which: (id) => (id ? { deviceId: { ideal: id } } : { facingMode: { ideal: 'user' } }),
      remembered: () => memory.get('camera'),
      overlaps: false, // a phone opens one camera at a time
      // Neither by being plugged in nor in place of another: who has pulled a plug may have done it not to be seen.
      takenAgainAfter: [],
    });
    this.device.on('track', (track) => {
      if (track) this.#look(track);
    });
  }

  get state(): SourceState {
    const { isOn, isStarting, problem } = this.device;
    return { on: isOn, starting: isStarting, problem };
  }
  get facesAway(): boolean {
    return this.device.isOn && this.#facing === 'environment';
  }
  get hasSides(): boolean {
    return this.#hasSides;
  }

  toggle(): void {
    if (this.device.isOn || this.device.isStarting) this.device.turnOff();
    else void this.device.turnOn();
  }

  choose(which: Which): void {
    this.#facing = 'user'; // unless the track says otherwise
    this.device.switchTo([which]);
  }

  /** Turns to the other side, or to the next of these cameras where the browser does not know which that is. */
  flip(cameras: readonly Device[]): void {
    if (!this.device.isOn) return;
    this.#facing = this.#facing === 'user' ? 'environment' : 'user';
    const next = cameras[(cameras.findIndex(({ id }) => id === this.#id) + 1) % cameras.length];
    const sides: Which[] = [{ facingMode: { exact: this.#facing } }];
    this.device.switchTo(next ? [...sides, { deviceId: { exact: next.id } }] : sides);
  }

  #look(track: MediaStreamTrack): void {
    const { facingMode, deviceId } = track.getSettings();
    this.#id = deviceId;
    if (facingMode === 'user' || facingMode === 'environment') this.#facing = facingMode;
    const possible = 'getCapabilities' in track ? track.getCapabilities().facingMode : undefined; // Firefox has none before 132
    this.#hasSides = facingMode !== undefined || (possible !== undefined && possible.length > 0);
  }
}
