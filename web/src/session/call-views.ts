// What the page shows of a call: plain snapshots, replaced and never changed.
import type { SessionId } from '@tincan/shared/introduction';
import type { CallEndReason } from '@tincan/engine/call/call-state';
import type { SourceState } from '@tincan/engine/call/source-state';
import type { Picture } from '@tincan/engine/call/quality';

export type { Device as DeviceView, DeviceKind, Devices as DevicesView } from '@tincan/engine/call/devices';
export { MEDIA_PROBLEMS, type MediaProblem } from '@tincan/engine/call/media-problem';

/** The microphone, the camera or the screen of this page, in a call. */
export type OwnSourceView = SourceState;
export type PictureView = Picture;

export interface QualityView {
  level: 'good' | 'fair' | 'poor';
  route: 'direct' | 'relay' | undefined;
  /** Of this peer's connection, in milliseconds. */
  roundTripMs: number | undefined;
  /** Of what comes from the peer and of what goes there, 0 to 1, over the last seconds. */
  receivedLoss: number | undefined;
  sentLoss: number | undefined;
  receivedBitsPerSecond: number;
  sentBitsPerSecond: number;
  /** The pictures as they come and as they go, the screen's where one is shared; `undefined` while there are none. */
  received: PictureView | undefined;
  sent: PictureView | undefined;
}

/** Somebody in the call, or somebody who was asked into it. */
export interface CallMemberView {
  session: SessionId;
  /** As in `PeerView`: cleaned, and empty while it is not known. */
  name: string;
  state:
    | 'ringing' // asked, has not answered
    | 'declined'
    | 'no-answer'
    | 'connecting' // in the call, nothing seen or heard yet
    | 'live'
    | 'frozen'; // the connection is interrupted, and comes back by itself
  /** What the member says that it sends. */
  microphone: boolean;
  camera: boolean;
  screen: boolean;
  /** The camera, for a muted element; there from the first moment of the connection, and the same over all of them. */
  picture: MediaStream | undefined;
  /** The shared screen, for a muted element. */
  screenPicture: MediaStream | undefined;
  /** Voice and screen, each for an element of its own: sound must not wait for a picture. */
  sounds: readonly MediaStream[];
  /** Its camera is on, and the path carries no more than its sound. */
  pictureWaits: boolean;
  speaking: boolean;
  quality: QualityView | undefined;
}

/** The call that this page is in. */
export interface CallView {
  id: string;
  /** With everyone in the room, so that others can come in; else only with those who were asked. */
  everyone: boolean;
  /** It was started with pictures. */
  video: boolean;
  microphone: OwnSourceView;
  camera: OwnSourceView;
  screen: OwnSourceView;
  /** The microphone is off, and the person holds it open. */
  pushing: boolean;
  /** Own camera, for a mirrored picture; `undefined` while it is off. */
  ownPicture: MediaStream | undefined;
  /** The own camera looks away from the person: its picture is not mirrored. */
  facesAway: boolean;
  ownSpeaking: boolean;
  members: readonly CallMemberView[];
}

/** Somebody calls this person. */
export interface IncomingCallView {
  id: string;
  from: SessionId;
  name: string;
  video: boolean;
  everyone: boolean;
  /** Names of those who are in it already, besides the caller. */
  others: readonly string[];
}

/** A call of everyone that this page is not in. */
export interface RunningCallView {
  id: string;
  video: boolean;
  /** Of everyone who is in it. */
  names: readonly string[];
}

/** How the last call came to its end, where this person did not end it, or that one was missed. */
export interface CallEndView {
  why: CallEndReason;
  name: string;
  /** In milliseconds since 1970. */
  at: number;
}
