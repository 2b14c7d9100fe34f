import { MEDIA_SOURCES, type MediaSource } from '@tincan/shared/call';
import { Emitter } from '../platform/emitter.ts';
import { Camera } from './camera.ts';
import { findDevices, NO_DEVICES, type Device, type DeviceKind, type DeviceMemory, type Devices } from './devices.ts';
import { Microphone } from './microphone.ts';
import { OpenTracks } from './open-tracks.ts';
import { ScreenCapture } from './screen-capture.ts';
import { OFF, type SourceState } from './source-state.ts';

export interface LocalMediaOptions {
  devices: MediaDevices;
  memory: DeviceMemory;
  /** The browser lets a page say where its sound goes. */
  canChooseSpeaker: boolean;
}

/** What this page sends in a call: all of it is opened and closed here, and nothing is open outside of a call. */
export class LocalMedia extends Emitter<{
  /** The source gives this track from now on, or none. */
  track: { source: MediaSource; track: MediaStreamTrack | null };
  /** Anything that can be read here. */
  changed: undefined;
}> {
  readonly #options: LocalMediaOptions;
  #call: Call | undefined;
  #found = NO_DEVICES;
  #looks = 0;
  /** Since the last look at the devices that was finished. */
  #haveDevicesChanged = false;
  #isClosed = false;

  constructor(options: LocalMediaOptions) {
    super();
    this.#options = options;
    options.devices.addEventListener('devicechange', this.#handleDeviceChange);
  }

  get microphone(): SourceState {
    return this.#call?.microphone.state ?? OFF;
  }
  get camera(): SourceState {
    return this.#call?.camera.state ?? OFF;
  }
  get screen(): SourceState {
    return this.#call?.screen.state ?? OFF;
  }
  /** The microphone is off, and is held open. */
  get pushing(): boolean {
    return this.#call?.microphone.isPushing ?? false;
  }
  /** The camera looks away from the person. */
  get facesAway(): boolean {
    return this.#call?.camera.facesAway ?? false;
  }
  /** There is a camera on either side; elsewhere they are chosen from the list. */
  get canFlipCamera(): boolean {
    return this.#found.cameras.length >= 2 && (this.#call?.camera.hasSides ?? false);
  }
  get canShareScreen(): boolean {
    return 'getDisplayMedia' in this.#options.devices; // no phone has it
  }
  /** Empty until the first call. */
  get devices(): Devices {
    const { microphones, cameras, speakers } = this.#found;
    const { memory } = this.#options;
    const idOf = (source: MediaSource) => this.track(source)?.getSettings().deviceId;
    const listed = (devices: readonly Device[], id: string | undefined) => devices.find((its) => its.id === id)?.id;
    const chosen = {
      microphone: listed(microphones, idOf('microphone') ?? memory.get('microphone')),
      camera: listed(cameras, idOf('camera') ?? memory.get('camera')),
      speaker: listed(speakers, memory.get('speaker')),
    };
    return { microphones, cameras, speakers, chosen };
  }

  /** What the source gives; never a track that has ended. */
  track(source: MediaSource): MediaStreamTrack | null {
    return this.#call ? trackOf(this.#call, source) : null;
  }

  /** Begins a call, with what is wanted of it. Never rejects: what is not there has a problem, and the rest works. */
  async start(wanted: { microphone: boolean; camera: boolean }): Promise<void> {
    if (this.#isClosed) return;
    const call = (this.#call ??= this.#begin());
    const { microphone, camera } = call;
    void this.#look();
    if (wanted.microphone && wanted.camera && microphone.device.isIdle && camera.device.isIdle) {
      await this.#openBoth(call);
    } else {
      const microphoneDone = wanted.microphone ? microphone.turnOn() : undefined;
      const cameraDone = wanted.camera ? camera.device.turnOn() : undefined;
      await Promise.all([microphoneDone, cameraDone]);
    }
  }

  /** This, and what follows, does nothing outside of a call. */
  toggleMicrophone(): void {
    this.#call?.microphone.toggle();
  }
  toggleCamera(): void {
    this.#call?.camera.toggle();
  }
  /** Has to be called in the handler of a click, as browsers demand. */
  toggleScreen(): void {
    this.#call?.screen.toggle();
  }
  flipCamera(): void {
    this.#call?.camera.flip(this.#found.cameras);
  }
  pushToTalk(pressed: boolean): void {
    this.#call?.microphone.push(pressed);
  }

  /** Changes to this device, or to the system's own choice where `id` is empty, and remembers it. Works outside of a call, too. */
  choose(kind: DeviceKind, id: string): void {
    this.#options.memory.set(kind, id);
    if (this.#call && kind !== 'speaker') {
      const { device } = this.#call[kind];
      const isInUse = id !== '' && device.track?.getSettings().deviceId === id && !device.isStarting;
      if (!isInUse) this.#call[kind].choose(id === '' ? {} : { deviceId: { exact: id } });
    }
    this.emit('changed', undefined);
  }

  /** Ends the call: lets go of every device at once, and of those that the browser gives later. */
  stop(): void {
    const call = this.#call;
    if (!call) return;
    const given = MEDIA_SOURCES.filter((source) => trackOf(call, source));
    this.#call = undefined;
    call.tracks.close();
    for (const source of given) this.emit('track', { source, track: null });
    this.emit('changed', undefined);
  }

  /** Ends the call, for good. */
  close(): void {
    this.stop();
    this.#isClosed = true;
    this.#options.devices.removeEventListener('devicechange', this.#handleDeviceChange);
  }

  #begin(): Call {
    const { devices, memory } = this.#options;
    const tracks = new OpenTracks();
    const call: Call = {
      tracks,
      microphone: new Microphone(devices, memory, tracks),
      camera: new Camera(devices, memory, tracks),
      screen: new ScreenCapture(devices, tracks),
    };
    const give = (source: MediaSource, track: MediaStreamTrack | null) => {
      this.emit('track', { source, track });
      if (track) void this.#look(); // with the permission come the names
    };
    call.microphone.on('track', (track) => give('microphone', track));
    call.camera.device.on('track', (track) => give('camera', track));
    call.screen.on('track', ({ source, track }) => give(source, track));
    for (const part of [call.microphone, call.camera.device, call.screen]) {
      part.on('changed', () => this.emit('changed', undefined));
    }
    return call;
  }

  /** One question to the person for both; where the answer is no, each by itself, so that one which cannot be had costs only itself. */
  async #openBoth({ tracks, microphone, camera }: Call): Promise<void> {
    const both = tracks.open(() =>
      this.#options.devices.getUserMedia({
        audio: microphone.device.constraints,
        video: camera.device.constraints,
      }),
    );
    const microphoneDone = microphone.turnOn(both.then((stream) => stream.getAudioTracks()[0]!));
    const cameraDone = camera.device.turnOn(
      both.then(
        (stream) => stream.getVideoTracks()[0]!,
        async (error: Error) => {
          await microphoneDone; // one question after the other
          throw error;
        },
      ),
    );
    await Promise.all([microphoneDone, cameraDone]);
  }

  readonly #handleDeviceChange = (): void => {
    this.#haveDevicesChanged = true;
    void this.#look();
  };

  /** Of looks that overtake each other the newest counts. A browser may answer only when its window is looked at: nothing waits for this. */
  async #look(): Promise<void> {
    const look = ++this.#looks;
    try {
      const found = await findDevices(this.#options.devices, this.#options.canChooseSpeaker);
      if (look !== this.#looks || this.#isClosed) return;
      this.#found = found;
    } catch (error) {
      console.error('The browser does not tell its devices.', error);
      return;
    }
    if (this.#haveDevicesChanged) {
      this.#haveDevicesChanged = false;
      if (this.#found.present.has('microphone')) this.#call?.microphone.device.handleDeviceChange();
      if (this.#found.present.has('camera')) this.#call?.camera.device.handleDeviceChange();
    }
    this.emit('changed', undefined);
  }
}

interface Call {
  tracks: OpenTracks;
  microphone: Microphone;
  camera: Camera;
  screen: ScreenCapture;
}

function trackOf({ microphone, camera, screen }: Call, source: MediaSource): MediaStreamTrack | null {
  const tracks: Record<MediaSource, MediaStreamTrack | undefined> = {
    microphone: microphone.device.track,
    camera: camera.device.track,
    screen: screen.picture,
    'screen-sound': screen.sound,
  };
  return tracks[source] ?? null;
}
