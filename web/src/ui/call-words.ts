// Every text about calls. A part of words.ts.
import type { CallEndView, CallMemberView, DeviceKind, MediaProblem, QualityView } from '../session/call-views.ts';

export const callWords = {
  call: {
    heading: 'Call',
    you: 'You',
    audio: 'Call',
    video: 'Video call',
    audioHint: 'Call everyone in this room, with sound only',
    videoHint: 'Call everyone in this room, with sound and picture',
    join: 'Join',
    joinVideo: 'Join with camera',
    joinHint: 'Join the call, with sound only',
    joinVideoHint: 'Join the call, with sound and picture',
    waiting: 'You can call as soon as somebody is here.',
    cannot: 'This browser lets no page use a microphone, so it cannot make calls.',
    running: (names: string[]) => (names.length === 1 ? `${names[0]} is in a call.` : `${list(names)} are in a call.`),
    peerAudio: (name: string) => `Call ${name}`,
    peerVideo: (name: string) => `Video call with ${name}`,
    peerInvite: (name: string) => `Ask ${name} into the call`,

    incoming: (name: string, video: boolean, everyone: boolean) =>
      `${name} calls ${everyone ? 'everyone in the room' : 'you'}${video ? ', with camera' : ''}`,
    others: (names: string[]) =>
      names.length === 1 ? `${names[0]} is in the call too.` : `${list(names)} are in the call too.`,
    insteadOf: 'If you answer, the call that you are in ends for you.',
    answer: 'Answer',
    answerCamera: 'Answer with camera',
    answerAudio: 'Answer without camera',
    decline: 'Decline',
    verified: 'You have compared the pictures with them.',
    title: (name: string, app: string) => `${name} calls · ${app}`,
    notification: (name: string) => `${name} calls you`,
    notificationBody: 'Click to answer in Tincan.',

    members: 'In the call',
    alone: 'You are the only one in this call.',
    aloneEveryone: 'You are the only one in this call. Everybody in the room can come in.',
    pictureWaits: 'No picture for now, only sound.',
    browserAsks: 'Your browser may be asking whether this page may use the microphone and the camera.',
    frozen: 'Connection lost. It comes back by itself.',
    frozenShort: 'Lost',
    microphoneOff: 'Microphone off',
    sharing: 'You are sharing your screen.',
    screenOf: (name: string) => `Screen of ${name}`,
    pin: (what: string) => `Show ${what} large`,
    unpin: (what: string) => `Stop keeping ${what} large`,
    heard: 'You are heard',
    soundBlocked: 'The browser keeps the sound off until you press a button.',
    soundOn: 'Turn on the sound',
    speakerFailed: 'The sound cannot be sent to that speaker. Choose another one; until then it stays where it was.',

    controls: 'Controls of the call',
    microphone: 'Microphone',
    camera: 'Camera',
    flip: 'Other camera',
    screen: 'Share screen',
    devices: 'Devices and keys',
    grid: 'Show all equally large',
    speakerView: 'Show who speaks large',
    pictureInPicture: 'Picture in a small window',
    fullScreen: 'Full screen',
    details: 'Quality of the connections',
    hangUp: 'Hang up',
    withKey: (label: string, key: string) => `${label} (${key})`,
    again: 'Try again',

    devicesHeading: 'Devices',
    systemChoice: 'What the system chooses',
    unnamed: (kind: DeviceKind, number: number) => `${deviceNames[kind]} ${number}`,
    noDevice: 'None found',
    done: 'Done',
    keysHeading: 'Keys during a call',
    useKeys: 'Single letters act during a call',
    keys: [
      ['M', 'Microphone on or off'],
      ['V', 'Camera on or off'],
      ['S', 'Share the screen, or stop'],
      ['L', 'All equally large, or who speaks large'],
      ['F', 'Full screen'],
      ['Space', 'Hold it to be heard while the microphone is off'],
    ],

    detailsNone: 'There is nothing to measure yet.',
    direct: 'Direct',
    relay: 'By relay',
    unknown: '–',
    noPicture: 'No picture',
    picture: (width: number, height: number, perSecond: number) => `${width} × ${height}, ${perSecond} per second`,
    milliseconds: (n: number) => `${n} ms`,
    detail: {
      route: 'Route',
      roundTrip: 'There and back',
      received: 'Comes in',
      sent: 'Goes out',
      receivedLoss: 'Lost on the way in',
      sentLoss: 'Lost on the way out',
      receivedPicture: 'Picture in',
      sentPicture: 'Picture out',
    },

    loss: 'You are in a call, and it will end.',
    heldBack: 'Slower for now: the call comes first.',
    joined: (name: string) => `${name} is in the call.`,
    left: (name: string) => `${name} is not in the call any more.`,

    upstream: 'Most that calls may send',
    upstreamHint: 'To everyone in a call together. Less leaves more for everything else on your line.',
    upstreamUsual: (speed: string) => `${speed} (usual)`,
    notify: 'Tell me about calls while this tab is in the background',
    notifyOn: 'You are told about calls while this tab is in the background.',
    notifyBlocked:
      'The browser does not allow this page to tell you. To change that, open the settings of this site beside its address and allow notifications.',
  },
};

