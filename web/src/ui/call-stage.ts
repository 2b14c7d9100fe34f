// Which tile of a call is large. Snapshots hold no past, so what has happened is remembered here.
import type { CallMemberView } from '../session/call-views.ts';

export interface Stage {
  /** What the person asked for; `undefined` while they have not. */
  mode: 'grid' | 'large' | undefined;
  /** The tile that the person keeps large. */
  pinned: string | undefined;
  /** The tile of whoever spoke last. */
  speaker: string | undefined;
  /** The tiles of shared screens, in the order in which they began. */
  screens: readonly string[];
}

/** The tile of this person. A member's is its session id. */
export const OWN_TILE = 'own';

export const FRESH_STAGE: Stage = { mode: undefined, pinned: undefined, speaker: undefined, screens: [] };

/** How far the whole call is. */
export function phaseOf(members: readonly CallMemberView[]): 'alone' | 'ringing' | 'connecting' | 'live' {
  const has = (...states: CallMemberView['state'][]) => members.some(({ state }) => states.includes(state));
  if (has('live', 'frozen')) return 'live';
  if (has('connecting')) return 'connecting';
  return has('ringing') ? 'ringing' : 'alone';
}

export function screenTile(session: string): string {
  return `screen:${session}`;
}

export function sharesScreen(member: CallMemberView): boolean {
  return member.screen && member.screenPicture !== undefined;
}

/** The stage after a fresh snapshot of the members; the same object where nothing has changed. */
export function followMembers(stage: Stage, members: readonly CallMemberView[]): Stage {
  const sharing = members.filter(sharesScreen).map((member) => screenTile(member.session));
  const lasting = stage.screens.filter((key) => sharing.includes(key));
  const begun = sharing.filter((key) => !lasting.includes(key));
  const tiles = [...members.map((member) => member.session), ...sharing, OWN_TILE];
  const speaking = members.filter((member) => member.speaking).map((member) => member.session);

  const next: Stage = { ...stage };
  // Nobody is cut off by somebody who speaks at the same time.
  if (!stage.speaker || !speaking.includes(stage.speaker)) next.speaker = speaking[0] ?? present(stage.speaker, tiles);
  next.pinned = present(stage.pinned, tiles);
  if (begun.length > 0) {
    // Somebody shows something: that is wanted on the stage, whatever was there before.
    next.pinned = undefined;
    next.mode = undefined;
  }
  if (begun.length > 0 || lasting.length < stage.screens.length) next.screens = [...lasting, ...begun];
  return same(stage, next) ? stage : next;
}

/** The tile that is large; none where all are alike. */
export function largeTile(stage: Stage, members: readonly CallMemberView[]): string | undefined {
  if (stage.pinned !== undefined) return stage.pinned;
  if (stage.mode === 'grid') return undefined;
  const [first, ...others] = members;
  if (stage.screens.length > 0) return stage.screens.at(-1);
  if (!first) return OWN_TILE;
  if (others.length === 0) return first.session;
  if (stage.mode === undefined) return undefined;
  return stage.speaker ?? (members.find((member) => member.state === 'live') ?? first).session;
}

/** The person asks for a tile to stay large, or to be so no more. */
export function pinTile(stage: Stage, key: string): Stage {
  return { ...stage, pinned: stage.pinned === key ? undefined : key };
}

/** The person asks for the other layout. */
export function switchMode(stage: Stage, members: readonly CallMemberView[]): Stage {
  const mode = largeTile(stage, members) === undefined ? 'large' : 'grid';
  return { ...stage, mode, pinned: undefined };
}

function present(key: string | undefined, tiles: readonly string[]): string | undefined {
  return key !== undefined && tiles.includes(key) ? key : undefined;
}

function same(a: Stage, b: Stage): boolean {
  return a.mode === b.mode && a.pinned === b.pinned && a.speaker === b.speaker && a.screens === b.screens;
}
