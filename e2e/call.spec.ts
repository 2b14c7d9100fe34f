import { CallPage } from './support/call-page.ts';
import type { ChromiumOptions } from './support/chromium-tab.ts';
import { expect, test, type Person } from './support/test.ts';
import type { ServerProcess } from './support/server.ts';
import { id } from './support/tincan-page.ts';
import { until } from './support/until.ts';

const MIB = 1_048_576;

type Caller = CallPage & { page: Person };
type OpenPerson = (options?: ChromiumOptions) => Promise<Person>;

/** So many people in one room, each connected to all others. */
async function inRoom(server: ServerProcess, openPerson: OpenPerson, count: number, options?: ChromiumOptions) {
  const callers: Caller[] = [];
  let link = '';
  for (let index = 0; index < count; index++) {
    const caller = (await CallPage.of(await openPerson(options))) as Caller;
    if (index === 0) link = await caller.page.startRoom(server.url);
    else await caller.page.join(link);
    callers.push(caller);
  }
  await Promise.all(callers.map(({ page }) => page.waitForPeers(count - 1)));
  return callers;
}

const noProblems = (callers: readonly CallPage[]) =>
  expect(callers.flatMap(({ page }) => page.tab.problems)).toEqual([]);

test('a video call of two: pictures and sound both ways, the route is shown, and hanging up lets go of everything', async ({
  server,
  openPerson,
}) => {
  const [alice, bob] = (await inRoom(server, openPerson, 2)) as [Caller, Caller];
  await alice.call('video');
  await alice.waitForMembers(1, 'ringing');
  await bob.accept();
  for (const each of [alice, bob]) {
    await each.waitForLive(1);
    await each.waitForPictures(1);
    await each.waitForSound();
    const [member] = await each.page.waitFor('call-member', ([seen]) => seen?.data['route'] === 'direct');
    expect(member?.data).toMatchObject({ camera: 'on', microphone: 'on', route: 'direct' });
    expect((await each.page.tab.see(id('local-video'))).length).toBe(1);
  }
  await bob.hangUp();
  await Promise.all([alice.waitForNoCall(), bob.waitForNoCall()]);
  await alice.page.waitFor('call-ended', ([seen]) => seen !== undefined);
  for (const each of [alice, bob]) {
    await until(
      'every device is let go of',
      () => each.probe.state(),
      ({ tracks }) => tracks.length === 2 && tracks.every((track) => track.endsWith('ended')),
    );
  }
  noProblems([alice, bob]);
});

test('four in a call: three are rung or come late, everyone sees and hears everyone, and a screen; the upstream holds', async ({
  server,
  openPerson,
}) => {
  const UPSTREAM = 1_000_000;
  const few = { cameraRate: 3 }; // each page makes three pictures of each
  const setUpstream = async ({ page }: Caller) => {
    await page.tab.click('header button[aria-label="Settings"]');
    await page.tab.select(id('setting-upstream'), String(UPSTREAM));
    await page.tab.click('dialog .primary');
  };
  const callers = await inRoom(server, openPerson, 3, few);
  const [alice, bob, carol] = callers as [Caller, Caller, Caller];
  for (const each of callers) await setUpstream(each);
  await alice.call('video');
  await bob.accept();
  await carol.accept();
  const dave = (await CallPage.of(await openPerson(few))) as Caller;
  await dave.page.join(await alice.page.shareLink());
  await setUpstream(dave);
  await dave.page.waitForPeers(3);
  await dave.call('video'); // enters the one that is running
  const all = [...callers, dave];
  await Promise.all(all.map((each) => each.waitForLive(3, 60_000)));
  for (const each of all) {
    await each.waitForPictures(3);
    await each.waitForSound(3);
  }
  for (const each of all) {
    const tiles = await each.page.waitFor('call-member', (seen) =>
      seen.every(({ data }) => data['route'] === 'direct'),
    );
    expect(tiles.length).toBe(3);
  }
  await carol.press('share-screen');
  for (const each of [alice, bob, dave]) await each.waitForPictures(1, 2, 'screen');
  // Who sends most: a camera and a screen to each of three.
  const before = await carol.probe.sentBytes();
  const start = performance.now();
  await alice.waitForPictures(1, 5, 'screen');
  const sent = 8_000 * ((await carol.probe.sentBytes()) - before);
  const bitsPerSecond = sent / (performance.now() - start);
  expect(bitsPerSecond).toBeLessThan(UPSTREAM);
  expect(bitsPerSecond).toBeGreaterThan(0.05 * UPSTREAM); // the sound of three, at its least
  noProblems(all);
});

