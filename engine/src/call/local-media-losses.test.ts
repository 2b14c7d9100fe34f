import { describe, expect, test } from 'vitest';
import { settled } from './testing/fake-media-devices.ts';
import { BACK, HEADSET, MIC, OwnMedia, WEBCAM } from './testing/own-media.ts';

const OFF = { on: false, starting: false, problem: undefined };
const ON = { on: true, starting: false, problem: undefined };

describe('a device that goes', () => {
  test('is replaced by another, as silent as it was', async () => {
    const own = await new OwnMedia(HEADSET, MIC).start({ camera: false });
    own.media.toggleMicrophone();
    await own.devices.unplug('headset');
    expect(own.given.at(-1)).toEqual({ source: 'microphone', track: null });
    await own.devices.answerAll();
    expect([own.id('microphone'), own.track('microphone')?.enabled, own.media.microphone]).toEqual(['mic', false, OFF]);
    await own.devices.plugIn(HEADSET);
    expect(own.id('microphone')).toBe('mic'); // it does not jump back
    expect(own.devices.open).toEqual([]);
  });

  test('without another is unplugged until one appears, if it is the microphone', async () => {
    const own = await new OwnMedia(MIC, WEBCAM).start();
    await own.devices.unplug('mic');
    await own.devices.answerAll();
    expect(own.media.microphone).toEqual({ ...OFF, problem: 'unplugged' });
    expect(own.devices.questions).toHaveLength(2);
    await own.devices.plugIn(MIC);
    await own.devices.answerAll();
    expect([own.media.microphone, own.id('microphone')]).toEqual([ON, 'mic']);
  });

  test('and was the camera is not replaced unasked: it may have been unplugged not to be seen', async () => {
    const own = await new OwnMedia(MIC, WEBCAM, BACK).start();
    await own.devices.unplug(own.id('camera')!);
    await own.devices.plugIn(WEBCAM);
    await own.devices.answerAll();
    expect(own.media.camera).toEqual({ ...OFF, problem: 'unplugged' });
    expect(own.devices.live).toEqual(['mic']);
    own.media.toggleCamera();
    await own.devices.answerAll();
    expect(own.media.camera).toEqual(ON);
  });

  test('is refused if the permission has gone', async () => {
    const own = await new OwnMedia(MIC).start({ camera: false });
    own.devices.refused.add('audio');
    own.track('microphone')?.end();
    await own.devices.answerAll();
    expect(own.media.microphone).toEqual({ ...OFF, problem: 'refused' });
    await own.devices.plugIn(HEADSET);
    expect(own.devices.open).toEqual([]);
  });

  test('is looked for after a change of devices, and not after every look at them', async () => {
    const own = await new OwnMedia(WEBCAM).start();
    own.devices.busy.add('mic');
    await own.devices.plugIn(MIC);
    await own.devices.answerAll();
    expect(own.media.microphone).toEqual({ ...OFF, problem: 'missing' });
    own.media.toggleCamera();
    own.media.toggleCamera();
    await own.devices.last.answer();
    expect(own.devices.open).toEqual([]);
  });

  test('is not asked for for ever', async () => {
    const own = await new OwnMedia(MIC).start({ camera: false });
    own.track('microphone')?.end();
    await own.devices.answerAll();
    own.track('microphone')?.end();
    await settled();
    expect(own.devices.open).toEqual([]);
    expect(own.media.microphone).toEqual({ ...OFF, problem: 'unplugged' });
  });

  test('while another is chosen that cannot be had is replaced by a third', async () => {
    const own = await new OwnMedia(HEADSET, MIC, { ...MIC, id: 'busy' }).start({ camera: false });
    own.devices.busy.add('busy');
    own.media.choose('microphone', 'busy');
    own.track('microphone')?.end();
    await own.devices.answerAll();
    expect(own.media.microphone).toEqual(ON);
  });

  test('ends being held open', async () => {
    const own = await new OwnMedia(MIC).start({ camera: false });
    own.media.toggleMicrophone();
    own.media.pushToTalk(true);
    await own.devices.unplug('mic');
    expect(own.media.pushing).toBe(false);
  });

  test('or was never there is taken when it appears, if it is the microphone', async () => {
    const own = await new OwnMedia().start();
    expect([own.media.microphone.problem, own.media.camera.problem]).toEqual(['missing', 'missing']);
    await own.devices.plugIn(MIC);
    await own.devices.plugIn(WEBCAM); // nobody expects to be seen now
    await own.devices.answerAll();
    expect([own.media.microphone.on, own.media.camera.on]).toEqual([true, false]);
  });
});
