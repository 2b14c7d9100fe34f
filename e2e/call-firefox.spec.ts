import { CallPage } from './support/call-page.ts';
import { expect, test } from './support/test.ts';

test('a video call between Chromium and Firefox: pictures and sound both ways', async ({
  server,
  openPerson,
  openFirefox,
}) => {
  const [alice, bob] = [await CallPage.of(await openPerson()), await CallPage.of(await openFirefox())];
  await bob.page.join(await alice.page.startRoom(server.url));
  await Promise.all([alice, bob].map(({ page }) => page.waitForPeers(1)));
  await bob.call('video');
  await alice.accept();
  for (const each of [alice, bob]) {
    await each.waitForLive(1);
    await each.waitForPictures(1);
    await each.waitForSound();
    await each.page.waitFor('call-member', ([seen]) => seen?.data['route'] === 'direct');
  }
  await alice.hangUp();
  await Promise.all([alice.waitForNoCall(), bob.waitForNoCall()]);
  expect([...alice.page.tab.problems, ...bob.page.tab.problems]).toEqual([]);
});
