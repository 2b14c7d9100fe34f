// Who is in which call. Each page says on its links which call it is in, whom it rings and what it sends, and says it again when
// anything changes or a link comes back. All else follows from what was said last: nobody keeps a list of members.
import { randomId } from '@tincan/shared/base64url';
import type { CallMessage } from '@tincan/shared/call';
import type { SessionId } from '@tincan/shared/introduction';
import { Emitter } from '../platform/emitter.ts';
import type { CallEndReason, CallMember, CurrentCall, OtherCall, Said, Sending } from './call-state.ts';
import { Rings } from './rings.ts';

/** Who has not answered by then is not rung any more, in milliseconds. */
const RING_MS = 45_000;
/** Those whom others have asked into a call, at most: more than fit into a room many times over. */
const MAX_SCOPE = 256;
/** Calls that are remembered as declined. */
const MAX_DECLINED = 64;

type AttendanceEvents = {
  changed: undefined;
  /** Whether there is to be a connection for media with this peer. It is there from the first ring, so that an answer is heard at once. */
  wanted: { session: SessionId; wanted: boolean };
  /** The call is over, and nobody here has ended it. */
  ended: { why: CallEndReason; session: SessionId };
};

export interface AttendanceOptions {
  me: SessionId;
  /** Sends over the peer's link; what is sent while it is down is lost, and said again when it is up. */
  send: (session: SessionId, message: CallMessage) => void;
  /** The peers whose links are up. */
  linked: () => readonly SessionId[];
}

interface Mine {
  readonly id: string;
  readonly open: boolean;
  readonly video: boolean;
  /** Whom we ring, each with what gives up. */
  readonly asked: Map<SessionId, ReturnType<typeof setTimeout>>;
  readonly refusals: Map<SessionId, 'declined' | 'no-answer'>;
  /** Who is to hear of it, unless it is open: those who are in it, and those whom anyone in it has asked, until they decline or leave. */
  readonly scope: Set<SessionId>;
}

