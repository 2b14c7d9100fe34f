/** Listens to a track of this page. Browsers tell how loud a received track is, and not all of them how loud an own one is. */
export class OwnVoice {
  #track: MediaStreamTrack | null = null;
  #context: AudioContext | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #analyser: AnalyserNode | undefined;
  #samples = new Float32Array(0);

  /** Listens to this track from now on; `null` for none, which lets go of the sound hardware, too. */
  listen(track: MediaStreamTrack | null): void {
    this.#source?.disconnect();
    this.#source = undefined;
    this.#track = track;
    if (track) return;
    void this.#context?.close();
    this.#context = undefined;
  }

  /** The loudness at this moment, from 0 to 1. */
  level(): number {
    if (!this.#track) return 0;
    this.#source ??= this.#attach(this.#track); // not at once: in a call's first moments there is more to do
    if (!this.#source || !this.#analyser) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return Math.sqrt(this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length);
  }

  /** Who cannot be listened to is not marked as speaking, and that is all. */
  #attach(track: MediaStreamTrack): MediaStreamAudioSourceNode | undefined {
    try {
      return this.#listenTo(track);
    } catch (error) {
      console.warn('How loud the microphone is cannot be told.', error);
      this.#track = null;
      return undefined;
    }
  }

  #listenTo(track: MediaStreamTrack): MediaStreamAudioSourceNode {
    if (!this.#context) {
      this.#context = new AudioContext();
      this.#analyser = new AnalyserNode(this.#context, { fftSize: 1_024 });
      this.#samples = new Float32Array(this.#analyser.fftSize);
    }
    const source = this.#context.createMediaStreamSource(new MediaStream([track]));
    if (this.#analyser) source.connect(this.#analyser);
    return source;
  }
}