const deviceNames: Record<DeviceKind, string> = { microphone: 'Microphone', camera: 'Camera', speaker: 'Speaker' };

export function deviceName(kind: DeviceKind): string {
  return deviceNames[kind];
}

function list(names: string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** What stands on somebody's tile, in few words on a small one; empty where the picture or the sound says it all. */
export function describeMember(
  { state, pictureWaits }: Pick<CallMemberView, 'state' | 'pictureWaits'>,
  isSmall: boolean,
): string {
  const { call } = callWords;
  if (state === 'live' && pictureWaits) return isSmall ? call.noPicture : call.pictureWaits;
  const states: Record<CallMemberView['state'], string> = {
    ringing: 'Calling…',
    declined: 'Declined',
    'no-answer': 'No answer',
    connecting: 'Connecting…',
    live: '',
    frozen: isSmall ? call.frozenShort : call.frozen,
  };
  return states[state];
}

export function describeQuality(level: QualityView['level']): string {
  const levels: Record<QualityView['level'], string> = {
    good: 'Good connection',
    fair: 'Fair connection',
    poor: 'Poor connection',
  };
  return levels[level];
}

/** `clock` is when it was. */
export function describeEnd(why: CallEndView['why'], name: string, clock: string): string {
  switch (why) {
    case 'declined':
      return `${name} declined.`;
    case 'no-answer':
      return `No answer from ${name}.`;
    case 'left':
      return `${name} has left the call: it is over.`;
    case 'missed':
      return `${name} called you at ${clock}.`;
  }
}

export type OwnSource = 'microphone' | 'camera' | 'screen';

const problems: Record<OwnSource, Record<MediaProblem, string>> = {
  microphone: {
    refused:
      'The microphone is not allowed. Allow it in the settings of this site, beside its address, and try again. Until then you hear the others, and they do not hear you.',
    busy: 'Another program is using the microphone. Close that program and try again. Until then you hear the others, and they do not hear you.',
    missing: 'No microphone was found. Plug one in. Until then you hear the others, and they do not hear you.',
    unplugged:
      'The microphone was unplugged. Plug one in or choose another one. Until then you hear the others, and they do not hear you.',
    failed:
      'The microphone could not be started. Choose another one, or try again. Until then you hear the others, and they do not hear you.',
  },
  camera: {
    refused:
      'The camera is not allowed. Allow it in the settings of this site, beside its address, and try again. The call goes on without your picture.',
    busy: 'Another program is using the camera. Close that program and try again. The call goes on without your picture.',
    missing: 'No camera was found. Plug one in and try again. The call goes on without your picture.',
    unplugged:
      'The camera was unplugged, and no other one is used unasked. Plug it in or choose another one, and try again. The call goes on without your picture.',
    failed: 'The camera could not be started. Choose another one, or try again. The call goes on without your picture.',
  },
  screen: {
    refused:
      'The screen is not shared: it was not chosen, or not allowed. Try again to choose it. The call goes on without it.',
    busy: 'Another program keeps the screen from being shared. Close that program and try again. The call goes on without it.',
    missing: 'There was no screen or window to share. Open one and try again. The call goes on without it.',
    unplugged:
      'What you shared was closed or unplugged. Try again to share something else. The call goes on without it.',
    failed: 'The screen could not be shared. Try again, or share a single window. The call goes on without it.',
  },
};

/** What is wrong with something of one's own in a call, what helps, and how the call goes on. */
export function describeProblem(source: OwnSource, problem: MediaProblem): string {
  return problems[source][problem];
}
