import type { SessionId } from '@tincan/shared/introduction';
import { isCallMessage } from '@tincan/shared/link-message';
import { Attendance } from '@tincan/engine/call/attendance';
import type { CallEndReason, CallMember, CurrentCall } from '@tincan/engine/call/call-state';
import { CallMedia } from '@tincan/engine/call/call-media';
import { LocalMedia } from '@tincan/engine/call/local-media';
import type { Reading } from '@tincan/engine/call/quality';
import type { Mesh } from '@tincan/engine/rtc/mesh';
import { CallSettings } from './call-settings.ts';
import { Refresher } from './refresher.ts';
import type {
  CallEndView,
  CallMemberView,
  CallView,
  DeviceKind,
  DevicesView,
  IncomingCallView,
  QualityView,
  RunningCallView,
} from './call-views.ts';

/** What the engines of a room's calls are, once the room is entered. */
interface Engines {
  readonly attendance: Attendance;
  readonly media: CallMedia;
}

/** The calls of a room: the one that this page is in, those that it could come to, and everything that can be done in one. */
export class Calls {
  #current = $state.raw<CallView>();
  #incoming = $state.raw<IncomingCallView>();
  #running = $state.raw<RunningCallView>();
  #ended = $state.raw<CallEndView>();
  #devices = $state.raw<DevicesView>();
  #canFlipCamera = $state(false);
  #upstream = $state(0);
  #usesKeys = $state(true);

