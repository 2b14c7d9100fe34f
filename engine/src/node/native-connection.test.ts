import type { DataChannel } from 'node-datachannel';
import { expect, test } from 'vitest';
import { NativeConnection } from './native-connection.ts';

test('what comes while a program is busy, and the end that comes with it, are told in order', async () => {
  const [alice, bob] = ['alice', 'bob'].map((name) => new NativeConnection(name, { iceServers: [] })) as [
    NativeConnection,
    NativeConnection,
  ];
  alice.onLocalDescription((sdp, type) => bob.setRemoteDescription(sdp, type));
  bob.onLocalDescription((sdp, type) => alice.setRemoteDescription(sdp, type));
  // Those of one side are enough, and of the answering one safe: see `NodePeerConnection`.
  bob.onLocalCandidate((candidate, mid) => alice.addRemoteCandidate(candidate, mid));

  const events: unknown[] = [];
  const closed = new Promise<void>((resolve) =>
    bob.onDataChannel((channel) => {
      channel.onClosed(() => {
        events.push('closed');
        resolve();
      });
      channel.onMessage((message) => {
        events.push(message);
        if (message === 'ready') channel.sendMessage('go on');
      });
    }),
  );
  const channel: DataChannel = alice.createDataChannel('test');
  channel.onClosed(() => {});
  await new Promise<void>((resolve) => {
    channel.onMessage(() => resolve());
    channel.onOpen(() => channel.sendMessage('ready'));
  });
  channel.sendMessage('bye');
  channel.close();
  // Both reach the other side's threads meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  await closed;
  expect(events).toEqual(['ready', 'bye', 'closed']);
  alice.close();
  bob.close();
});

test('a channel that was never open ends with its connection, and does not keep the program', async () => {
  const connection = new NativeConnection('alice', { iceServers: [] });
  const channel = connection.createDataChannel('test');
  const closed = new Promise<void>((resolve) => channel.onClosed(resolve));
  channel.onMessage(() => {});
  connection.close();
  await closed;
});
