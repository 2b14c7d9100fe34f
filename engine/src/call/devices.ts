export type DeviceKind = 'microphone' | 'camera' | 'speaker';

export interface Device {
  id: string;
  /** Empty where the browser does not tell. */
  label: string;
}

/** Where the devices that a person has chosen are kept, from one visit to the next. */
export interface DeviceMemory {
  get(kind: DeviceKind): string | undefined;
  /** An empty `id` stands for the system's own choice. */
  set(kind: DeviceKind, id: string): void;
}

/** What a person can choose from, and what is chosen. */
export interface Devices {
  microphones: readonly Device[];
  cameras: readonly Device[];
  /** Empty where the browser does not let a page choose. */
  speakers: readonly Device[];
  /** In use, or what would be; `undefined` for the system's own choice, and for a device that is not there. */
  chosen: Readonly<Record<DeviceKind, string | undefined>>;
}

/** The devices, and the kinds of which there is any. */
export interface FoundDevices extends Omit<Devices, 'chosen'> {
  present: ReadonlySet<DeviceKind>;
}

export const NO_DEVICES: FoundDevices = { microphones: [], cameras: [], speakers: [], present: new Set() };

const KINDS: Readonly<Record<MediaDeviceKind, DeviceKind>> = {
  audioinput: 'microphone',
  videoinput: 'camera',
  audiooutput: 'speaker',
};

/**
 * What the browser tells of the devices. Chromium's entry 'default' stays, as a device like any other: with it the sound follows what
 * the system is set to, its label says so, and its id works wherever an id does. Its 'communications' is a second name of a device that is
 * listed anyhow, and is left out. So is what has no id, of which there is at most one of a kind until the person allows more: it cannot be
 * asked for, and only shows that there is any.
 */
export async function findDevices(
  devices: Pick<MediaDevices, 'enumerateDevices'>,
  canChooseSpeaker: boolean,
): Promise<FoundDevices> {
  const infos = await devices.enumerateDevices();
  const list = (kind: DeviceKind): Device[] =>
    infos
      .filter(({ kind: its, deviceId }) => KINDS[its] === kind && deviceId !== '' && deviceId !== 'communications')
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  return {
    microphones: list('microphone'),
    cameras: list('camera'),
    speakers: canChooseSpeaker ? list('speaker') : [],
    present: new Set(infos.map(({ kind }) => KINDS[kind])),
  };
}
