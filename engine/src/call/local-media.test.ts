import { describe, expect, test, vi } from 'vitest';
import { FakeTrack, settled } from './testing/fake-media-devices.ts';
import { BACK, FRONT, HEADSET, MIC, OwnMedia, WEBCAM } from './testing/own-media.ts';

const OFF = { on: false, starting: false, problem: undefined };
const ON = { on: true, starting: false, problem: undefined };

describe('the beginning of a call', () => {
  test('is one question for both', async () => {
    const { media, devices, given } = new OwnMedia(MIC, WEBCAM);
    const done = media.start({ microphone: true, camera: true });
    expect([media.microphone, media.camera]).toEqual([
      { ...OFF, starting: true },
      { ...OFF, starting: true },
    ]);
    await devices.last.answer();
    await done;
    expect(devices.questions).toHaveLength(1);
    expect(devices.last.options).toEqual({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      video: {
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30, max: 30 },
        facingMode: { ideal: 'user' },
      },
    });
    expect([media.microphone, media.camera]).toEqual([ON, ON]);
    expect(given).toEqual([
      { source: 'microphone', track: media.track('microphone') },
      { source: 'camera', track: media.track('camera') },
    ]);
    expect([media.track('microphone')?.contentHint, media.track('camera')?.contentHint]).toEqual(['speech', '']);
  });

  test('asks for the remembered devices, and not for more than is wanted', async () => {
    const own = new OwnMedia(MIC, HEADSET);
    own.memory.set('microphone', 'headset').set('camera', 'webcam');
    await own.start({ camera: false });
    expect(own.devices.last.options).not.toHaveProperty('video');
    expect(own.devices.last.audio?.deviceId).toEqual({ ideal: 'headset' });
    own.media.toggleCamera();
    expect(own.devices.last.video).toMatchObject({ deviceId: { ideal: 'webcam' } });
    expect(own.devices.last.video).not.toHaveProperty('facingMode');
  });

  test.each([
    ['there is no camera', 'missing', () => new OwnMedia(MIC)],
    [
      'another program has it',
      'busy',
      () => prepared(new OwnMedia(MIC, WEBCAM), ({ devices }) => devices.busy.add('webcam')),
    ],
    [
      'it is refused',
      'refused',
      () => prepared(new OwnMedia(MIC, WEBCAM), ({ devices }) => devices.refused.add('video')),
    ],
  ] as const)('works without the camera if %s', async (_, problem, make) => {
    const own = await make().start();
    expect(own.devices.questions.map(({ options }) => Object.keys(options))).toEqual([
      ['audio', 'video'],
      ['audio'],
      ['video'],
    ]);
    expect(own.media.microphone).toEqual(ON);
    expect(own.media.camera).toEqual({ ...OFF, problem });
    own.expectNothingElseOpen();
  });

  test('works without a microphone, one question after the other', async () => {
    const own = new OwnMedia(WEBCAM);
    void own.media.start({ microphone: true, camera: true });
    await own.devices.last.answer();
    expect(own.devices.open.map(({ options }) => Object.keys(options))).toEqual([['audio']]);
    await own.devices.answerAll();
    expect([own.media.microphone, own.media.camera]).toEqual([{ ...OFF, problem: 'missing' }, ON]);
  });
});

