import { expect, test, vi } from 'vitest';
import { findDevices } from './devices.ts';
import { problemOf, screenProblemOf } from './media-problem.ts';
import { FakeMediaDevices, settled } from './testing/fake-media-devices.ts';
import { HEADSET, MIC, OwnMedia, WEBCAM } from './testing/own-media.ts';

const SPEAKER = { kind: 'audiooutput', id: 'loud', label: 'Loud' } as const;
const none = { microphone: undefined, camera: undefined, speaker: undefined };

test('devices are listed by kind: the default as one of them, second names not', async () => {
  const devices = new FakeMediaDevices(
    { kind: 'audioinput', id: 'default', label: 'Default' },
    { kind: 'audioinput', id: 'communications' },
    MIC,
    WEBCAM,
    SPEAKER,
  );
  const found = await findDevices(devices, true);
  expect(found).toEqual({
    microphones: [
      { id: 'default', label: 'Default' },
      { id: 'mic', label: 'Desk' },
    ],
    cameras: [{ id: 'webcam', label: '' }],
    speakers: [{ id: 'loud', label: 'Loud' }],
    present: new Set(['microphone', 'camera', 'speaker']),
  });
  expect((await findDevices(devices, false)).speakers).toEqual([]);
});

test('what has no id before the person allows it only shows that it is there', async () => {
  const found = await findDevices(new FakeMediaDevices({ kind: 'videoinput', id: '' }), true);
  expect([found.cameras, [...found.present]]).toEqual([[], ['camera']]);
});

test('devices are known with the call, with their changes, and with what is in use', async () => {
  const own = new OwnMedia(MIC, SPEAKER);
  expect(own.media.devices).toEqual({ microphones: [], cameras: [], speakers: [], chosen: none });
  await own.start({ camera: false });
  expect(own.media.devices.chosen).toEqual({ ...none, microphone: 'mic' });
  const changes = own.changes;
  await own.devices.plugIn(HEADSET);
  expect(own.media.devices.microphones.map(({ id }) => id)).toEqual(['mic', 'headset']);
  expect(own.changes).toBeGreaterThan(changes);
  expect(own.devices.open).toEqual([]);
});

test('devices are known though none is allowed', async () => {
  const own = new OwnMedia(MIC);
  own.devices.refused.add('audio');
  await own.start({ camera: false });
  expect(own.media.devices.microphones).toHaveLength(1);
});

test('names are read again with the permission', async () => {
  const own = new OwnMedia({ ...MIC, label: '' });
  void own.media.start({ microphone: true, camera: false });
  await settled();
  own.devices.plugged = [MIC];
  await own.devices.answerAll();
  expect(own.media.devices.microphones).toEqual([{ id: 'mic', label: 'Desk' }]);
});

test('a choice outside of a call is remembered, and is chosen if it is there', async () => {
  const own = await new OwnMedia(MIC, HEADSET, SPEAKER).start({ camera: false });
  own.media.stop();
  own.media.choose('speaker', 'loud');
  own.media.choose('microphone', 'headset');
  own.media.choose('camera', 'gone');
  expect(Object.fromEntries(own.memory)).toEqual({ speaker: 'loud', microphone: 'headset', camera: 'gone' });
  expect(own.media.devices.chosen).toEqual({ microphone: 'headset', camera: undefined, speaker: 'loud' });
  own.media.choose('speaker', '');
  expect(own.media.devices.chosen.speaker).toBeUndefined();
  expect(own.devices.open).toEqual([]);
});

test('choosing what is in use asks for nothing; an empty id asks for the choice of the system', async () => {
  const own = await new OwnMedia(MIC, HEADSET).start({ camera: false });
  own.media.choose('microphone', 'mic');
  expect(own.devices.open).toEqual([]);
  own.media.choose('microphone', '');
  expect(own.devices.last.audio).not.toHaveProperty('deviceId');
});

test('of two looks at the devices the newer counts, whichever is answered first', async () => {
  const own = new OwnMedia(MIC);
  own.devices.looks = [];
  const old = own.devices.infos;
  own.devices.dispatchEvent(new Event('devicechange'));
  await own.devices.plugIn(HEADSET);
  const [first, second] = own.devices.looks;
  second?.(own.devices.infos);
  await settled();
  first?.(old);
  await settled();
  expect(own.media.devices.microphones.map(({ id }) => id)).toEqual(['mic', 'headset']);
});

test('a browser that does not tell its devices is logged, and costs nothing else', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  const own = new OwnMedia(MIC);
  own.devices.enumerateDevices = () => Promise.reject(new Error('no'));
  await own.start({ camera: false });
  expect(own.media.microphone.on).toBe(true);
  expect(log).toHaveBeenCalled();
  log.mockRestore();
});

test('a screen can be shared where the browser knows how', () => {
  const own = new OwnMedia();
  expect(own.media.canShareScreen).toBe(true);
});

test.each([
  ['NotAllowedError', 'refused'],
  ['SecurityError', 'refused'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
  ['TrackStartError', 'busy'],
  ['NotFoundError', 'missing'],
  ['OverconstrainedError', 'missing'],
  ['DevicesNotFoundError', 'missing'],
] as const)('%s is %s', (name, problem) => {
  expect(problemOf({ name })).toBe(problem); // no Error, as some browsers' OverconstrainedError
});

test('what is not known has failed, and is logged', () => {
  const log = vi.spyOn(console, 'error').mockReturnValue();
  for (const error of [new TypeError('no such method'), 'text', undefined]) expect(problemOf(error)).toBe('failed');
  expect(screenProblemOf(new DOMException('no click', 'InvalidStateError'))).toBe('failed');
  expect(log).toHaveBeenCalledTimes(4);
  log.mockRestore();
});
