import { Seal } from '@tincan/shared/seal';
import { createSecret, RoomSecret } from '@tincan/shared/secret';
import type { ClientMessage } from '@tincan/shared/signaling';
import { expect, test } from 'vitest';
import { sessionOf } from '../rtc/testing/fake-room.ts';
import { LinkedNetwork } from '../rtc/testing/linked-connections.ts';
import { Rendezvous } from './rendezvous.ts';
import { HostileServer } from './testing/hostile-server.ts';

async function until(what: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!what()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${String(what)}`);
    await new Promise(setImmediate);
  }
}

/** Alice, alone on a server that behaves, and what she has said to it. */
function alone() {
  const server = new HostileServer();
  const rendezvous = new Rendezvous({
    ...{ me: sessionOf('alice'), name: 'alice', url: 'ws://tincan.test/signal' },
    createConnection: new LinkedNetwork().createConnection,
    environment: server.environment,
  });
  const said = () => server.seen.map((text) => JSON.parse(text) as ClientMessage);
  return { rendezvous, said, types: () => said().map(({ type }) => type) };
}

test('[LINK-11] going to another room leaves the one before', async () => {
  const { rendezvous, said, types } = alone();
  await rendezvous.enter(createSecret());
  await until(() => types().length === 2);
  const first = rendezvous.room;
  await rendezvous.enter(createSecret());
  await until(() => types().length === 5);
  expect(types()).toEqual(['join', 'announce', 'leave', 'join', 'announce']);
  const rooms = said().flatMap((message) => (message.type === 'join' ? [message.room] : []));
  expect(rooms).toEqual([first, rendezvous.room]);
  rendezvous.close();
});

test('of two rooms that are entered at once, the later one counts', async () => {
  const { rendezvous, types } = alone();
  const [slow, quick] = [rendezvous.enter(createSecret()), rendezvous.enter(createSecret())];
  await Promise.all([slow, quick]);
  await until(() => types().includes('announce'));
  expect(types()).toEqual(['join', 'announce']);
  rendezvous.close();
});

test('[SEAL-5] coming back to a room goes on counting: whoever stayed there hears nothing twice', async () => {
  const { rendezvous, said } = alone();
  const announced = () => said().flatMap((message) => (message.type === 'announce' ? [message.payload] : []));
  const [here, there] = [createSecret(), createSecret()];
  for (const [index, secret] of [here, there, here].entries()) {
    await rendezvous.enter(secret);
    await until(() => announced().length === index + 1);
  }
  const bob = await Seal.create(await RoomSecret.import(here), sessionOf('bob'));
  const heard = [];
  for (const payload of announced()) heard.push(await bob.open(payload));
  expect(heard.map((opened) => (opened.ok ? opened.value.from : opened.error))).toEqual([
    sessionOf('alice'),
    'unopenable',
    sessionOf('alice'),
  ]);
  rendezvous.close();
});
