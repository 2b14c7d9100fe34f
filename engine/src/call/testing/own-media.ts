import { MEDIA_SOURCES, type MediaSource } from '@tincan/shared/call';
import { expect } from 'vitest';
import { LocalMedia } from '../local-media.ts';
import { FakeMediaDevices, FakeMemory, type FakeTrack } from './fake-media-devices.ts';

export const MIC = { kind: 'audioinput', id: 'mic', label: 'Desk' } as const;
export const HEADSET = { kind: 'audioinput', id: 'headset' } as const;
export const WEBCAM = { kind: 'videoinput', id: 'webcam' } as const;
export const FRONT = { kind: 'videoinput', id: 'front', facing: 'user' } as const;
export const BACK = { kind: 'videoinput', id: 'back', facing: 'environment' } as const;

/** A page with these devices; it keeps what it was told of the tracks, as a connection would. */
export class OwnMedia {
  readonly devices: FakeMediaDevices;
  readonly memory = new FakeMemory();
  readonly media: LocalMedia;
  readonly given: { source: MediaSource; track: MediaStreamTrack | null }[] = [];
  changes = 0;

  constructor(...plugged: FakeMediaDevices['plugged']) {
    this.devices = new FakeMediaDevices(...plugged);
    this.media = new LocalMedia({
      devices: this.devices as unknown as MediaDevices,
      memory: this.memory,
      canChooseSpeaker: true,
    });
    this.media.on('track', (event) => {
      expect(event.track?.readyState).not.toBe('ended');
      expect(event.track).toBe(this.media.track(event.source));
      this.given.push(event);
    });
    this.media.on('changed', () => (this.changes += 1));
  }

  /** Begins a call, with every question answered. */
  async start(wanted: Partial<Parameters<LocalMedia['start']>[0]> = {}): Promise<this> {
    const done = this.media.start({ microphone: true, camera: true, ...wanted });
    await this.devices.answerAll();
    await done;
    return this;
  }

  track(source: MediaSource): FakeTrack | null {
    return this.media.track(source) as FakeTrack | null;
  }
  id(source: MediaSource): string | undefined {
    return this.track(source)?.device?.id;
  }

  /** Nothing is open but what is given, and all of that has been told. */
  expectNothingElseOpen(): void {
    const held = MEDIA_SOURCES.map((source) => this.track(source)).filter((track) => track !== null);
    expect(new Set(this.devices.tracks.filter(({ readyState }) => readyState === 'live'))).toEqual(new Set(held));
    for (const source of MEDIA_SOURCES) {
      const told = this.given.findLast((event) => event.source === source)?.track ?? null;
      expect(told).toBe(this.media.track(source));
    }
  }
}
