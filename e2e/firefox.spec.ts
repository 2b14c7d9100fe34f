import { sha256 } from './support/files.ts';
import { expect, test } from './support/test.ts';

const MIB = 1_048_576;

test('a file goes from Chromium to Firefox, and one back', async ({ server, openPerson, openFirefox, files }) => {
  const [chromium, firefox] = [await openPerson(), await openFirefox()];
  await firefox.join(await chromium.startRoom(server.url));
  await Promise.all([chromium.waitForPeers(1), firefox.waitForPeers(1)]);

  const there = await files.random('there.bin', 16 * MIB + 1);
  await chromium.chooseFiles(there);
  await firefox.accept();
  const savedThere = await firefox.save('there.bin');
  expect(await sha256(savedThere.path)).toBe(await sha256(there));
  const sentThere = await chromium.waitForTransfer({ name: 'there.bin' }, 'done');
  expect(sentThere.hash).toMatch(/^[0-9a-f]{64}$/);

  const back = await files.random('back.bin', 16 * MIB + 1);
  await firefox.chooseFiles(back);
  await chromium.accept();
  const savedBack = await chromium.save('back.bin');
  expect(await sha256(savedBack.path)).toBe(await sha256(back));
  const [sentBack] = await firefox.transfers({ name: 'back.bin' });
  expect(sentBack?.state).toBe('done');
  expect([...chromium.tab.problems, ...firefox.tab.problems]).toEqual([]);
});
