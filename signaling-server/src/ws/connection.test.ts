import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Hub } from '../core/hub.ts';
import { silentLog } from '../core/log.ts';
import { Slots } from '../core/slots.ts';
import { CONNECTION_POLICY } from './connection-policy.ts';
import { Cork } from './cork.ts';
import { SignalingEndpoint } from './upgrade.ts';

const listener = createServer();
let endpoint: SignalingEndpoint;
afterEach(async () => {
  await endpoint.drain();
  listener.close();
});

test('[SIG-CLOSE-1] a mistake of the server’s closes that one connection with 1011 and is logged', async () => {
  const errors: unknown[] = [];
  let ids = 0;
  const hub = new Hub({
    now: () => 0,
    createId: () => {
      if (ids++ === 0) throw new Error('planted');
      return '3f0e4b5c-1f7a-4f4e-9d53-0a4c2c2f8c11';
    },
    createToken: () => 'token',
    maxPeersPerRoom: 8,
    maxAbsentPeers: 8,
    graceSeconds: 30,
    iceServers: [],
  });
  endpoint = new SignalingEndpoint({
    hub,
    slots: new Slots({ now: () => 0, random: () => 0, log: silentLog, slotsPerAddress: 1 }),
    log: { ...silentLog, error: (_event, cause) => errors.push(cause) },
    now: () => 0,
    policy: CONNECTION_POLICY,
    cork: new Cork(),
    maxConnections: 8,
    allowedOrigins: null,
    trustedProxies: [],
    refusalHeaders: {},
  });
  listener.on('upgrade', (request, stream, head) => {
    endpoint.handleUpgrade(request, stream, head);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  expect(await joinAndWait()).toBe(1011);
  expect(errors).toEqual([new Error('planted')]);
  expect(await joinAndWait()).toBe('welcome');
});

/** Gives the type of the first message, or the close code. */
function joinAndWait(): Promise<unknown> {
  const ws = new WebSocket(`ws://127.0.0.1:${(listener.address() as AddressInfo).port}/signal`);
  ws.on('open', () => {
    ws.send(JSON.stringify({ type: 'join', room: 'r'.repeat(43) }));
  });
  return new Promise((resolve, reject) => {
    ws.on('error', reject);
    ws.on('close', resolve);
    ws.on('message', (data: Buffer) => {
      resolve((JSON.parse(data.toString()) as { type: string }).type);
    });
  });
}
