import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NOTHING, Room, saidOf, views, type Page } from './testing/attendance-room.ts';

describe('attendance', () => {
  let room: Room;
  beforeEach(() => {
    vi.useFakeTimers();
    room = new Room();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('[CALL-1] [CALL-3] a call to everyone rings everyone, and whoever answers is in', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: true });
    expect(views(alice, bob, carol)).toEqual(['bob ringing, carol ringing', 'rung by alice', 'rung by alice']);
    expect(bob.calls.incoming).toMatchObject({ video: true, open: true });
    bob.accept();
    expect(views(alice, bob, carol)).toEqual([
      'bob in, carol ringing',
      'alice in, carol ringing',
      'rung by alice and bob',
    ]);
    carol.accept();
    expect(views(alice, bob, carol)).toEqual(['bob in, carol in', 'alice in, carol in', 'alice in, bob in']);
  });

  test('[CALL-1] whoever comes late may enter a call of everyone, unrung', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false });
    bob.accept();
    const [carol] = room.enter('carol') as [Page];
    expect(carol.view).toBe('could join alice and bob');
    carol.join();
    expect(views(alice, bob, carol)).toEqual(['bob in, carol in', 'alice in, carol in', 'alice in, bob in']);
  });

  test('[CALL-8] nobody else hears of a call with one peer, and who is asked into it later hears from all', () => {
    const [alice, bob, carol, dave] = room.enter('alice', 'bob', 'carol', 'dave') as [Page, Page, Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    bob.accept();
    expect(views(alice, bob, carol)).toEqual(['bob in', 'alice in', 'nothing']);
    alice.calls.start({ video: false, to: 'carol' });
    expect(carol.view).toBe('rung by alice and bob');
    carol.accept();
    expect(views(alice, bob, carol, dave)).toEqual([
      'bob in, carol in',
      'alice in, carol in',
      'alice in, bob in',
      'nothing',
    ]);
  });

  test('[CALL-4] who declines is not rung again, and the caller is told; being asked anew rings anew', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false });
    bob.decline();
    expect(views(alice, bob)).toEqual(['bob declined, carol ringing', 'could join alice']);
    carol.accept();
    alice.calls.start({ video: false, to: 'bob' });
    expect(views(alice, bob)).toEqual(['bob ringing, carol in', 'rung by alice and carol']);
  });

  test('[CALL-4] a decline that was lost with the link is said again', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false });
    room.cut('alice', 'bob');
    bob.decline();
    expect(views(alice, bob)).toEqual(['bob ringing', 'could join alice']);
    room.mend('alice', 'bob');
    expect(views(alice, bob)).toEqual(['nothing', 'nothing']);
    expect(alice.events).toEqual(['declined bob']);
  });

  test('[CALL-3] who has not answered within 45 s is given up, and the page there falls silent', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false });
    bob.accept();
    vi.advanceTimersByTime(44_999);
    expect(carol.view).toBe('rung by alice and bob');
    vi.advanceTimersByTime(1);
    expect(views(alice, carol)).toEqual(['bob in, carol no-answer', 'could join alice and bob']);
  });

  test('[CALL-7] a call is over when nobody else is in it and nobody rings', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false });
    vi.advanceTimersByTime(45_000);
    expect(views(alice, bob)).toEqual(['nothing', 'nothing']);
    alice.calls.start({ video: false });
    bob.accept();
    bob.calls.leave();
    expect(views(alice, bob)).toEqual(['nothing', 'nothing']);
    expect([alice.events, bob.events]).toEqual([['no-answer bob', 'left bob'], ['missed alice']]);
  });

  test('[CALL-7] who goes for good leaves the call', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false });
    bob.accept();
    carol.accept();
    room.remove('bob');
    expect(views(alice, carol)).toEqual(['carol in', 'alice in']);
    room.remove('carol');
    expect([alice.view, alice.events]).toEqual(['nothing', ['left carol']]);
  });

  test('[CALL-5] a call goes on while a link is down, and what was missed is said when it is up', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false });
    bob.accept();
    carol.accept();
    room.cut('alice', 'bob');
    bob.calls.setSending({ ...NOTHING, camera: true });
    expect(alice.calls.current?.members[0]?.said?.camera).toBe(false);
    room.mend('alice', 'bob');
    expect(alice.calls.current?.members[0]?.said?.camera).toBe(true);
    room.cut('alice', 'bob');
    bob.calls.leave();
    expect(views(alice, carol)).toEqual(['bob in, carol in', 'alice in']);
    room.mend('alice', 'bob');
    expect(views(alice, bob)).toEqual(['carol in', 'could join alice and carol']);
  });

  test('[CALL-6] two who call each other at the same moment meet in one call', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    room.held = true;
    alice.calls.start({ video: true });
    bob.calls.start({ video: false });
    room.flush();
    expect(views(alice, bob)).toEqual(['bob in', 'alice in']);
    expect(bob.calls.current?.id).toBe(alice.calls.current?.id);
    expect(bob.calls.current?.video).toBe(true);
    expect([alice.events, bob.events]).toEqual([[], []]);
  });

  test('[CALL-6] who calls back instead of answering meets the caller, too', () => {
    for (const [caller, called] of [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ] as const) {
      const pages = new Map(room.enter(caller, called).map((page) => [page.name, page]));
      pages.get(caller)!.calls.start({ video: false });
      pages.get(called)!.calls.start({ video: true });
      expect(views(...pages.values())).toEqual([`${called} in`, `${caller} in`]);
      expect([...pages.values()].map(({ events }) => events)).toEqual([[], []]);
      room = new Room();
    }
  });

  test('[CALL-3] who is not there hears afterwards who has called, and who declines or answers does not', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    alice.calls.leave();
    expect(bob.events).toEqual(['missed alice']);
    alice.calls.start({ video: false, to: 'bob' });
    bob.decline();
    alice.calls.start({ video: false, to: 'bob' });
    bob.accept();
    alice.calls.leave();
    expect(bob.events).toEqual(['missed alice', 'left alice']);
    alice.calls.start({ video: false, to: 'bob' });
    room.remove('alice');
    expect(bob.events).toEqual(['missed alice', 'left alice', 'missed alice']);
  });

  test('[CALL-6] a third one sees one call of two who crossed', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    room.held = true;
    alice.calls.start({ video: true });
    bob.calls.start({ video: true });
    room.flush();
    carol.accept();
    expect(views(alice, bob, carol)).toEqual(['bob in, carol in', 'alice in, carol in', 'alice in, bob in']);
  });

  test('[CALL-6] who calls one person is not drawn into the call of everyone that this person begins: both ring', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    room.held = true;
    alice.calls.start({ video: true });
    bob.calls.start({ video: true, to: 'alice' });
    room.flush();
    expect(bob.calls.current?.open).toBe(false);
    expect([alice.calls.incoming?.sessions, bob.calls.incoming?.sessions]).toEqual([['bob'], ['alice']]);
    expect(carol.view).toBe('rung by alice');
  });

  test('[CALL-6] nobody can draw a caller away from others whom the caller has asked', () => {
    const [adam, bob, carol] = room.enter('adam', 'bob', 'carol') as [Page, Page, Page];
    bob.calls.start({ video: true });
    bob.calls.handleMessage('adam', saidOf('another', ['bob']));
    expect(bob.view).toBe('adam ringing, carol ringing');
    expect(carol.view).toBe('rung by bob');
    expect(adam.view).toBe('rung by bob');
  });

  test('[CALL-3] a ring ends by itself where the word of its end was lost with the link', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false });
    room.cut('alice', 'bob');
    vi.advanceTimersByTime(49_999);
    expect(bob.view).toBe('rung by alice');
    vi.advanceTimersByTime(1);
    expect(bob.view).toBe('could join alice');
    expect([...bob.wanted]).toEqual([]);
  });

  test('[CALL-8] who has declined, or left, a call with some hears no more of it', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    bob.accept();
    alice.calls.start({ video: false, to: 'carol' });
    const heard: string[] = [];
    const handle = carol.calls.handleMessage.bind(carol.calls);
    carol.calls.handleMessage = (session, message) => {
      heard.push(`${session} ${message.type}`);
      handle(session, message);
    };
    carol.decline();
    expect(heard.sort()).toEqual(['alice call-leave', 'bob call-leave']);
    bob.calls.setSending({ ...NOTHING, camera: true });
    expect(heard.length).toBe(2);
    alice.calls.start({ video: false, to: 'carol' });
    expect(carol.view).toBe('rung by alice and bob');
    carol.accept();
    carol.calls.leave();
    const before = heard.length;
    bob.calls.setSending(NOTHING);
    expect(heard.slice(before).filter((line) => !line.endsWith('call-leave'))).toEqual([]);
    expect(carol.view).toBe('nothing');
  });

  test('[CALL-8] two whose link was down when both came in hear of each other when it is up', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    room.cut('bob', 'carol');
    alice.calls.start({ video: false, to: 'bob' });
    alice.calls.start({ video: false, to: 'carol' });
    bob.accept();
    carol.accept();
    expect(views(alice, bob, carol)).toEqual(['bob in, carol in', 'alice in', 'alice in']);
    room.mend('bob', 'carol');
    expect(views(bob, carol)).toEqual(['alice in, carol in', 'alice in, bob in']);
  });

  test('[CALL-8] who was lost for a minute is still in a call that others may not enter', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    alice.calls.start({ video: false, to: 'carol' });
    bob.accept();
    carol.accept();
    for (const other of ['bob', 'carol']) room.cut('alice', other);
    for (const { calls } of [bob, carol]) calls.handlePeerGone('alice', false);
    expect(views(bob, carol)).toEqual(['carol in', 'bob in']);
    for (const other of ['bob', 'carol']) room.mend(other, 'alice');
    expect(views(alice, bob, carol)).toEqual(['bob in, carol in', 'alice in, carol in', 'alice in, bob in']);
  });

  test('[CALL-8] two whom a third one has brought together hear of each other from it', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    bob.accept();
    room.cut('alice', 'bob');
    bob.calls.start({ video: false, to: 'carol' });
    carol.accept();
    room.mend('alice', 'bob');
    expect(views(alice, bob, carol)).toEqual(['bob in, carol in', 'alice in, carol in', 'alice in, bob in']);
  });

  test('[CALL-5] who left before anybody knew that the link was down has left all the same', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false });
    bob.accept();
    room.losing = true; // the path is gone already
    bob.calls.leave();
    room.losing = false;
    expect(alice.view).toBe('bob in');
    room.mend('alice', 'bob');
    expect(alice.view).toBe('nothing');
    expect(alice.events).toEqual(['left bob']);
  });

  test('an answer goes to whoever rang first, and is for what was rung with', () => {
    const [eve, alice, bob] = room.enter('eve', 'alice', 'bob') as [Page, Page, Page];
    const says = (from: Page, call: string, asked: string[], video: boolean) =>
      bob.calls.handleMessage(from.name, saidOf(call, asked, { video }));
    says(eve, 'of eve', [], false);
    says(alice, 'of alice', ['bob'], false);
    says(eve, 'of eve', ['bob'], true);
    says(alice, 'of alice', ['bob'], true);
    expect(bob.calls.incoming).toMatchObject({ id: 'of alice', video: false, sessions: ['alice'] });
  });

  test('one member cannot open a call that the others have among themselves', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    const id = alice.calls.current!.id;
    bob.calls.handleMessage('carol', saidOf(id, ['bob']));
    bob.calls.enter(id);
    expect([bob.calls.current?.open, carol.view]).toEqual([false, 'nothing']);
  });

  test('a member that asks for ever new people is not remembered without bound', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    bob.accept();
    const sent: string[] = [];
    room.send = (from, to) => void sent.push(`${from} to ${to}`);
    const call = alice.calls.current!.id;
    for (let round = 0; round < 100; round++) {
      const asked = Array.from({ length: 64 }, (_, index) => `nobody-${round}-${index}`);
      alice.calls.handleMessage('bob', saidOf(call, asked, { open: false }));
    }
    expect(sent).toEqual([]);
    alice.calls.setSending({ ...NOTHING, microphone: true });
    expect(sent).toEqual(['alice to bob']);
  });

  test('a call that comes during another rings, and answering it leaves the other', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    bob.accept();
    carol.calls.start({ video: false, to: 'bob' });
    expect(bob.calls.incoming?.sessions).toEqual(['carol']);
    bob.accept();
    expect(views(alice, bob, carol)).toEqual(['nothing', 'carol in', 'bob in']);
    expect(alice.events).toEqual(['left bob']);
  });

  test('[MEDIA-2] a connection is wanted from the first ring on, by both and by nobody else, until the end', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false, to: 'bob' });
    expect([alice, bob, carol].map(({ wanted }) => [...wanted])).toEqual([['bob'], ['alice'], []]);
    expect(alice.calls.isWith('bob')).toBe(false);
    bob.accept();
    expect([alice.calls.isWith('bob'), bob.calls.isWith('alice')]).toEqual([true, true]);
    expect([alice, bob].map(({ wanted }) => [...wanted])).toEqual([['bob'], ['alice']]);
    alice.calls.leave();
    expect([alice, bob].map(({ wanted }) => [...wanted])).toEqual([[], []]);
  });

  test('[MEDIA-2] a declined call is not wanted any more', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false });
    bob.decline();
    expect([...alice.wanted, ...bob.wanted]).toEqual([]);
  });

  test('everyone sees what a member sends', () => {
    const [alice, bob] = room.enter('alice', 'bob') as [Page, Page];
    alice.calls.start({ video: false });
    bob.accept();
    bob.calls.setSending({ microphone: true, camera: false, screen: true });
    expect(alice.calls.current?.members[0]?.said).toMatchObject({ microphone: true, camera: false, screen: true });
  });

  test('only the one whose files go slower hears of it, and nobody any more after the call', () => {
    const [alice, bob, carol] = room.enter('alice', 'bob', 'carol') as [Page, Page, Page];
    alice.calls.start({ video: false });
    bob.accept();
    carol.accept();
    const hears = () => [bob, carol].map(({ calls }) => calls.isHeldBackBy('alice'));
    alice.calls.setHeldBack('bob', true);
    expect(hears()).toEqual([true, false]);
    room.cut('alice', 'bob');
    alice.calls.setHeldBack('bob', false);
    room.mend('alice', 'bob');
    expect(hears()).toEqual([false, false]);
    alice.calls.setHeldBack('bob', true);
    alice.calls.leave();
    expect(hears()).toEqual([false, false]);
    alice.join();
    expect(hears()).toEqual([false, false]);
  });
});
