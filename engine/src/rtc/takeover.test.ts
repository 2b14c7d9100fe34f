import { expect, it } from 'vitest';
import { sessionOf } from './testing/fake-room.ts';
import { pageOf, pair, pass } from './testing/in-a-room.ts';

it('[INTRO-5] an attacker in the room who claims a linked session gets no link in its place', async () => {
  const { alice, bob } = await pair();

  const attacker = pageOf('bob').enter();
  const heard: string[] = [];
  attacker.mesh.on('peer-added', ({ link }) => link.on('message', (message) => heard.push(message.type)));
  attacker.say({ session: sessionOf('bob'), introduction: { kind: 'hello', needsLink: true } }, alice.address);
  await pass(500);
  alice.mesh.peer(sessionOf('bob'))?.link.send({ type: 'chat', id: 'x'.repeat(22), text: 'for bob only' });
  await pass(60_000);

  expect(heard).toEqual([]);
  expect(bob.mesh.peers[0]?.snapshot.state).toBe('connected');
  expect(alice.mesh.peers[0]?.snapshot.state).toBe('connected');
});
