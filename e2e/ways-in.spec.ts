import { expect, test, type Person } from './support/test.ts';

/** Hands one file of text to an element, as dropping or pasting does. */
async function hand(person: Person, how: 'drop' | 'paste', target: string, name: string): Promise<void> {
  const given = await person.tab.page.evaluateHandle((fileName) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['some text'], fileName));
    return transfer;
  }, name);
  if (how === 'drop') {
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await person.tab.page.dispatchEvent(target, type, { dataTransfer: given });
    }
  } else {
    await person.tab.page.evaluate(
      ([selector, transfer]) => {
        const pasted = new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true });
        document.querySelector(selector)?.dispatchEvent(pasted);
      },
      [target, given] as const,
    );
  }
}

test('files go in by drop and by paste, to one peer or to everyone', async ({ server, openPerson }) => {
  const [alice, bob, carol] = [await openPerson(), await openPerson(), await openPerson()];
  const link = await alice.startRoom(server.url);
  await bob.join(link);
  const [bobAtAlice] = await alice.waitForPeers(1);
  await carol.join(link);
  await Promise.all([alice, bob, carol].map((person) => person.waitForPeers(2)));

  await hand(alice, 'drop', `[data-peer-id="${bobAtAlice}"]`, 'for-bob.txt');
  await bob.accept();
  await bob.waitForTransfer({ name: 'for-bob.txt' }, 'done');

  await hand(alice, 'drop', 'main', 'for-everyone.txt');
  await Promise.all([bob.accept(), carol.accept()]);
  for (const person of [bob, carol]) await person.waitForTransfer({ name: 'for-everyone.txt' }, 'done');

  await hand(alice, 'paste', 'body', 'pasted.txt');
  await Promise.all([bob.accept(), carol.accept()]);
  for (const person of [bob, carol]) await person.waitForTransfer({ name: 'pasted.txt' }, 'done');

  expect((await carol.transfers()).map(({ name }) => name).sort()).toEqual(['for-everyone.txt', 'pasted.txt']);
  await alice.waitForTransfers({ direction: 'send' }, 'done', 5);
});
