import { createSecret } from '@tincan/shared/secret';
import { beforeEach, expect, test, vi } from 'vitest';
import { sessionOf } from '@tincan/engine/rtc/testing/fake-room';
import { Moves } from './moves.svelte.ts';

const ROOM = 'r'.repeat(43);
const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(sessionOf) as [string, string, string];
const here = { me: bob, secret: createSecret() };
type Move = Parameters<Moves['handleMove']>[1];
const moveOf = (changes: Partial<Move> = {}): Move => ({
  type: 'move',
  from: ROOM,
  secret: createSecret(),
  sessions: [bob],
  ...changes,
});

let moves: Moves;
beforeEach(() => {
  moves = new Moves();
});

test('[LINK-11] nobody’s question takes the place of another’s; all of one’s own are one', () => {
  const [first, second] = [moveOf({ sessions: [bob, carol] }), moveOf()];
  moves.handleMove(alice, first, here);
  moves.handleMove(carol, moveOf(), here);
  moves.handleMove(carol, second, here);
  expect(moves.all).toEqual([
    { from: alice, secret: first.secret, along: [alice, bob, carol] },
    { from: carol, secret: second.secret, along: [carol, bob] },
  ]);
  moves.forget(carol);
  expect(moves.all.map(({ from }) => from)).toEqual([alice]);
  moves.forgetAll();
  expect(moves.all).toEqual([]);
});

test('[LINK-11] a move to nowhere, or to where we are, is no question', () => {
  moves.handleMove(alice, moveOf({ secret: here.secret }), here);
  moves.handleMove(alice, moveOf({ secret: `${'A'.repeat(21)}B` }), here);
  expect(moves.all).toEqual([]);
});

test('[LINK-11] of two who move at once and ask each other, the smaller session’s move counts', () => {
  moves.noteOwn({ from: ROOM, sessions: [alice, carol] });
  moves.handleMove(carol, moveOf(), here); // bob < carol: she is asked along by us
  expect(moves.all).toEqual([]);
  moves.handleMove(alice, moveOf(), here); // alice < bob: we are asked along by her
  moves.handleMove(carol, moveOf({ from: 's'.repeat(43) }), here); // from somewhere else, later
  expect(moves.all.map(({ from }) => from)).toEqual([alice, carol]);
});

test('[LINK-11] who stayed behind can ask later, also with a larger session', () => {
  vi.useFakeTimers();
  try {
    moves.noteOwn({ from: ROOM, sessions: [carol] });
    vi.advanceTimersByTime(31_000);
    moves.handleMove(carol, moveOf(), here);
    expect(moves.all.map(({ from }) => from)).toEqual([carol]);
  } finally {
    vi.useRealTimers();
  }
});