export class Attendance extends Emitter<AttendanceEvents> {
  readonly #me: SessionId;
  readonly #send: AttendanceOptions['send'];
  readonly #linked: AttendanceOptions['linked'];
  readonly #said = new Map<SessionId, Said>();
  /** Peers that were told of a call of ours, and not yet of its end. */
  readonly #told = new Set<SessionId>();
  readonly #declined = new Set<string>();
  readonly #wanted = new Set<SessionId>();
  readonly #rings = new Rings({
    end: (call) => {
      this.#rememberDeclined(call);
      this.#review();
    },
    onStopped: (session) => this.#handleStopped(session),
  });
  #mine: Mine | undefined;
  #sending: Sending = { microphone: false, camera: false, screen: false };
  /** To whom files go slower for the sake of the call. */
  readonly #heldBack = new Set<SessionId>();

  constructor({ me, send, linked }: AttendanceOptions) {
    super();
    this.#me = me;
    this.#send = send;
    this.#linked = linked;
  }

  get current(): CurrentCall | undefined {
    const mine = this.#mine;
    if (!mine) return undefined;
    const { id, open, video, asked, refusals } = mine;
    const members: CallMember[] = [
      ...this.#membersOf(id).map((session) => ({ session, state: 'in' as const, said: this.#said.get(session) })),
      ...[...asked.keys()].map((session) => ({ session, state: 'ringing' as const, said: undefined })),
      ...[...refusals].map(([session, state]) => ({ session, state, said: undefined })),
    ];
    // Nobody is to come in by surprise: whom others ask is seen by everyone.
    const known = new Set([this.#me, ...members.map(({ session }) => session)]);
    for (const session of new Set(members.flatMap(({ said }) => said?.asked ?? [])))
      if (!known.has(session)) members.push({ session, state: 'ringing', said: undefined });
    return { id, open, video, members };
  }

  /** The call that rings here. While there are several, the one that began first. */
  get incoming(): OtherCall | undefined {
    const first = this.#rings.first;
    if (!first) return undefined;
    const { call, session, open, video } = first;
    const others = this.#membersOf(call).filter((other) => other !== session);
    return { id: call, open, video, sessions: [session, ...others] };
  }

  /** A call that this page may enter unasked, while it is in none and none rings. */
  get running(): OtherCall | undefined {
    if (this.#mine || this.incoming) return undefined;
    const open = [...this.#said.values()].filter((said) => said.open);
    const calls = open.map(({ call, video }) => ({
      ...{ id: call, open: true, video },
      sessions: this.#membersOf(call),
    }));
    return calls.sort((a, b) => b.sessions.length - a.sessions.length)[0];
  }

  /** Whether this peer is in the same call: what it sends may be shown, and it may be sent to. */
  isWith(session: SessionId): boolean {
    return this.#mine !== undefined && this.#said.get(session)?.call === this.#mine.id;
  }

  /** Whether this member sends files slower than it could, for the sake of the call that both are in. */
  isHeldBackBy(session: SessionId): boolean {
    return this.isWith(session) && (this.#said.get(session)?.heldBack ?? false);
  }

  /** Calls one peer, or everyone who is linked. In a call, asks the peer into it. */
  start({ video, to }: { video: boolean; to?: SessionId | undefined }): void {
    const asked = to === undefined ? this.#linked() : [to];
    if (asked.length === 0) return; // the last one has just gone
    if (!this.#mine) this.#switchTo({ id: randomId(), open: to === undefined, video }, []);
    for (const session of asked) this.#ask(session);
    const met = asked.find((session) => this.#meets(session));
    if (met !== undefined) return this.enter(this.#said.get(met)!.call); // it rang here already
    this.#spread(true);
    this.#review();
  }

  /** Whether anybody is in this call still. */
  isRunning(id: string): boolean {
    return this.#membersOf(id).length > 0;
  }

  /** Enters this call, if anybody is in it still; leaves the present one. */
  enter(id: string): void {
    const sessions = this.#membersOf(id);
    const said = sessions.flatMap((session) => this.#said.get(session) ?? []);
    if (said.length === 0) return;
    this.#declined.delete(id);
    // One member alone cannot open a call to the room that the others have among themselves.
    const open = said.every((its) => its.open);
    const scope = [...sessions, ...said.flatMap(({ asked, members }) => [...asked, ...members])];
    this.#switchTo({ id, open, video: said.some(({ video }) => video) }, scope);
    this.#review();
  }

  /** Does not come to this call, if it rings. */
  decline(id: string): void {
    if (!this.#asksHere(id)) return;
    this.#rememberDeclined(id);
    this.#rings.forget(id);
    for (const session of this.#membersOf(id)) this.#send(session, { type: 'call-decline', call: id });
    this.#review();
  }

  leave(): void {
    this.#switchTo(undefined);
    this.#review();
  }

  /** What this page sends from now on, for everyone to see. */
  setSending(sending: Sending): void {
    const before = this.#sending;
    if (
      before.microphone === sending.microphone &&
      before.camera === sending.camera &&
      before.screen === sending.screen
    )
      return;
    this.#sending = sending;
    this.#spread(true);
  }

  /** Tells a member whether files to it go slower for the sake of the call. */
  setHeldBack(session: SessionId, heldBack: boolean): void {
    if (heldBack === this.#heldBack.has(session)) return;
    if (heldBack) this.#heldBack.add(session);
    else this.#heldBack.delete(session);
    if (this.#mine && this.isWith(session)) this.#tell(session, this.#mine);
  }

  handleLinkUp(session: SessionId): void {
    const mine = this.#mine;
    if (mine && isFor(session, mine)) this.#tell(session, mine);
    else this.#sayLeft(session); // what was said while nobody knew yet that the link was down is lost
  }

  /** The peer will not come back if `forGood`; else nobody knows when. */
  handlePeerGone(session: SessionId, forGood: boolean): void {
    if (forGood) {
      this.#told.delete(session);
      this.#mine?.scope.delete(session);
    }
    this.#handleLeft(session);
  }

  handleMessage(session: SessionId, message: CallMessage): void {
    if (message.type === 'call') this.#handleSaid(session, message);
    else if (message.type === 'call-leave') {
      this.#mine?.scope.delete(session);
      this.#handleLeft(session);
    } else this.#handleDecline(session, message.call);
  }

  /** Final: leaves, and wants nothing any more. */
  close(): void {
    this.leave();
    this.#said.clear();
    this.#review();
  }

  #handleSaid(session: SessionId, said: Said): void {
    const wasWith = this.isWith(session);
    this.#said.set(session, said);
    if (!this.#asksHere(said.call))
      this.#declined.delete(said.call); // whoever asks from now on asks anew
    else if (this.#declined.has(said.call)) this.#send(session, { type: 'call-decline', call: said.call });
    if (this.isWith(session)) this.#handleIn(session, said);
    else if (this.#meets(session)) return this.enter(said.call);
    else if (wasWith) this.#handleOut('left', session);
    this.#review();
  }

  #handleIn(session: SessionId, { asked, members }: Said): void {
    const mine = this.#mine;
    if (!mine) return;
    const rang = mine.asked.has(session);
    this.#unask(session);
    mine.refusals.delete(session);
    mine.scope.add(session);
    for (const each of [...asked, ...members])
      if (each !== this.#me && mine.scope.size < MAX_SCOPE) mine.scope.add(each);
    this.#spread(rang);
  }

  /** Two who call each other meet in the call of the smaller session: in this peer's, not in ours. */
  #meets(session: SessionId): boolean {
    return this.#me > session && this.#crosses(session);
  }

  /** This peer and we ring each other, and each is alone in its call. */
  #crosses(session: SessionId): boolean {
    const mine = this.#mine;
    const said = this.#said.get(session);
    if (!mine || !said || said.call === mine.id) return false;
    const mutual = mine.asked.has(session) && said.asked.includes(this.#me);
    const bothAlone = this.#membersOf(mine.id).length === 0 && this.#membersOf(said.call).length === 1;
    // Nobody may lose by it whom the larger session has asked, nor find themselves in a call of everyone after calling one person.
    const [leads, follows] = [[session, ...said.asked], [...mine.asked.keys()]];
    const [stay, go] = this.#me > session ? [leads, follows] : [[this.#me, ...follows], said.asked];
    return mutual && bothAlone && mine.open === said.open && go.every((each) => stay.includes(each));
  }

  #handleLeft(session: SessionId): void {
    const wasWith = this.isWith(session);
    const wasAsked = this.#mine?.asked.has(session) ?? false;
    const call = this.#said.get(session)?.call;
    this.#said.delete(session);
    if (call !== undefined && !this.#asksHere(call)) this.#declined.delete(call);
    this.#unask(session);
    this.#mine?.refusals.delete(session);
    if (wasWith || wasAsked) this.#handleOut('left', session);
    this.#review();
  }

  #handleDecline(session: SessionId, call: string): void {
    const mine = this.#mine;
    if (mine?.id !== call || this.isWith(session)) return;
    if (mine.asked.has(session)) return this.#giveUp(session, 'declined');
    mine.scope.delete(session); // it was another one who asked
    this.#spread(false);
  }

  #ask(session: SessionId): void {
    const mine = this.#mine;
    if (!mine || mine.asked.has(session) || this.isWith(session)) return;
    mine.refusals.delete(session);
    mine.scope.add(session);
    mine.asked.set(
      session,
      setTimeout(() => this.#giveUp(session, 'no-answer'), RING_MS),
    );
  }

  #giveUp(session: SessionId, why: 'declined' | 'no-answer'): void {
    this.#unask(session);
    this.#mine?.refusals.set(session, why);
    this.#mine?.scope.delete(session);
    this.#handleOut(why, session);
    this.#review();
  }

  #unask(session: SessionId): void {
    clearTimeout(this.#mine?.asked.get(session));
    this.#mine?.asked.delete(session);
  }

  /** Somebody is not in the call any more, or will not be. Without anybody else it is over: a camera must not stay on for nobody. */
  #handleOut(why: CallEndReason, session: SessionId): void {
    const mine = this.#mine;
    if (!mine) return;
    // Who has left is told nothing in return: two who answer each other's leaving would never come to an end.
    if (mine.asked.size > 0 || this.#membersOf(mine.id).length > 0)
      return this.#spread(true, why === 'left' ? session : undefined);
    this.#switchTo(undefined);
    this.emit('ended', { why, session });
  }

  /** Everyone who knew of the present call hears of the next one, if it is for them, or that the speaker has left. */
  #switchTo(next: Pick<Mine, 'id' | 'open' | 'video'> | undefined, scope: readonly SessionId[] = []): void {
    for (const timer of this.#mine?.asked.values() ?? []) clearTimeout(timer);
    const others = scope.filter((session) => session !== this.#me);
    this.#heldBack.clear();
    this.#mine = next && { ...next, asked: new Map(), refusals: new Map(), scope: new Set(others) };
    this.#spread(true);
  }

  /** Brings everyone who is linked up to date: all of them where what we say has changed, else those who have not heard of it. */
  #spread(changed: boolean, leaver?: SessionId): void {
    const mine = this.#mine;
    for (const session of this.#linked()) {
      if (session === leaver) continue;
      if (!mine || !isFor(session, mine)) this.#tellLeft(session);
      else if (changed || !this.#told.has(session)) this.#tell(session, mine);
    }
  }

  #tell(session: SessionId, { id, open, video, asked }: Mine): void {
    this.#told.add(session);
    const heldBack = this.#heldBack.has(session);
    const who = { asked: [...asked.keys()], members: this.#membersOf(id) };
    this.#send(session, { type: 'call', call: id, open, video, ...who, ...this.#sending, heldBack });
  }

  #tellLeft(session: SessionId): void {
    if (this.#told.has(session)) this.#sayLeft(session);
  }

  #sayLeft(session: SessionId): void {
    this.#told.delete(session);
    this.#send(session, { type: 'call-leave' });
  }

  /** Nobody has declined it, or it would be forgotten. */
  #handleStopped(session: SessionId): void {
    const isAnswered = this.isWith(session) || this.#mine?.asked.has(session);
    if (!isAnswered) this.emit('ended', { why: 'missed', session });
  }

  #rememberDeclined(id: string): void {
    const [oldest] = this.#declined;
    if (this.#declined.size >= MAX_DECLINED && oldest !== undefined) this.#declined.delete(oldest);
    this.#declined.add(id);
  }

  #membersOf(id: string): SessionId[] {
    return [...this.#said].filter(([, { call }]) => call === id).map(([session]) => session);
  }

  #asksHere(id: string): boolean {
    return [...this.#said.values()].some(({ call, asked }) => call === id && asked.includes(this.#me));
  }

  #ringsHere(session: SessionId): boolean {
    const said = this.#said.get(session);
    if (!said?.asked.includes(this.#me) || said.call === this.#mine?.id || this.#declined.has(said.call)) return false;
    return !this.#crosses(session);
  }

  #wants(session: SessionId): boolean {
    return this.isWith(session) || this.#ringsHere(session) || (this.#mine?.asked.has(session) ?? false);
  }

  /** Brings what is wanted in line with what is known, and tells whoever shows it. */
  #review(): void {
    for (const session of new Set([...this.#wanted, ...this.#said.keys(), ...(this.#mine?.asked.keys() ?? [])])) {
      const wanted = this.#wants(session);
      if (wanted === this.#wanted.has(session)) continue;
      if (wanted) this.#wanted.add(session);
      else this.#wanted.delete(session);
      this.emit('wanted', { session, wanted });
    }
    this.#rings.follow(
      [...this.#said].flatMap(([session, said]) => (this.#ringsHere(session) ? { session, ...said } : [])),
    );
    this.emit('changed', undefined);
  }
}

/** Whether a call is this peer's business. */
function isFor(session: SessionId, { open, scope }: Mine): boolean {
  return open || scope.has(session);
}
