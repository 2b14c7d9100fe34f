import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeMediaDevices } from '@tincan/engine/call/testing/fake-media-devices';
import { FakeStream } from '@tincan/engine/call/testing/fake-stream';
import type { FakePage } from '@tincan/engine/rtc/testing/fake-room';
import { pageOf, pair, pass } from '@tincan/engine/rtc/testing/in-a-room';
import { Calls } from './calls.svelte.ts';

beforeEach(() => {
  vi.stubGlobal('navigator', { mediaDevices: new FakeMediaDevices() });
  vi.stubGlobal('MediaStream', FakeStream);
  vi.stubGlobal('localStorage', { getItem: () => null });
  vi.stubGlobal('HTMLMediaElement', class {});
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** The calls of these pages, as each of them shows them. */
const callsOf = (...pages: FakePage[]) =>
  pages.map((page) => {
    const calls = new Calls((session) => session.replace(/_+$/, ''));
    calls.follow(page.mesh, page.session, () => {});
    return calls;
  });

/** Until a link has carried a message and its answer, and before that is shown. */
const LINK_MS = 10;
const SHOWN_MS = 200;

test.each([
  ['his word of it is still on its way', 0],
  ['it is known, and not yet shown', LINK_MS],
])('whoever wants to come to a call that has just ended hears that it is over: %s', async (_, ms) => {
  const pages = await pair();
  const [alice, bob] = callsOf(pages.alice, pages.bob) as [Calls, Calls];
  alice.start({ video: true });
  await pass(SHOWN_MS);
  bob.accept({ camera: false });
  await pass(SHOWN_MS);
  alice.hangUp();
  await pass(ms);
  expect(alice.running?.names).toEqual(['bob']);
  alice.join({ camera: true });
  await pass(SHOWN_MS);
  expect([alice.current, alice.running, bob.current, bob.running]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(alice.ended).toMatchObject({ why: 'left', name: 'bob' });
});

test('an answer is for the call that is shown, and not for one that took its place', async () => {
  const pages = await pair();
  const third = pageOf('carol').enter();
  await pass(SHOWN_MS);
  const [alice, bob, carol] = callsOf(pages.alice, pages.bob, third) as [Calls, Calls, Calls];
  for (const answer of [() => bob.accept({ camera: true }), () => bob.decline()]) {
    alice.start({ video: true, to: pages.bob.session });
    await pass(SHOWN_MS);
    carol.start({ video: true, to: pages.bob.session });
    await pass(SHOWN_MS);
    carol.start({ video: true, to: pages.bob.session }); // says it again: his page has just been brought up to date
    await pass(LINK_MS);
    alice.hangUp();
    await pass(LINK_MS);
    expect(bob.incoming?.name).toBe('alice');
    answer();
    expect([bob.current, bob.incoming?.name]).toEqual([undefined, 'carol']);
    carol.hangUp();
    await pass(SHOWN_MS);
    expect([alice.current, bob.current, carol.current]).toEqual([undefined, undefined, undefined]);
  }
});
