import { expect, test } from 'vitest';
import { toNativeIceServers } from './ice-servers.ts';
import { NodePeerConnection } from './node-peer-connection.ts';

const turn = { username: '1767225600:alice', credential: 'a+b/c=' };

test.each([
  [{ urls: 'stun:stun.example' }, [{ hostname: 'stun.example', port: 3_478 }]],
  [{ urls: 'STUN:[2001:db8::1]:99' }, [{ hostname: '2001:db8::1', port: 99 }]],
  [
    { urls: ['turn:192.0.2.1', 'turn:turn.example:80?transport=tcp', 'turns:turn.example'], ...turn },
    [
      { hostname: '192.0.2.1', port: 3_478, username: turn.username, password: turn.credential, relayType: 'TurnUdp' },
      { hostname: 'turn.example', port: 80, username: turn.username, password: turn.credential, relayType: 'TurnTcp' },
      {
        hostname: 'turn.example',
        port: 5_349,
        username: turn.username,
        password: turn.credential,
        relayType: 'TurnTls',
      },
    ],
  ],
])('%o is said in the library’s form, and taken by it', (server, native) => {
  expect(toNativeIceServers([server])).toEqual(native);
  new NodePeerConnection({ iceServers: [server] }).close();
});

test.each([
  { urls: 'stuns:stun.example' },
  { urls: 'https://stun.example' },
  { urls: 'stun:' },
  { urls: 'stun:alice@stun.example' },
  { urls: 'turn:turn.example' },
  { urls: ['stun:stun.example', 'nonsense'] },
])('%o is refused', (server) => {
  expect(() => toNativeIceServers([server])).toThrow(SyntaxError);
});
