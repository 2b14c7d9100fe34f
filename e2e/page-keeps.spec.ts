// The page itself loses nothing: whatever is dropped, pasted or written is handed over or a sentence says why not; whoever closes it is asked; and a
// part of it that does not come is said, never a blank page.
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { anotherBuild, pageWithout, scriptsOfPage } from './support/built-page.ts';
import { sha256 } from './support/files.ts';
import { expect, test, type Person } from './support/test.ts';
import { meet, type TincanPage } from './support/tincan-page.ts';
import { until } from './support/until.ts';

const MIB = 1_048_576;
const BOX = '[data-testid="chat-input"]';
/** On whatever page, where a part of it is missing. */
const RELOAD = { name: 'Reload' };

/** What stands in the message box. */
async function waitForDraft(person: TincanPage, text: string): Promise<void> {
  await person.waitFor('chat-input', ([box]) => box?.value === text);
}

test.describe('what is dropped', () => {
  test('files on the message box are sent; text and links, wherever they fall, stand in it; the page stays', async ({
    server,
    openPerson,
    files,
  }) => {
    const [alice, bob] = [await openPerson(), await openPerson()];
    await meet(alice, bob, server.url);
    const url = alice.tab.page.url();
    await alice.tab.dropFiles([await files.random('dropped.bin', 1_000)], BOX);
    await bob.accept();
    await alice.waitForTransfer({ name: 'dropped.bin' }, 'done');

    await alice.tab.dropData({ 'text/plain': 'a text' });
    await waitForDraft(alice, 'a text');
    await alice.tab.dropData({ 'text/uri-list': 'https://example.org/a', 'text/html': '<a>A</a>' });
    await waitForDraft(alice, 'a text\nhttps://example.org/a');
    // As Firefox gives a picture of another page: a link, and no file.
    await alice.tab.dropData({ 'text/uri-list': 'https://example.org/a.png', 'text/html': '<img>' }, 'header');
    await waitForDraft(alice, 'a text\nhttps://example.org/a\nhttps://example.org/a.png');
    await alice.tab.page.keyboard.press('Enter');
    await bob.waitForMessage('a text\nhttps://example.org/a\nhttps://example.org/a.png');
    // Over the box the browser itself puts a text where the pointer is.
    await alice.tab.dropData({ 'text/plain': 'inside' }, BOX);
    await waitForDraft(alice, 'inside');
    expect(alice.tab.page.url()).toBe(url);
    expect(alice.tab.problems).toEqual([]);
  });

  test('a text is not lost silently where there is no message box', async ({ server, openPerson }) => {
    const alice = await openPerson();
    await alice.tab.open(server.url);
    const says = alice.tab.page.getByText('It can be sent as a message once you are in a room with somebody.');
    await alice.tab.dropData({ 'text/uri-list': 'https://example.org/' });
    await says.waitFor();
    await alice.tab.click('[data-testid="start-room"]');
    const link = await alice.shareLink();
    // A field in which nothing can be written is no place for a link.
    await alice.tab.dropData({ 'text/uri-list': 'https://example.org/' }, '[data-testid="share-link"]');
    await alice.tab.page.getByText('Nobody is here yet to read a message.').waitFor();
    expect(alice.tab.page.url()).toBe(link);
  });

  test('in Firefox too: dragging and dropping of whatever are taken; and a worker that does not come is said there as well', async ({
    server,
    startServer,
    openPerson,
    openFirefox,
  }) => {
    const [alice, bob] = [await openFirefox(), await openPerson()];
    await meet(alice, bob, server.url);
    /** Both at once, as the browser tells them: whether the page has taken each. */
    const drop = (on: string, data: Record<string, string>) =>
      alice.tab.evaluate(
        ({ on, data }) => {
          const transfer = new DataTransfer();
          for (const [type, text] of Object.entries(data))
            if (type === 'file') transfer.items.add(new File(['some bytes'], text));
            else transfer.setData(type, text);
          const tell = (type: string) => {
            const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer });
            document.querySelector(on)!.dispatchEvent(event);
            return event.defaultPrevented;
          };
          return [tell('dragover'), tell('drop')];
        },
        { on, data },
      );
    expect(await drop(BOX, { file: 'in-the-box.txt' })).toEqual([true, true]);
    expect(await drop('h2', { 'text/uri-list': 'https://example.org/', 'text/plain': 'a name' })).toEqual([true, true]);
    await waitForDraft(alice, 'https://example.org/');
    expect(await drop(BOX, { 'text/plain': 'the browser does it' })).toEqual([false, false]);
    await bob.accept();
    await alice.waitForTransfer({ name: 'in-the-box.txt' }, 'done');

    const webRoot = await pageWithout('store.worker', test.info().outputPath('web'));
    await alice.startRoom((await startServer({ WEB_ROOT: webRoot })).url);
    const alerts = () => alice.tab.see('[role="alert"]');
    await until('it to be said', alerts, (seen) => seen.some(({ text }) => text.includes('could not be loaded')));
  });
});

