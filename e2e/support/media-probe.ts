import type { Tab } from './tab.ts';

/** What `installMediaProbe` keeps in the page. */
interface Probe {
  connections: RTCPeerConnection[];
  /** Descriptions that this page has made its own. */
  descriptions: number;
  /** Everything that a camera, a microphone or a screen has given. */
  tracks: MediaStreamTrack[];
  /** What is known of an element's pictures since it was first asked about; `afresh` forgets what was before. */
  watch(element: HTMLVideoElement, afresh?: boolean): Watched;
}

/** When the newest picture was shown, the longest wait between two, in milliseconds, and how many there were. */
interface Watched {
  at: number;
  longestGap: number;
  count: number;
}

declare global {
  interface Window {
    probe: Probe;
  }
}

/** Runs in the page before its own scripts: notes the connections, and what devices give. It changes nothing of what they do. */
export function installMediaProbe(): void {
  const watched = new WeakMap<HTMLVideoElement, Watched>();
  const probe: Probe = {
    connections: [],
    descriptions: 0,
    tracks: [],
    // Not the playback quality: Firefox counts no pictures of a stream in it.
    watch: (element, afresh = false) => {
      const known = watched.get(element);
      if (known && afresh) Object.assign(known, { at: performance.now(), longestGap: 0, count: 0 });
      if (known) return known;
      const note = { at: performance.now(), longestGap: 0, count: 0 };
      watched.set(element, note);
      const next = () =>
        element.requestVideoFrameCallback(() => {
          const now = performance.now();
          note.longestGap = Math.max(note.longestGap, now - note.at);
          note.at = now;
          note.count += 1;
          next();
        });
      next();
      return note;
    },
  };
  window.probe = probe;
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      probe.connections.push(this);
    }
    override setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
      probe.descriptions += 1;
      return super.setLocalDescription(description);
    }
  };
  const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
  for (const name of ['getUserMedia', 'getDisplayMedia'] as const) {
    if (!mediaDevices) continue;
    const native: MediaDevices['getUserMedia'] = mediaDevices[name].bind(mediaDevices);
    mediaDevices[name] = async (constraints) => {
      const stream = await native(constraints);
      probe.tracks.push(...stream.getTracks());
      return stream;
    };
  }
}

/** What a person sees and hears of a call, as the browser knows it. */
export class MediaProbe {
  readonly #tab: Tab;

  constructor(tab: Tab) {
    this.#tab = tab;
  }

  /** Pictures shown since they were first asked for, of each `remote-video` that shows any kind of this source, by the peer it is of. */
  async pictures(source: 'camera' | 'screen' = 'camera'): Promise<Record<string, number>> {
    return this.#tab.evaluate((wanted) => {
      const elements = [...document.querySelectorAll<HTMLVideoElement>('[data-testid="remote-video"]')];
      const shown = elements.filter(({ dataset }) => dataset['source'] === wanted);
      return Object.fromEntries(
        shown.map((element) => [element.dataset['peerId'] ?? '', window.probe.watch(element).count]),
      );
    }, source);
  }

  /** The energy of the sound that has come so far, of each section of each connection that lives. */
  async soundEnergies(): Promise<number[]> {
    return (await this.#rows('inbound-rtp', 'totalAudioEnergy')).filter((energy) => energy > 0);
  }

  /** Bytes of media sent so far, to all peers together, with their packets' headers. */
  async sentBytes(): Promise<number> {
    const [bytes, headers] = [
      await this.#rows('outbound-rtp', 'bytesSent'),
      await this.#rows('outbound-rtp', 'headerBytesSent'),
    ];
    return [...bytes, ...headers].reduce((sum, value) => sum + value, 0);
  }

  async #rows(type: string, field: string): Promise<number[]> {
    return this.#tab.evaluate(
      async ([ofType, ofField]) => {
        const values: number[] = [];
        for (const connection of window.probe.connections) {
          if (connection.connectionState === 'closed') continue;
          (await connection.getStats()).forEach((row: Record<string, unknown>) => {
            if (row['type'] === ofType && typeof row[ofField] === 'number') values.push(row[ofField]);
          });
        }
        return values;
      },
      [type, field] as const,
    );
  }

  /** How many connections and descriptions there were so far, and whether what devices gave still runs: `audio live`, … */
  async state(): Promise<{ connections: number; descriptions: number; tracks: string[] }> {
    return this.#tab.evaluate(
      () => ({
        connections: window.probe.connections.length,
        descriptions: window.probe.descriptions,
        tracks: window.probe.tracks.map(({ kind, readyState }) => `${kind} ${readyState}`),
      }),
      undefined,
    );
  }

  /** From now on notes when each remote picture is shown. */
  async watchPictures(): Promise<void> {
    await this.#tab.evaluate(() => {
      const pictures = document.querySelectorAll<HTMLVideoElement>(
        '[data-testid="remote-video"][data-source="camera"]',
      );
      for (const element of pictures) window.probe.watch(element, true);
    }, undefined);
  }

  /** Of the first watched picture: how long ago the newest was shown, the longest wait between two, in milliseconds, and how many were. */
  async watched(): Promise<{ sinceNewest: number; longestGap: number; count: number }> {
    return this.#tab.evaluate(() => {
      const element = document.querySelector<HTMLVideoElement>('[data-testid="remote-video"][data-source="camera"]');
      if (!element) throw new Error('there is no picture');
      const note = window.probe.watch(element);
      const sinceNewest = performance.now() - note.at;
      return { ...note, sinceNewest, longestGap: Math.max(note.longestGap, sinceNewest) };
    }, undefined);
  }
}
