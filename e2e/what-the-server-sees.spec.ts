// Everything that two browsers send to the server in a whole session, put together as the server would, and searched.
import { networkInterfaces } from 'node:os';
import { clientTexts } from './support/client-frames.ts';
import { expect, test } from './support/test.ts';
import { id } from './support/tincan-page.ts';
import { until } from './support/until.ts';

/** What may stand behind a text in base64 of either alphabet, wherever the encoded part begins. */
function decodings(text: string): string[] {
  const runs = text.match(/[\w+/-]{8,}/g) ?? [];
  return runs.flatMap((run) => [0, 1, 2, 3].map((at) => Buffer.from(run.slice(at), 'base64url').toString('latin1')));
}

test('contains no candidate, fingerprint, address, file name, display name or part of the secret, also behind base64', async ({
  server,
  openPerson,
  startProxy,
  files,
}) => {
  const proxy = await startProxy(server);
  const [alice, bob] = [await openPerson(), await openPerson()];
  await alice.rename(proxy.url, 'Alicia Overheard');
  await bob.rename(proxy.url, 'Roberto Overheard');
  const link = await alice.startRoom(proxy.url);
  const isCode = (text = '') => /^\d{3} \d{3} \d{3}$/.test(text);
  const [code] = await alice.waitFor('share-code', ([shown]) => isCode(shown?.text));
  await bob.tab.fill(id('code-input'), code!.text);
  await bob.tab.click(id('code-join'));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  await alice.chooseFiles(await files.random('quarterly-figures.bin', 1_048_577));
  await bob.accept();
  await bob.waitForTransfer({ name: 'quarterly-figures.bin' }, 'done');
  await bob.say('between you and me');
  await alice.waitForMessage('between you and me');
  await alice.tab.click(id('verify-peer'));
  // Sockets that are lost are made again, and presence is announced anew.
  proxy.cut();
  await Promise.all([alice.waitForServerState('online'), bob.waitForServerState('online')]);
  await alice.tab.page.goto('about:blank');
  await bob.waitFor('peer', (peers) => peers.length === 0);

  const readTexts = () => proxy.connections.flatMap(({ sent }) => clientTexts(Buffer.concat(sent)));
  const texts = await until('what leaves to be said', readTexts, (sent) =>
    sent.some((text) => text.includes('"leave"')),
  );
  const messages = texts.filter((text) => text.startsWith('{'));
  const types = messages.map((text) => (JSON.parse(text) as { type: string }).type);
  expect(new Set(types)).toEqual(
    new Set([
      ...['join', 'announce', 'signal', 'leave'],
      ...['slot-open', 'slot-enter', 'slot-message', 'slot-closed'],
    ]),
  );
  expect(types.filter((type) => type === 'signal').length).toBeGreaterThan(4);

  const everything = [...texts, ...decodings(texts.join('\n'))].join('\n');
  const secret = new URL(link).hash.slice(1);
  const told = [
    ...[
      'candidate',
      'a=fingerprint',
      'fingerprint',
      'ice-ufrag',
      'v=0\r\n',
      'webrtc-datachannel',
      'sha-256',
      'SHA-256',
    ],
    ...['quarterly', 'figures', 'Alicia', 'Roberto', 'Overheard', 'between you'],
    ...Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8)),
    Buffer.from(secret, 'base64url').subarray(0, 8).toString('latin1'),
    code!.text.slice(4), // the password
    code!.text.slice(4).replace(' ', ''),
    ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  ];
  for (const part of told.filter((part) => part !== '127.0.0.1' && part !== '::1'))
    expect(everything.includes(part), part).toBe(false);
  // No address of any kind in what is said; the headers of HTTP name the browser's version, which looks like one.
  const said = [...messages, ...decodings(messages.join('\n'))].join('\n');
  expect(/\b\d{1,3}(\.\d{1,3}){3}\b/.exec(said)).toBeNull();
  expect(/[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}/i.exec(said)).toBeNull();
  expect(server.output).not.toContain(secret);
});
