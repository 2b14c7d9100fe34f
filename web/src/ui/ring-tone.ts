// The sound of a call that waits for an answer. Made here: a file would be one more thing to fetch at the wrong moment.
interface Tone {
  hertz: number;
  atMs: number;
  lastsMs: number;
}
interface Pattern {
  tones: readonly Tone[];
  periodMs: number;
  loudness: number;
}

const PATTERNS = {
  /** Somebody calls: two soft tones, twice. */
  incoming: {
    tones: [0, 700].flatMap((at) => [
      { hertz: 587.3, atMs: at, lastsMs: 320 },
      { hertz: 784, atMs: at + 220, lastsMs: 420 },
    ]),
    periodMs: 2800,
    loudness: 0.22,
  },
  /** It rings over there. */
  waiting: { tones: [{ hertz: 425, atMs: 0, lastsMs: 900 }], periodMs: 4000, loudness: 0.07 },
} satisfies Record<string, Pattern>;

export type RingTone = keyof typeof PATTERNS;

/** Rings until the function that it returns is called. Never throws: a ring that cannot be heard is still seen. */
export function ring(tone: RingTone): () => void {
  let context: AudioContext;
  try {
    context = new AudioContext();
  } catch (error) {
    console.warn('There is no sound for the ring.', error); // no sound device, or too many contexts
    return () => {};
  }
  const samples = samplesOf(tone, context.sampleRate);
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples, 0);
  // A loop and no timer: timers are slow in a tab in the background, where a ring is needed most.
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  source.connect(context.destination);
  source.start();

  // Until the person has touched the page a browser may keep it silent; the first touch makes it ring.
  const wake = () => {
    if (context.state === 'suspended') context.resume().catch(() => console.info('The ring stays silent.'));
  };
  wake();
  const touches = ['pointerdown', 'keydown'] as const;
  for (const touch of touches) document.addEventListener(touch, wake);

  return () => {
    for (const touch of touches) document.removeEventListener(touch, wake);
    source.stop();
    context.close().catch((error: unknown) => console.warn('The ring could not be closed.', error));
  };
}

/** One period of a ring tone, from -1 to 1. */
export function samplesOf(tone: RingTone, sampleRate: number): Float32Array<ArrayBuffer> {
  const { tones, periodMs, loudness } = PATTERNS[tone];
  const samples = new Float32Array(Math.round((periodMs / 1000) * sampleRate));
  for (const { hertz, atMs, lastsMs } of tones) {
    const first = Math.round((atMs / 1000) * sampleRate);
    const count = Math.round((lastsMs / 1000) * sampleRate);
    for (let index = 0; index < count; index += 1) {
      const swell = Math.sin((Math.PI * index) / count); // rises from nothing and falls to nothing: no clicks
      samples[first + index]! += loudness * swell * Math.sin((2 * Math.PI * hertz * index) / sampleRate);
    }
  }
  return samples;
}
