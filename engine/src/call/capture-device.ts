import { Emitter } from '../platform/emitter.ts';
import { problemOf, type MediaProblem } from './media-problem.ts';
import type { OpenTracks } from './open-tracks.ts';

/** Which device is asked for. */
export type Which = Pick<MediaTrackConstraints, 'deviceId' | 'facingMode'>;

export interface CaptureOptions {
  devices: Pick<MediaDevices, 'getUserMedia'>;
  tracks: OpenTracks;
  kind: 'audio' | 'video';
  /** Whichever device it is. */
  constraints: MediaTrackConstraints;
  /** How to wish for this device, or for any. */
  which: (id: string | undefined) => Which;
  /** The device that the person has chosen, now or on an earlier visit. */
  remembered: () => string | undefined;
  /** The new one is there before the old one goes, so that nothing is lost between them; else the old one goes first. */
  overlaps: boolean;
  /** After which problems one is taken that appears, without anybody asking for it. */
  takenAgainAfter: readonly MediaProblem[];
}

interface Ask {
  why:
    | 'wanted' // there is none
    | 'chosen' // another than the one that there is
    | 'lost'; // the one in use has gone, or there was none and now there may be
  /** Tried one after another. */
  which: readonly Which[];
  /** Already asked for, together with something else. */
  given?: Promise<MediaStreamTrack> | undefined;
}

/**
 * A microphone or a camera through one call: it holds at most one track, and asks the browser one question at a time; what is said
 * meanwhile counts when the answer is there. When `OpenTracks` is closed this does nothing any more, and emits nothing.
 */
export class CaptureDevice extends Emitter<{ track: MediaStreamTrack | null; changed: undefined }> {
  readonly #options: CaptureOptions;
  #track: MediaStreamTrack | undefined;
  #problem: MediaProblem | undefined;
  #isWanted = false;
  #isOpening = false;
  /** The old track has gone already, and the new one is not there yet. */
  #isSwitching = false;
  #lastId: string | undefined;
  #next: Ask | undefined;
  #done = Promise.resolve();
  /** A device that goes as soon as it is there must not be asked for for ever: after one try it takes a person or a new device. */
  #mayReplace = true;

  constructor(options: CaptureOptions) {
    super();
    this.#options = options;
  }

  get track(): MediaStreamTrack | undefined {
    return this.#track;
  }
  /** There is a track, or there was one and another is coming in its place. */
  get isOn(): boolean {
    return this.#isWanted && (this.#track !== undefined || this.#isSwitching);
  }
  get isStarting(): boolean {
    return this.#isWanted && this.#isOpening;
  }
  /** Nothing is open, and nothing is asked for. */
  get isIdle(): boolean {
    return !this.#track && !this.#isOpening;
  }
  /** Why there is none, or not the one that was chosen last. */
  get problem(): MediaProblem | undefined {
    return this.#problem;
  }

  /** What `turnOn` asks for. */
  get constraints(): MediaTrackConstraints {
    return { ...this.#options.constraints, ...this.#preferred };
  }

  /** Resolves when there is a track or a problem. While this is idle it takes what is `given`, and asks by itself if that fails. */
  turnOn(given?: Promise<MediaStreamTrack>): Promise<void> {
    this.#isWanted = true;
    this.#mayReplace = true;
    if (!this.#isOpening && !this.#track) this.#ask({ why: 'wanted', which: [this.#preferred], given });
    else this.emit('changed', undefined);
    return this.#done;
  }

  turnOff(): void {
    this.#isWanted = false;
    this.#problem = undefined;
    this.#letGo();
    this.emit('changed', undefined);
  }

  /** Changes to the first of these that can be had, or stays with the one that there is; one that is off only forgets its last. */
  switchTo(which: readonly Which[]): void {
    this.#lastId = undefined;
    this.#mayReplace = true;
    this.#ask({ why: 'chosen', which });
  }

  /** The devices have changed, and there is one of this kind. */
  handleDeviceChange(): void {
    this.#mayReplace = true;
    this.#askForLost(this.#preferred);
  }

  get #isOver(): boolean {
    return !this.#isWanted || this.#options.tracks.isClosed;
  }

  get #preferred(): Which {
    return this.#options.which(this.#lastId ?? this.#options.remembered());
  }