  readonly #nameOf: (session: SessionId) => string;
  readonly #settings = new CallSettings();
  /** Where the browser gives a page no devices at all, nobody can be called from it. */
  readonly #local: LocalMedia | undefined;
  #engines: Engines | undefined;
  #ownPicture: MediaStream | undefined;
  #onChange = () => {};
  /** What others do is shown at most ten times a second; what this person does, at once. */
  readonly #refresher = new Refresher(() => {
    this.#look();
    return false;
  });

  /** `nameOf` gives what a peer calls itself. */
  constructor(nameOf: (session: SessionId) => string) {
    this.#nameOf = nameOf;
    this.#upstream = this.#settings.upstreamBitsPerSecond;
    this.#usesKeys = this.#settings.usesKeys;
    // Not every browser has it, and none on an insecure page.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices && 'getUserMedia' in devices) {
      this.#local = new LocalMedia({
        devices,
        memory: this.#settings,
        canChooseSpeaker: 'setSinkId' in HTMLMediaElement.prototype,
      });
    }
  }

  /** The call that this page is in. */
  get current() {
    return this.#current;
  }
  /** Somebody calls this person. */
  get incoming() {
    return this.#incoming;
  }
  /** A call of everyone that this page is not in. */
  get running() {
    return this.#running;
  }
  /** How the last call ended, where this person did not end it, or who called in vain; until it is dismissed or another one rings or begins. */
  get ended() {
    return this.#ended;
  }
  get devices(): DevicesView {
    return this.#devices ?? NO_DEVICES;
  }
  get canCall(): boolean {
    return this.#local !== undefined;
  }
  get canShareScreen(): boolean {
    return this.#local?.canShareScreen ?? false;
  }
  get canFlipCamera() {
    return this.#canFlipCamera;
  }
  /** The most that this page sends to all members of a call together, in bits per second. */
  get upstreamBitsPerSecond() {
    return this.#upstream;
  }

  /** Single letters act during a call. */
  get usesKeys() {
    return this.#usesKeys;
  }
  setUsesKeys(uses: boolean): void {
    this.#usesKeys = uses;
    this.#settings.usesKeys = uses;
  }

  /** Calls everyone who is connected, or one peer; in a call, asks that peer into it. */
  start({ video, to }: { video: boolean; to?: SessionId }): void {
    this.#enter({ camera: video }, (attendance) => attendance.start({ video, to }));
  }

  /** Answers the call that rings; leaves the present one for it. */
  accept({ camera }: { camera: boolean }): void {
    if (this.#incoming) this.#come(this.#incoming.id, this.#incoming.name, camera);
  }

  decline(): void {
    if (this.#incoming) this.#engines?.attendance.decline(this.#incoming.id);
    this.#look();
  }

  /** Enters the call that is running. */
  join({ camera }: { camera: boolean }): void {
    if (this.#running) this.#come(this.#running.id, this.#running.names[0] ?? '', camera);
  }

  hangUp(): void {
    this.#engines?.attendance.leave();
    this.#look();
  }

  toggleMicrophone(): void {
    this.#local?.toggleMicrophone();
  }
  toggleCamera(): void {
    this.#local?.toggleCamera();
  }
  toggleScreen(): void {
    this.#local?.toggleScreen();
  }
  flipCamera(): void {
    this.#local?.flipCamera();
  }
  /** While it is pressed, a microphone that is off is heard. */
  pushToTalk(pressed: boolean): void {
    this.#local?.pushToTalk(pressed);
  }
  choose(kind: DeviceKind, id: string): void {
    this.#local?.choose(kind, id);
  }

  dismissEnded(): void {
    this.#ended = undefined;
  }

  setUpstream(bitsPerSecond: number): void {
    this.#upstream = bitsPerSecond;
    this.#settings.upstreamBitsPerSecond = bitsPerSecond;
    this.#engines?.media.setUpstream(bitsPerSecond);
  }

  /** Whether files to or from this peer go slower for the sake of the call with it. */
  holdsBack(session: SessionId, direction: 'send' | 'receive'): boolean {
    if (!this.#engines) return false;
    const { attendance, media } = this.#engines;
    return direction === 'send' ? media.holdsBack(session) : attendance.isHeldBackBy(session);
  }

  /** Carries calls over this mesh from now on. `onChange` hears of whatever may change `holdsBack`. */
  follow(mesh: Mesh, me: SessionId, onChange: () => void): void {
    const local = this.#local;
    if (!local) return declineAll(mesh, me);
    this.#onChange = onChange;
    const attendance = new Attendance({
      me,
      send: (session, message) => void mesh.peer(session)?.link.send(message),
      linked: () => mesh.peers.filter(({ connected }) => connected).map(({ session }) => session),
    });
    const media = new CallMedia(this.#upstream, {
      track: (source) => local.track(source),
      sends: (session) => attendance.current?.members.find((member) => member.session === session)?.said,
      carriedBytes: (session) => mesh.peer(session)?.lanes.carriedBytes ?? 0,
      limitBulk: (session, bytesPerSecond) => mesh.peer(session)?.lanes.limit(bytesPerSecond),
    });
    this.#engines = { attendance, media };

    mesh.forEachPeer(({ session, link, media: connection }) => {
      link.on('up', () => attendance.handleLinkUp(session));
      link.on('message', (message) => {
        if (isCallMessage(message)) attendance.handleMessage(session, message);
      });
      connection.on('opened', (opened) => {
        media.handleOpened(session, opened);
        this.#look(); // the first picture must not wait
      });
      connection.on('interrupted', () => media.handleInterrupted());
      connection.on('closed', () => media.handleClosed(session));
    });
    mesh.on('peer-removed', ({ peer, forGood }) => attendance.handlePeerGone(peer.session, forGood));
    attendance.on('wanted', ({ session, wanted }) => mesh.peer(session)?.media.setWanted(wanted));
    attendance.on('changed', () => this.#handleAttendance());
    attendance.on('ended', ({ why, session }) => this.#noteEnd(why, this.#nameOf(session)));
    local.on('track', ({ source, track }) => {
      if (source === 'camera') this.#ownPicture = track ? new MediaStream([track]) : undefined;
      media.handleTrack(source, track);
    });
    local.on('changed', () => {
      const { microphone, camera, screen } = local;
      attendance.setSending({ microphone: microphone.on || local.pushing, camera: camera.on, screen: screen.on });
      this.#look();
    });
    media.on('changed', () => {
      for (const { session } of attendance.current?.members ?? [])
        attendance.setHeldBack(session, media.holdsBack(session));
      this.#refresher.soon();
    });
  }

  /** Leaves the call, if there is one, for good. */
  close(): void {
    this.#engines?.attendance.close();
    this.#local?.close();
    this.#refresher.stop();
  }

  /** Comes to a call as the page shows it. It may be over by then: whoever wanted to come hears of that, and gets into no other one. */
  #come(id: string, name: string, camera: boolean): void {
    if (this.#engines?.attendance.isRunning(id)) {
      // Those of the next call see and hear no more than what it is answered with, whatever was on or being asked for.
      this.#local?.stop();
      return this.#enter({ camera }, (attendance) => attendance.enter(id));
    }
    this.#noteEnd('left', name);
    this.#look();
  }

  #enter({ camera }: { camera: boolean }, enter: (attendance: Attendance) => void): void {
    if (!this.#engines || !this.#local) return;
    const { attendance } = this.#engines;
    const before = attendance.current?.id;
    this.#ended = undefined;
    enter(attendance);
    const now = attendance.current?.id;
    this.#look();
    if (now === undefined || now === before) return;
    // The devices start up while the others are still ringing.
    void this.#local.start({ microphone: true, camera });
  }

  #noteEnd(why: CallEndReason, name: string): void {
    this.#ended = { why, name, at: Date.now() };
  }

  #handleAttendance(): void {
    if (!this.#engines) return;
    const { attendance, media } = this.#engines;
    const members = attendance.current?.members ?? [];
    media.setJoined(members.filter(({ state }) => state === 'in').map(({ session }) => session));
    if (!attendance.current) this.#local?.stop();
    this.#refresher.soon();
  }

  // ---- what the page shows

  #look(): void {
    if (!this.#engines || !this.#local) return;
    const { attendance } = this.#engines;
    const { current, incoming, running } = attendance;
    this.#current = current && this.#viewOf(current, this.#engines, this.#local);
    if (incoming && incoming.id !== this.#incoming?.id) this.#ended = undefined;
    this.#incoming = incoming && {
      ...{ id: incoming.id, video: incoming.video, everyone: incoming.open },
      from: incoming.sessions[0]!,
      name: this.#nameOf(incoming.sessions[0]!),
      others: incoming.sessions.slice(1).map(this.#nameOf),
    };
    this.#running = running && {
      ...{ id: running.id, video: running.video },
      names: running.sessions.map(this.#nameOf),
    };
    this.#devices = this.#local.devices;
    this.#canFlipCamera = this.#local.canFlipCamera;
    this.#onChange();
  }

  #viewOf({ id, open, video, members }: CurrentCall, { media }: Engines, local: LocalMedia): CallView {
    return {
      ...{ id, everyone: open, video },
      microphone: local.microphone,
      camera: local.camera,
      screen: local.screen,
      pushing: local.pushing,
      ownPicture: this.#ownPicture,
      facesAway: local.facesAway,
      ownSpeaking: media.ownSpeaking,
      members: members.map((member) => this.#memberOf(member, media)),
    };
  }

  #memberOf({ session, state, said }: CallMember, media: CallMedia): CallMemberView {
    const flow = media.flowOf(session);
    return {
      session,
      name: this.#nameOf(session),
      state: state === 'in' ? (flow?.state ?? 'connecting') : state,
      microphone: said?.microphone ?? false,
      camera: said?.camera ?? false,
      screen: said?.screen ?? false,
      picture: flow?.picture,
      screenPicture: said?.screen ? flow?.screenPicture : undefined,
      sounds: flow?.sounds ?? [],
      pictureWaits: flow?.pictureWaits ?? false,
      speaking: flow?.speaking ?? false,
      quality: flow?.reading && qualityOf(flow.reading),
    };
  }
}

const NO_DEVICES: DevicesView = {
  microphones: [],
  cameras: [],
  speakers: [],
  chosen: { microphone: undefined, camera: undefined, speaker: undefined },
};

/** A page that can use no device says so at once, and lets nobody wait. */
function declineAll(mesh: Mesh, me: SessionId): void {
  mesh.forEachPeer(({ link }) =>
    link.on('message', (message) => {
      if (message.type === 'call' && message.asked.includes(me))
        link.send({ type: 'call-decline', call: message.call });
    }),
  );
}

function qualityOf(reading: Reading): QualityView {
  const { level, route, roundTripMs, receivedLoss, sentLoss, receivedBitsPerSecond, sentBitsPerSecond } = reading;
  const { received, sent } = reading;
  return {
    level,
    route,
    roundTripMs,
    receivedLoss,
    sentLoss,
    receivedBitsPerSecond,
    sentBitsPerSecond,
    received,
    sent,
  };
}