describe('the microphone', () => {
  test('is silent when it is off, and stays open', async () => {
    const own = await new OwnMedia(MIC).start({ camera: false });
    own.media.toggleMicrophone();
    expect(own.media.microphone).toEqual(OFF);
    expect(own.track('microphone')).toMatchObject({ enabled: false, readyState: 'live' });
    own.media.toggleMicrophone();
    expect(own.media.microphone).toEqual(ON);
    expect(own.track('microphone')?.enabled).toBe(true);
    expect(own.devices.questions).toHaveLength(1);
  });

  test('is asked for again by turning it on where there is none', async () => {
    const own = new OwnMedia(MIC);
    own.devices.refused.add('audio');
    await own.start({ camera: false });
    expect(own.media.microphone).toEqual({ ...OFF, problem: 'refused' });
    own.devices.refused.clear();
    own.media.toggleMicrophone();
    expect(own.media.microphone).toEqual({ ...OFF, starting: true });
    await own.devices.answerAll();
    expect(own.media.microphone).toEqual(ON);
  });

  test('is not asked for by a call without it, until it is turned on', async () => {
    const own = await new OwnMedia(MIC).start({ microphone: false, camera: false });
    expect(own.devices.questions).toEqual([]);
    own.media.toggleMicrophone();
    await own.devices.answerAll();
    expect(own.media.microphone).toEqual(ON);
  });

  test('is heard while it is off and held open', async () => {
    const own = await new OwnMedia(MIC).start({ camera: false });
    own.media.pushToTalk(true);
    expect(own.media.pushing).toBe(false); // it is on
    own.media.toggleMicrophone();
    own.media.pushToTalk(true);
    const changes = own.changes;
    own.media.pushToTalk(true); // a key repeats
    expect(own.changes).toBe(changes);
    expect([own.media.pushing, own.media.microphone.on, own.track('microphone')?.enabled]).toEqual([true, false, true]);
    own.media.pushToTalk(false);
    expect([own.media.pushing, own.track('microphone')?.enabled]).toEqual([false, false]);
  });

  test('turned on while it is held open stays on when it is let go', async () => {
    const own = await new OwnMedia(MIC).start({ camera: false });
    own.media.toggleMicrophone();
    own.media.pushToTalk(true);
    own.media.toggleMicrophone();
    expect([own.media.pushing, own.media.microphone.on]).toEqual([false, true]);
    own.media.pushToTalk(false);
    expect(own.track('microphone')?.enabled).toBe(true);
  });

  test('cannot be held open where there is none', async () => {
    const own = await new OwnMedia().start({ microphone: false });
    own.media.pushToTalk(true);
    expect(own.media.pushing).toBe(false);
  });

  test('changes without a gap, and stays silent if it was', async () => {
    const own = await new OwnMedia(MIC, HEADSET).start({ camera: false });
    own.media.toggleMicrophone();
    own.media.choose('microphone', 'headset');
    expect(own.devices.last.audio).toMatchObject({ deviceId: { exact: 'headset' }, echoCancellation: true });
    expect(own.id('microphone')).toBe('mic');
    await own.devices.last.answer();
    expect(own.given.map(({ track }) => (track as FakeTrack | null)?.device?.id)).toEqual(['mic', 'headset']);
    expect(own.track('microphone')?.enabled).toBe(false);
    expect(own.devices.live).toEqual(['headset']);
    expect(own.memory.get('microphone')).toBe('headset');
  });

  test('stays the one it was if the chosen one cannot be had', async () => {
    const own = await new OwnMedia(MIC, HEADSET).start({ camera: false });
    own.devices.busy.add('headset');
    own.media.choose('microphone', 'headset');
    await own.devices.answerAll();
    expect(own.media.microphone).toEqual({ ...ON, problem: 'busy' });
    expect(own.devices.live).toEqual(['mic']);
    expect(own.given).toHaveLength(1);
  });
});