test('what is pasted outside a text field stands in the message box; one that is too long for a message is sent as a file', async ({
  server,
  openPerson,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  const { keyboard } = alice.tab.page;
  await alice.tab.fill(BOX, 'cut and pasted');
  await alice.tab.click(BOX);
  await keyboard.press('ControlOrMeta+A');
  await keyboard.press('ControlOrMeta+X');
  await waitForDraft(alice, '');
  await alice.tab.click('#chat-heading');
  await keyboard.press('ControlOrMeta+V');
  await waitForDraft(alice, 'cut and pasted');
  await keyboard.press('Enter');
  await bob.waitForMessage('cut and pasted');

  const long = 'x'.repeat(4_001);
  await alice.tab.fill(BOX, long);
  await alice.tab.click(BOX);
  await keyboard.press('ControlOrMeta+A');
  await keyboard.press('ControlOrMeta+X');
  await keyboard.press('ControlOrMeta+V');
  await waitForDraft(alice, long);
  const [hint] = await alice.waitFor('chat-hint', ([seen]) => seen?.text !== '');
  expect(hint?.text).toContain('4,001 characters');
  const isWider = () => document.documentElement.scrollWidth > innerWidth;
  expect(await alice.tab.evaluate(isWider, undefined)).toBe(false); // than the window, for a word that has no end
  await keyboard.press('Enter');
  await alice.tab.click('[data-testid="chat-hint"] button');
  await waitForDraft(alice, '');
  await bob.accept();
  expect(await readFile((await bob.save('message.txt')).path, 'utf8')).toBe(long);
  expect((await bob.tab.see('[data-testid="chat-message"]')).map(({ text }) => text)).toEqual(['cut and pasted']);
});

test('messages to a page that stands still come when it goes on, also the first one, when nobody knew it yet; else the page says that they have not come', async ({
  server,
  openPerson,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  await meet(alice, bob, server.url);
  const goOn = await bob.tab.stopPages();
  try {
    await alice.say('nobody knows yet');
    await alice.waitFor('chat-waiting', (seen) => seen.length === 1);
    await alice.waitFor('peer', ([peer]) => peer?.data['state'] === 'reconnecting', 30_000);
    await alice.say('now it is known');
    await alice.waitFor('chat-waiting', (seen) => seen.length === 2);
  } finally {
    goOn();
  }
  const messages = await bob.waitFor('chat-message', (seen) => seen.length === 2, 60_000);
  expect(messages.map(({ text }) => text)).toEqual(['nobody knows yet', 'now it is known']);
  await alice.waitFor('chat-waiting', (seen) => seen.length === 0);

  const letGo = await bob.tab.stopPages();
  try {
    await alice.say('too late');
    await alice.waitFor('chat-waiting', (seen) => seen.length === 1);
    await alice.tab.page.getByRole('button', { name: /^Block/ }).click();
    await alice.tab.page.getByRole('dialog').getByRole('button').last().click();
    await alice.waitFor('chat-missed', (seen) => seen.length === 1);
  } finally {
    letGo();
  }
  expect(await alice.tab.see('[data-testid="chat-waiting"]')).toEqual([]);
  await alice.tab.fill(BOX, 'and now?');
  await alice.tab.page.keyboard.press('Enter');
  await alice.waitFor('chat-hint', ([hint]) => hint?.text.startsWith('Nobody is here') ?? false);
  await waitForDraft(alice, 'and now?');
});

test('whoever closes the tab or leaves with files that are not answered is asked, before and after somebody has come', async ({
  server,
  openPerson,
  files,
}) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const { page } = alice.tab;
  const closes = async () => {
    const asked = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss(); // they stay
  };
  const leaves = async () => {
    await page.getByRole('button', { name: 'Leave the room' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('3 files that have not been answered yet are taken back.');
    await dialog.getByRole('button').first().click();
  };
  const link = await alice.startRoom(server.url);
  await alice.chooseFiles(...(await Promise.all(['1', '2', '3'].map((name) => files.random(name, 1_000)))));
  await leaves();
  await closes();
  await bob.join(link);
  await bob.waitFor('incoming-offer', (seen) => seen.length === 1);
  await leaves();
  await closes();
  await bob.accept();
  await alice.waitForDone(3);
  await page.getByRole('button', { name: 'Leave the room' }).click();
  await alice.waitFor('start-room', (seen) => seen.length === 1); // unasked: all has come
});

test.describe('a part of the page that is lost once is said, and a reload mends it', () => {
  /** Answers to requests for this script are lost. Gives what ends that. */
  async function lose(person: Person, script: string): Promise<() => Promise<void>> {
    const isIt = new RegExp(`/assets/${script.replace('.', '\\.')}-[\\w-]{8}\\.js$`);
    const context = person.tab.page.context();
    await context.route(isIt, (route) => route.abort('connectionreset'));
    return () => context.unroute(isIt);
  }

  /** How a page comes to need it, by the script's name; all others are needed by every page. */
  const OTHERS: Record<string, (person: Person, urls: { secure: string; insecure: string }) => Promise<void>> = {
    InsecurePage: (person, { insecure }) => person.tab.open(insecure),
    PlainPage: (person, { insecure }) => person.tab.open(insecure),
    pairing: async (person, { secure }) => {
      await person.tab.open(secure);
      await person.tab.fill('[data-testid="code-input"]', '123 456 789');
      await person.tab.click('[data-testid="code-join"]');
    },
  };

  test('each script of the build, one after the other', async ({ server, openPerson }) => {
    const address = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    const urls = { secure: server.url, insecure: `http://${address}:${server.port}/` };
    const [person, withoutRtc] = [await openPerson(), await openPerson()];
    await withoutRtc.tab.runFirst(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'));
    for (const script of await scriptsOfPage()) {
      const visitor = script === 'UnsupportedPage' ? withoutRtc : person;
      const { page } = visitor.tab;
      const find = await lose(visitor, script);
      await (OTHERS[script]?.(visitor, urls) ?? visitor.tab.open(urls.secure));
      const reload = page.getByRole('button', RELOAD);
      await expect(reload, script).toBeVisible();
      expect(await page.locator('[role="alert"]:visible').innerText()).toMatch(/part of this page .*loaded/);
      await find();
      await Promise.all([page.waitForEvent('load'), reload.click()]);
      await page.locator('main h1').waitFor();
      await expect(reload, script).toHaveCount(0);
    }
  });

  test('nothing of that is seen while the page loads as it should; it is, where a script never comes', async ({
    server,
    openPerson,
  }) => {
    const { page } = (await openPerson()).tab;
    await page.route(/\/assets\/index-[\w-]{8}\.js$/, () => {}); // never answered
    await page.goto(server.url, { waitUntil: 'commit' });
    const says = page.locator('[data-testid="not-loaded"]');
    await says.waitFor({ state: 'attached' });
    await expect(says).toBeHidden();
    const session = await page.context().newCDPSession(page);
    await session.send('Animation.enable');
    await session.send('Animation.setPlaybackRate', { playbackRate: 20 }); // its time passes faster
    await says.waitFor({ state: 'visible' });
  });
});

test('a new build under an old tab: its transfer goes on, and what it needs of the old build it says that it cannot load', async ({
  startServer,
  openPerson,
  files,
}) => {
  const server = await startServer({});
  const [alice, bob] = [await openPerson(), await openPerson()];
  const home = await bob.tab.openSecond(server.url);
  const link = await meet(alice, bob, server.url);
  const original = await files.random('long.bin', 48 * MIB);
  await alice.chooseFiles(original);
  await bob.accept();
  await bob.waitForBytes({ name: 'long.bin' }, 1);
  await server.kill();
  expect((await bob.transfers({ name: 'long.bin' }))[0]?.state).toBe('active');
  await server.restart({ WEB_ROOT: await anotherBuild(test.info().outputPath('web')) });
  const carol = await openPerson();
  await carol.join(link);
  await Promise.all([alice, bob, carol].map((person) => person.waitForPeers(2)));
  const received = await bob.waitForTransfer({ name: 'long.bin' }, 'done');
  expect((await alice.waitForTransfer({ name: 'long.bin' }, 'done')).hash).toBe(received.hash);
  expect(await sha256((await bob.save('long.bin')).path)).toBe(await sha256(original));

  await home.getByTestId('code-input').fill('123 456 789');
  await home.getByTestId('code-join').click();
  await home.getByRole('button', RELOAD).click();
  await home.locator('main h1').waitFor();
  await expect(home.getByRole('button', RELOAD)).toHaveCount(0);
});