test('a call is set up without the server, and goes on when it dies, without a gap', async ({ server, openPerson }) => {
  const [alice, bob] = (await inRoom(server, openPerson, 2)) as [Caller, Caller];
  await server.kill();
  await Promise.all([alice, bob].map(({ page }) => page.waitForServerState('offline')));
  await alice.call('video');
  await bob.accept();
  await Promise.all([alice, bob].map((each) => each.waitForPictures(1)));

  await server.restart();
  await Promise.all([alice, bob].map(({ page }) => page.waitForServerState('online')));
  await Promise.all([alice, bob].map((each) => each.probe.watchPictures()));
  await server.kill();
  await Promise.all([alice, bob].map(({ page }) => page.waitForServerState('offline')));
  for (const each of [alice, bob]) {
    await each.waitForPictures(1, 40);
    expect((await each.probe.watched()).longestGap).toBeLessThan(1_000);
  }
});

test('the path is cut for 10 s in a call: the picture freezes with a notice, and is back within 5 s without a click', async ({
  server,
  openPerson,
}) => {
  const [alice, bob] = (await inRoom(server, openPerson, 2)) as [Caller, Caller];
  await alice.call('video');
  await bob.accept();
  await Promise.all([alice, bob].map((each) => each.waitForPictures(1)));
  await Promise.all([alice, bob].map((each) => each.probe.watchPictures()));

  const mend = await bob.page.tab.cutNetwork();
  const cutAt = performance.now();
  await alice.waitForMembers(1, 'frozen', 10_000);
  await alice.page.waitFor('peer', ([seen]) => seen?.data['state'] === 'reconnecting', 15_000);
  await alice.page.tab.evaluate(
    (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    Math.max(0, 10_000 - (performance.now() - cutAt)),
  );
  expect((await alice.probe.watched()).sinceNewest).toBeGreaterThan(8_000);
  mend();
  for (const each of [alice, bob])
    await until(
      'the picture goes on',
      () => each.probe.watched(),
      ({ sinceNewest }) => sinceNewest < 500,
      5_000,
    );
  for (const each of [alice, bob]) {
    await each.waitForLive(1);
    await each.waitForPictures(1, 10);
    await each.waitForSound();
    await each.page.waitForPeers(1, 30_000); // and a new link is there
  }
});

test('camera and microphone are switched off, on and over without a new connection or description', async ({
  server,
  openPerson,
}) => {
  const [alice, bob] = (await inRoom(server, openPerson, 2)) as [Caller, Caller];
  await alice.call('video');
  await bob.accept();
  await Promise.all([alice, bob].map((each) => each.waitForPictures(1)));
  const { connections, descriptions } = await alice.probe.state();

  await alice.press('toggle-camera');
  await until(
    'the camera is off',
    () => alice.probe.state(),
    ({ tracks }) => tracks.includes('video ended') && !tracks.includes('video live'),
  );
  await bob.page.waitFor('call-member', ([seen]) => seen?.data['camera'] === 'off');
  await bob.waitForSound();
  await alice.press('toggle-camera');
  await bob.page.waitFor('call-member', ([seen]) => seen?.data['camera'] === 'on');
  await bob.waitForPictures(1);

  await alice.press('toggle-mic');
  await bob.page.waitFor('call-member', ([seen]) => seen?.data['microphone'] === 'off');
  await alice.press('toggle-mic');
  await bob.page.waitFor('call-member', ([seen]) => seen?.data['microphone'] === 'on');

  await alice.press('call-devices');
  const options = await alice.page.waitFor('device-microphone', ([seen]) => seen !== undefined);
  expect(options[0]?.text).toContain('Fake Audio Input 2');
  const labels = () =>
    alice.page.tab.evaluate(
      () =>
        window.probe.connections
          .flatMap((connection) => connection.getSenders())
          .flatMap(({ track }) => (track?.kind === 'audio' ? track.label : [])),
      undefined,
    );
  const before = await labels();
  const other = await alice.page.tab.page
    .locator(`${id('device-microphone')} option`, { hasText: 'Fake Audio Input 2' })
    .getAttribute('value');
  await alice.page.tab.select(id('device-microphone'), other ?? '');
  await until('another microphone', labels, (now) => now.join() !== before.join() && now.length === 1);
  expect(await labels()).toEqual(['Fake Audio Input 2']);
  await bob.waitForSound();
  const speaker = await alice.page.tab.page
    .locator(`${id('device-speaker')} option`, { hasText: 'Fake Audio Output 2' })
    .getAttribute('value');
  await alice.page.tab.select(id('device-speaker'), speaker ?? '');
  await until(
    'all sound comes from another speaker',
    () => alice.page.tab.evaluate(() => [...document.querySelectorAll('audio')].map(({ sinkId }) => sinkId), undefined),
    (sinks) => sinks.length === 2 && sinks.every((sink) => sink === speaker),
  );
  await bob.waitForSound();
  expect(await alice.page.tab.see('[data-testid="call"] [role="alert"]')).toEqual([]);
  const after = await alice.probe.state();
  expect([after.connections, after.descriptions]).toEqual([connections, descriptions]);
  noProblems([alice, bob]);
});

test('[MEDIA-1] a call that is answered at once is up on its first connection, ten times over', async ({
  server,
  openPerson,
}) => {
  const [alice, bob] = (await inRoom(server, openPerson, 2, { cameraRate: 5 })) as [Caller, Caller];
  for (const each of [alice, bob]) {
    await each.page.tab.evaluate(() => {
      new MutationObserver(() => {
        document.querySelector<HTMLButtonElement>('[data-testid="call-accept"]')?.click();
      }).observe(document.body, { childList: true, subtree: true });
    }, undefined);
  }
  const { connections } = await alice.probe.state();
  for (let call = 1; call <= 10; call++) {
    const caller = call % 2 === 0 ? alice : bob;
    await caller.call('video');
    await Promise.all([alice, bob].map((each) => each.waitForPictures(1, 1)));
    expect((await alice.probe.state()).connections).toBe(connections + call);
    await caller.hangUp();
    await Promise.all([alice, bob].map((each) => each.waitForQuiet()));
  }
  noProblems([alice, bob]);
});

test('a call with one peer: nobody else hears of it, and it can be declined', async ({ server, openPerson }) => {
  const [alice, bob, carol] = (await inRoom(server, openPerson, 3, { cameraRate: 5 })) as [Caller, Caller, Caller];
  await alice.page.tab.click(`${id('peer')} ${id('peer-call-audio')}`);
  const rung = await Promise.race(
    [bob, carol].map(async (each) => {
      await each.page.waitFor('incoming-call', ([seen]) => seen !== undefined, 30_000);
      return each;
    }),
  );
  const other = rung === bob ? carol : bob;
  const hears = async () => [
    ...(await other.page.tab.see(id('incoming-call'))),
    ...(await other.page.tab.see(id('call-running'))),
  ];
  expect(await hears()).toEqual([]);
  await rung.accept();
  await Promise.all([alice, rung].map((each) => each.waitForLive(1)));
  await rung.waitForSound();
  expect(await hears()).toEqual([]);
  await rung.hangUp();
  await Promise.all([alice, rung].map((each) => each.waitForNoCall()));
  await alice.page.tab.click(`${id('peer')} ${id('peer-call-audio')}`);
  await rung.decline();
  await alice.page.waitFor('call-ended', ([seen]) => seen !== undefined);
  await Promise.all([alice, bob, carol].map((each) => each.waitForNoCall()));
  expect(await hears()).toEqual([]);
  noProblems([alice, bob, carol]);
});

test('a call that is answered during another without the camera gets neither camera nor screen of the other', async ({
  server,
  openPerson,
}) => {
  const [alice, bob, carol] = (await inRoom(server, openPerson, 3, { cameraRate: 5 })) as [Caller, Caller, Caller];
  const cardOf = async (caller: Caller, of: Caller) => {
    const [mine] = await of.page.tab.see('[data-testid="peer"] ~ .me, .me');
    const peers = await caller.page.tab.see(id('peer'));
    const name = mine?.text.replace(/ \(.*/s, '') ?? '';
    return `${id('peer')}[data-peer-id="${peers.find(({ text }) => text.includes(name))?.data['peer-id']}"]`;
  };
  await alice.page.tab.click(`${await cardOf(alice, bob)} ${id('peer-call-video')}`);
  await bob.accept();
  await bob.waitForLive(1);
  await bob.press('share-screen');
  await alice.waitForPictures(1, 1, 'screen');
  await carol.page.tab.click(`${await cardOf(carol, bob)} ${id('peer-call-video')}`);
  await bob.press('call-accept-audio');
  const [member] = await carol.waitForLive(1);
  expect(member).toMatchObject({ camera: 'off', screen: 'off' });
  await carol.waitForSound();
  await alice.waitForNoCall();
  const { tracks } = await bob.probe.state();
  expect(tracks.filter((track) => track.endsWith('live'))).toEqual(['audio live']);
  expect(await carol.probe.pictures('screen')).toEqual({});
  noProblems([alice, bob, carol]);
});

test('nothing of a call goes by way of the server', async ({ server, startProxy, openPerson }) => {
  const proxy = await startProxy(server);
  const [alice, bob] = [await CallPage.of(await openPerson()), await CallPage.of(await openPerson())];
  await bob.page.join(await alice.page.startRoom(proxy.url));
  await Promise.all([alice, bob].map(({ page }) => page.waitForPeers(1)));
  const before = proxy.fromClients + proxy.fromServer;
  await alice.call('video');
  await bob.accept();
  for (const each of [alice, bob]) {
    await each.waitForPictures(1, 60);
    await each.waitForSound();
  }
  expect(await alice.probe.sentBytes()).toBeGreaterThan(50_000);
  expect(proxy.fromClients + proxy.fromServer - before).toBeLessThan(5_000); // pings, and an address now and then
});

test('a file makes way for the call with whom it goes to, and both pages say so', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = (await inRoom(server, openPerson, 2, { cameraRate: 5 })) as [Caller, Caller];
  await alice.call('video');
  await bob.accept();
  await Promise.all([alice, bob].map((each) => each.waitForLive(1)));
  await alice.page.chooseFiles(await files.random('large.bin', 32 * MIB));
  await bob.page.accept();
  for (const { page } of [alice, bob]) await page.waitFor('held-back', (seen) => seen.length === 1);
  await Promise.all([alice, bob].map((each) => each.waitForPictures(1)));
  await bob.hangUp();
  for (const { page } of [alice, bob]) {
    await page.waitFor('held-back', (seen) => seen.length === 0);
    await page.waitForDone(1);
  }
  noProblems([alice, bob]);
});

test('without devices, or without leave to use them, a call works one way and says why', async ({
  server,
  openPerson,
}) => {
  const alice = (await CallPage.of(await openPerson())) as Caller;
  const bob = (await CallPage.of(await openPerson({ devices: 'none' }))) as Caller;
  const carol = (await CallPage.of(await openPerson({ devices: 'refused' }))) as Caller;
  const link = await alice.page.startRoom(server.url);
  for (const { page } of [bob, carol]) await page.join(link);
  await Promise.all([alice, bob, carol].map(({ page }) => page.waitForPeers(2)));
  await alice.call('video');
  await Promise.all([bob.accept(), carol.accept()]);
  await Promise.all([alice, bob, carol].map((each) => each.waitForLive(2)));
  const alerts = async (caller: Caller) =>
    (await caller.page.tab.see('[data-testid="call"] [role="alert"]')).map(({ text }) => text);
  const missing = await until(
    'two sentences',
    () => alerts(bob),
    (texts) => texts.length >= 2,
  );
  const refused = await until(
    'two sentences',
    () => alerts(carol),
    (texts) => texts.length >= 2,
  );
  expect(new Set([...missing, ...refused]).size).toBe(4);
  for (const each of [bob, carol]) {
    await until(
      'a picture of alice',
      () => each.probe.pictures(),
      (pictures) => Object.values(pictures).some((count) => count > 3),
    );
    await each.waitForSound();
  }
  const dismiss = '[data-testid="call"] [role="alert"] [aria-label="Dismiss"]';
  for (let left = 1; left >= 0; left--) {
    await bob.page.tab.click(dismiss);
    await until(
      'one sentence less',
      () => alerts(bob),
      (texts) => texts.length === left,
    );
  }
  await bob.press('toggle-mic');
  await until(
    'it is said anew after another try',
    () => alerts(bob),
    (texts) => texts.length === 1,
  );
});