describe('the camera', () => {
  test('is closed when it is off, and asked for anew', async () => {
    const own = await new OwnMedia(MIC, WEBCAM).start();
    own.media.toggleCamera();
    expect([own.media.camera, own.track('camera'), own.devices.live]).toEqual([OFF, null, ['mic']]);
    expect(own.given.at(-1)).toEqual({ source: 'camera', track: null });
    own.media.toggleCamera();
    expect(own.media.camera).toEqual({ ...OFF, starting: true });
    await own.devices.answerAll();
    expect([own.media.camera, own.devices.live]).toEqual([ON, ['mic', 'webcam']]);
  });

  test('changes by closing the old one first, and is on all the while', async () => {
    const own = await new OwnMedia(FRONT, BACK).start({ microphone: false });
    own.media.choose('camera', 'back');
    expect([own.devices.live, own.media.camera]).toEqual([[], { ...ON, starting: true }]);
    expect(own.devices.last.video?.deviceId).toEqual({ exact: 'back' });
    await own.devices.answerAll();
    expect([own.id('camera'), own.media.camera, own.devices.mostCamerasAtOnce]).toEqual(['back', ON, 1]);
  });

  test('comes back with the problem if the chosen one cannot be had', async () => {
    const own = await new OwnMedia(FRONT, BACK).start({ microphone: false });
    own.devices.busy.add('back');
    own.media.choose('camera', 'back');
    await own.devices.answerAll();
    expect([own.id('camera'), own.media.camera]).toEqual(['front', { ...ON, problem: 'busy' }]);
    own.expectNothingElseOpen();
    own.media.toggleCamera();
    expect(own.media.camera).toEqual(OFF);
  });

  test('is off if the one before does not come back either', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const own = await new OwnMedia(FRONT, BACK).start({ microphone: false });
    own.devices.busy.add('back').add('front');
    own.media.choose('camera', 'back');
    await own.devices.answerAll();
    expect([own.id('camera'), own.media.camera]).toEqual([undefined, { ...OFF, problem: 'busy' }]);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  test('chosen while it is off is the one that is turned on', async () => {
    const own = await new OwnMedia(FRONT, BACK).start({ microphone: false });
    own.media.toggleCamera();
    own.media.choose('camera', 'back');
    expect(own.devices.questions).toHaveLength(1);
    own.media.toggleCamera();
    await own.devices.answerAll();
    expect(own.id('camera')).toBe('back');
  });

  test('flips to the other side and back, and is off and on on the same side', async () => {
    const own = await new OwnMedia(FRONT, BACK).start({ microphone: false });
    expect([own.media.canFlipCamera, own.media.facesAway]).toEqual([true, false]);
    own.media.flipCamera();
    expect(own.devices.last.video).toMatchObject({ facingMode: { exact: 'environment' } });
    await own.devices.answerAll();
    expect([own.id('camera'), own.media.facesAway, own.devices.mostCamerasAtOnce]).toEqual(['back', true, 1]);
    own.media.toggleCamera();
    own.media.flipCamera(); // has its place on the page, and does nothing now
    expect([own.media.facesAway, own.media.canFlipCamera, own.devices.open]).toEqual([false, true, []]);
    own.media.toggleCamera();
    await own.devices.answerAll();
    expect(own.id('camera')).toBe('back');
    own.media.flipCamera();
    await own.devices.answerAll();
    expect([own.id('camera'), own.media.facesAway, own.memory.size]).toEqual(['front', false, 0]);
  });

  test('flips to the next one where the browser does not know the sides', async () => {
    const own = await new OwnMedia(WEBCAM, { ...WEBCAM, id: 'second' }).start({ microphone: false });
    expect(own.media.canFlipCamera).toBe(false);
    own.media.flipCamera();
    await own.devices.answerAll();
    expect(own.id('camera')).toBe('second');
  });

  test('that is off or alone does not flip', async () => {
    const own = await new OwnMedia(FRONT).start({ microphone: false });
    expect(own.media.canFlipCamera).toBe(false);
    own.media.toggleCamera();
    own.media.flipCamera();
    await settled();
    expect(own.devices.open).toEqual([]);
  });

  test('that looks away is known as such, stays the one in use while it is off, and is forgotten for another', async () => {
    const own = new OwnMedia(FRONT, BACK, WEBCAM);
    own.memory.set('camera', 'front');
    await own.start({ microphone: false });
    own.media.choose('camera', 'back');
    await own.devices.answerAll();
    expect(own.media.facesAway).toBe(true);
    own.memory.set('camera', 'front');
    own.media.toggleCamera();
    own.media.flipCamera();
    own.media.toggleCamera();
    await own.devices.answerAll();
    expect(own.id('camera')).toBe('back');
    own.media.choose('camera', 'webcam');
    await own.devices.answerAll();
    expect([own.id('camera'), own.media.facesAway]).toEqual(['webcam', false]);
  });

  test('on its way to one that cannot be had goes straight to the next that was chosen', async () => {
    const own = await new OwnMedia(FRONT, BACK, WEBCAM).start({ microphone: false });
    own.devices.busy.add('back');
    own.media.choose('camera', 'back');
    own.media.choose('camera', 'webcam');
    await own.devices.answerAll();
    expect([own.id('camera'), own.devices.questions.length]).toEqual(['webcam', 3]);
  });
});

describe('the screen', () => {
  test('comes with its sound, beside the camera, until the browser ends it', async () => {
    const own = await new OwnMedia(MIC, WEBCAM).start();
    own.media.toggleScreen();
    expect(own.media.screen).toEqual({ ...OFF, starting: true });
    expect(own.devices.last.options).toMatchObject({
      video: { frameRate: { ideal: 15, max: 30 } },
      audio: { echoCancellation: false, restrictOwnAudio: true },
      systemAudio: 'include',
      selfBrowserSurface: 'exclude',
      surfaceSwitching: 'include',
    });
    const [picture, sound] = [new FakeTrack('video'), new FakeTrack('audio')].map((track) => own.devices.add(track));
    await own.devices.last.give(picture!, sound!);
    expect([own.track('screen'), own.track('screen-sound')]).toEqual([picture, sound]);
    expect([picture?.contentHint, sound?.contentHint]).toEqual(['detail', 'music']);
    expect([own.media.screen, own.media.camera]).toEqual([ON, ON]);
    picture?.end();
    expect([own.media.screen, sound?.readyState]).toEqual([OFF, 'ended']);
    own.expectNothingElseOpen();
  });

  test('goes on when only its sound ends, and ends by the person', async () => {
    const own = await new OwnMedia().start({ microphone: false, camera: false });
    own.media.toggleScreen();
    const [picture, sound] = [new FakeTrack('video'), new FakeTrack('audio')].map((track) => own.devices.add(track));
    await own.devices.last.give(picture!, sound!);
    sound?.end();
    expect([own.media.screen.on, own.track('screen-sound')]).toEqual([true, null]);
    own.media.toggleScreen();
    expect([own.media.screen, own.devices.live]).toEqual([OFF, []]);
    own.expectNothingElseOpen();
  });

  test.each([
    ['NotAllowedError', 'Permission denied', undefined],
    ['NotAllowedError', 'Permission denied by system', 'refused'],
    ['NotReadableError', '', 'busy'],
  ] as const)('that is not there: %s, %s', async (name, message, problem) => {
    const own = await new OwnMedia().start({ microphone: false, camera: false });
    own.media.toggleScreen();
    await own.devices.last.fail(name, message);
    expect(own.media.screen).toEqual({ ...OFF, problem });
    own.media.toggleScreen();
    expect(own.media.screen).toEqual({ ...OFF, starting: true });
  });
});

function prepared<T>(value: T, change: (value: T) => unknown): T {
  change(value);
  return value;
}