  #askForLost(which: Which): void {
    const ask: Ask = { why: 'lost', which: [which] };
    if (this.#isOpening) this.#next ??= ask;
    else if (this.#applies(ask)) this.#ask(ask);
  }

  /** Of what is asked for while the browser has not answered yet, the newest counts. */
  #ask(ask: Ask): void {
    this.#next = ask;
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#done = this.#openAll();
  }

  #applies({ why }: Ask): boolean {
    if (this.#isOver) return false;
    if (why === 'chosen') return true;
    if (this.#track) return false;
    return why === 'wanted' || (this.#problem !== undefined && this.#options.takenAgainAfter.includes(this.#problem));
  }

  async #openAll(): Promise<void> {
    try {
      for (let ask = this.#next; ask && this.#applies(ask); ask = this.#next) {
        this.#next = undefined;
        await this.#open(ask);
        this.#isSwitching = false;
      }
    } finally {
      this.#next = undefined;
      this.#isOpening = false;
    }
    if (!this.#options.tracks.isClosed) this.emit('changed', undefined);
  }

  async #open(ask: Ask): Promise<void> {
    const oldProblem = this.#problem;
    const old = this.#track;
    const oldId = old?.getSettings().deviceId;
    this.#isSwitching = old !== undefined && !this.#options.overlaps;
    this.#problem = undefined;
    if (this.#isSwitching) this.#letGo();
    this.emit('changed', undefined);
    let track: MediaStreamTrack;
    try {
      track = await this.#openFirst(ask);
    } catch (error) {
      if (this.#isOver) return;
      const problem = problemOf(error);
      // Whoever has lost one, now or while another was asked for, hears of that, and not of how the search for another went.
      const lost =
        ask.why === 'lost' ? oldProblem : old !== this.#track && !this.#isSwitching ? 'unplugged' : undefined;
      this.#problem = problem === 'refused' ? problem : (lost ?? problem);
      if (this.#isSwitching && !this.#next) await this.#reopen(oldId);
      return;
    }
    this.#take(track);
  }

  async #openFirst({ which, given }: Ask): Promise<MediaStreamTrack> {
    try {
      if (given) return await given;
    } catch (error) {
      // By itself it may be there; if not, the reason comes again.
      if (this.#isOver) throw error;
    }
    for (const one of which.slice(0, -1)) {
      try {
        return await this.#openOne(one);
      } catch (error) {
        if (this.#isOver || problemOf(error) === 'refused') throw error;
      }
    }
    return this.#openOne(which.at(-1)!);
  }

  async #openOne(which: Which): Promise<MediaStreamTrack> {
    const { devices, tracks, kind, constraints } = this.#options;
    const stream = await tracks.open(() => devices.getUserMedia({ [kind]: { ...constraints, ...which } }));
    return stream.getTracks()[0]!;
  }

  /** The one before a change that failed: the problem stays, so that the person hears of it. */
  async #reopen(oldId: string | undefined): Promise<void> {
    let track: MediaStreamTrack;
    try {
      track = await this.#openOne(this.#options.which(oldId));
    } catch (error) {
      if (!this.#isOver) console.warn('The device that was in use does not come back either.', error);
      return;
    }
    this.#take(track);
  }

  #take(track: MediaStreamTrack): void {
    const hasEnded = track.readyState === 'ended'; // the device went in this very moment, or the call did
    if (this.#isOver || hasEnded) {
      this.#options.tracks.release(track);
      if (!this.#isOver) this.#handleLoss();
      return;
    }
    const old = this.#track;
    this.#track = track;
    this.#lastId = track.getSettings().deviceId;
    track.addEventListener('ended', () => this.#lose(track), { once: true });
    this.emit('track', track);
    if (old) this.#options.tracks.release(old);
  }

  #lose(track: MediaStreamTrack): void {
    if (track !== this.#track || this.#options.tracks.isClosed) return;
    this.#letGo();
    this.#handleLoss();
  }

  #handleLoss(): void {
    this.#lastId = undefined;
    this.#problem = 'unplugged';
    this.emit('changed', undefined);
    // Where there is no other, most browsers say so without a question to the person.
    if (this.#mayReplace) this.#askForLost(this.#options.which(undefined));
    this.#mayReplace = false;
  }

  #letGo(): void {
    if (!this.#track) return;
    this.#options.tracks.release(this.#track);
    this.#track = undefined;
    this.emit('track', null);
  }
}
