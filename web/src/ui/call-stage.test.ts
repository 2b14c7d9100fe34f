import { expect, it } from 'vitest';
import type { CallMemberView } from '../session/call-views.ts';
import {
  followMembers,
  FRESH_STAGE,
  largeTile,
  OWN_TILE,
  phaseOf,
  pinTile,
  screenTile,
  switchMode,
} from './call-stage.ts';

const screenPicture = {} as MediaStream; // never looked into

function member(session: string, more: Partial<CallMemberView> = {}): CallMemberView {
  return {
    ...{ session, name: session, state: 'live', microphone: true, camera: true, screen: false, pictureWaits: false },
    ...{ picture: undefined, screenPicture: undefined, sounds: [], speaking: false, quality: undefined },
    ...more,
  };
}
const shares = { screen: true, screenPicture };

it('shows one other person large, several alike, and the person itself while nobody is there', () => {
  expect(largeTile(FRESH_STAGE, [])).toBe(OWN_TILE);
  expect(largeTile(FRESH_STAGE, [member('ann')])).toBe('ann');
  expect(largeTile(FRESH_STAGE, [member('ann'), member('bob')])).toBeUndefined();
});

it('follows who speaks, and stays with the last one in a pause', () => {
  const members = [member('ann'), member('bob')];
  const bobSpeaks = [member('ann'), member('bob', { speaking: true })];
  let stage = switchMode(FRESH_STAGE, members);
  expect(largeTile(stage, members)).toBe('ann');
  stage = followMembers(stage, bobSpeaks);
  expect(largeTile(stage, bobSpeaks)).toBe('bob');
  stage = followMembers(stage, members);
  expect(largeTile(stage, members)).toBe('bob');
});

it('does not leave a speaker for somebody who speaks at the same time', () => {
  let stage = followMembers(FRESH_STAGE, [member('ann'), member('bob', { speaking: true })]);
  stage = followMembers(stage, [member('ann', { speaking: true }), member('bob', { speaking: true })]);
  expect(stage.speaker).toBe('bob');
});

it('shows a shared screen large, the newest of several, and goes back to the one before', () => {
  const one = [member('ann'), member('bob', shares)];
  const both = [member('ann', shares), member('bob', shares)];
  let stage = followMembers(FRESH_STAGE, one);
  expect(largeTile(stage, one)).toBe(screenTile('bob'));
  stage = followMembers(stage, both);
  expect(largeTile(stage, both)).toBe(screenTile('ann'));
  stage = followMembers(stage, one);
  expect(largeTile(stage, one)).toBe(screenTile('bob'));
});

it('keeps a pinned tile until it is let go, goes, or a screen begins', () => {
  const members = [member('ann'), member('bob')];
  const pinned = pinTile(FRESH_STAGE, 'bob');
  expect(largeTile(pinned, members)).toBe('bob');
  expect(largeTile(pinTile(pinned, 'bob'), members)).toBeUndefined();
  expect(followMembers(pinned, [member('ann')]).pinned).toBeUndefined();
  const sharing = [member('ann', shares), member('bob')];
  expect(largeTile(followMembers(pinned, sharing), sharing)).toBe(screenTile('ann'));
});

it('switches between all alike and one large, whatever was large', () => {
  const members = [member('ann', shares), member('bob')];
  let stage = pinTile(followMembers(FRESH_STAGE, members), 'bob');
  stage = switchMode(stage, members);
  expect(largeTile(stage, members)).toBeUndefined();
  stage = switchMode(stage, members);
  expect(largeTile(stage, members)).toBe(screenTile('ann'));
});

it('gives the same object where nothing has changed', () => {
  const members = [member('ann', { ...shares, speaking: true }), member('bob')];
  const stage = followMembers(FRESH_STAGE, members);
  expect(followMembers(stage, members.map((same) => ({ ...same })))).toBe(stage); // prettier-ignore
});

it('tells how far a call is by whoever has come furthest', () => {
  const states = (...all: CallMemberView['state'][]) => phaseOf(all.map((state) => member(state, { state })));
  expect(states()).toBe('alone');
  expect(states('declined', 'no-answer')).toBe('alone');
  expect(states('declined', 'ringing')).toBe('ringing');
  expect(states('ringing', 'connecting')).toBe('connecting');
  expect(states('connecting', 'frozen')).toBe('live');
});
