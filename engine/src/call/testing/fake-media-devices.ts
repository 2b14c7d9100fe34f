import type { DeviceMemory } from '../devices.ts';

interface FakeDevice {
  kind: MediaDeviceKind;
  id: string;
  label?: string;
  /** Of a phone's camera. */
  facing?: 'user' | 'environment';
}

export class FakeTrack extends EventTarget {
  readonly kind: 'audio' | 'video';
  readonly device: FakeDevice | undefined;
  readyState: MediaStreamTrackState = 'live';
  enabled = true;
  contentHint = '';

  constructor(kind: 'audio' | 'video', device?: FakeDevice) {
    super();
    this.kind = kind;
    this.device = device;
  }

  stop(): void {
    this.readyState = 'ended';
  }
  /** Not by the page: unplugged, withdrawn, or by a button of the browser. */
  end(): void {
    if (this.readyState === 'ended') return;
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
  getSettings(): MediaTrackSettings {
    const { id, facing } = this.device ?? {};
    return { ...(id && { deviceId: id }), ...(facing && { facingMode: facing }) };
  }
  getCapabilities(): MediaTrackCapabilities {
    return { facingMode: this.device?.facing ? [this.device.facing] : [] };
  }
}

/** What the page has asked the browser, until a test answers. */
export class Question {
  readonly audio: MediaTrackConstraints | undefined;
  readonly video: MediaTrackConstraints | undefined;
  readonly options: MediaStreamConstraints;
  isOpen = true;
  readonly stream: Promise<MediaStream>;
  #resolve: (stream: MediaStream) => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #browse: (question: Question) => FakeTrack[];

  constructor(options: MediaStreamConstraints, browse: (question: Question) => FakeTrack[]) {
    this.options = options;
    this.audio = options.audio as MediaTrackConstraints | undefined;
    this.video = options.video as MediaTrackConstraints | undefined;
    this.#browse = browse;
    this.stream = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** As a browser does, with the devices that there are, and a person who allows what is not `refused`. */
  async answer(): Promise<void> {
    try {
      await this.give(...this.#browse(this));
    } catch (error) {
      this.isOpen = false;
      this.#reject(error as Error);
    }
    return settled();
  }
  give(...tracks: FakeTrack[]): Promise<void> {
    this.isOpen = false;
    this.#resolve(fakeStream(tracks));
    return settled();
  }
  fail(name: string, message = ''): Promise<void> {
    this.isOpen = false;
    this.#reject(new DOMException(message, name));
    return settled();
  }
}

/** The browser's `navigator.mediaDevices`, with a person and a desk full of devices: every question waits until the test answers it. */
export class FakeMediaDevices extends EventTarget {
  readonly questions: Question[] = [];
  /** Every track that was ever given. */
  readonly tracks: FakeTrack[] = [];
  readonly refused = new Set<'audio' | 'video'>();
  readonly busy = new Set<string>();
  mostCamerasAtOnce = 0;
  plugged: FakeDevice[];
  /** Looks at the devices that have to be answered by hand, if there are to be any. */
  looks: ((infos: MediaDeviceInfo[]) => void)[] | undefined;

  constructor(...plugged: FakeDevice[]) {
    super();
    this.plugged = plugged;
  }

  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    return this.#ask(constraints, (question) => this.#open(question));
  }
  getDisplayMedia(options: MediaStreamConstraints): Promise<MediaStream> {
    return this.#ask(options, () => [this.add(new FakeTrack('video'))]);
  }
  async enumerateDevices(): Promise<MediaDeviceInfo[]> {
    const { looks } = this;
    if (looks) return new Promise((resolve) => looks.push(resolve));
    return this.infos;
  }

  get infos(): MediaDeviceInfo[] {
    return this.plugged.map(({ kind, id, label = '' }) => ({ kind, deviceId: id, label }) as MediaDeviceInfo);
  }
  get last(): Question {
    return this.questions.at(-1)!;
  }
  get open(): Question[] {
    return this.questions.filter(({ isOpen }) => isOpen);
  }
  /** The devices whose light is on; a screen has none and is `''`. */
  get live(): string[] {
    return this.tracks.filter(({ readyState }) => readyState === 'live').map(({ device }) => device?.id ?? '');
  }
  get newest(): FakeTrack {
    return this.tracks.at(-1)!;
  }

  /** Answers as `Question.answer` does, until there is no question any more. */
  async answerAll(): Promise<void> {
    await settled();
    for (let [next] = this.open; next; [next] = this.open) await next.answer();
  }
  add(track: FakeTrack): FakeTrack {
    this.tracks.push(track);
    const cameras = this.tracks.filter((its) => its.device?.kind === 'videoinput' && its.readyState === 'live');
    this.mostCamerasAtOnce = Math.max(this.mostCamerasAtOnce, cameras.length);
    return track;
  }
  plugIn(device: FakeDevice): Promise<void> {
    this.plugged.push(device);
    this.dispatchEvent(new Event('devicechange'));
    return settled();
  }
  unplug(id: string): Promise<void> {
    this.plugged = this.plugged.filter((device) => device.id !== id);
    for (const track of this.tracks) if (track.device?.id === id) track.end();
    this.dispatchEvent(new Event('devicechange'));
    return settled();
  }

  #ask(options: MediaStreamConstraints, browse: (question: Question) => FakeTrack[]): Promise<MediaStream> {
    const question = new Question(options, browse);
    this.questions.push(question);
    return question.stream;
  }

  #open({ audio, video }: Question): FakeTrack[] {
    const wanted = [
      ...(audio ? [{ kind: 'audio' as const, device: this.#find('audioinput', audio) }] : []),
      ...(video ? [{ kind: 'video' as const, device: this.#find('videoinput', video) }] : []),
    ];
    if (wanted.some(({ kind }) => this.refused.has(kind))) throw new DOMException('', 'NotAllowedError');
    if (wanted.some(({ device }) => this.busy.has(device.id))) throw new DOMException('', 'NotReadableError');
    return wanted.map(({ kind, device }) => this.add(new FakeTrack(kind, device)));
  }

  #find(kind: MediaDeviceKind, { deviceId, facingMode }: MediaTrackConstraints): FakeDevice {
    const all = this.plugged.filter((device) => device.kind === kind);
    const [first] = all;
    if (!first) throw new DOMException('', 'NotFoundError');
    const id = deviceId as ConstrainDOMStringParameters | undefined;
    const facing = facingMode as ConstrainDOMStringParameters | undefined;
    const exact = all.find(
      (device) => (!id?.exact || device.id === id.exact) && (!facing?.exact || device.facing === facing.exact),
    );
    if (!exact) throw new DOMException('', 'OverconstrainedError');
    if (id?.exact || facing?.exact) return exact;
    return all.find((device) => device.id === id?.ideal) ?? all.find((its) => its.facing === facing?.ideal) ?? first;
  }
}

/** A memory for the chosen devices, with what is in it. */
export class FakeMemory extends Map<string, string> implements DeviceMemory {}

/** Everything that follows from what has happened so far has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function fakeStream(tracks: FakeTrack[]): MediaStream {
  const of = (kind: string) => tracks.filter((track) => track.kind === kind);
  const stream = { getTracks: () => tracks, getAudioTracks: () => of('audio'), getVideoTracks: () => of('video') };
  return stream as unknown as MediaStream;
}
