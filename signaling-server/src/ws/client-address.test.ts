import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { createClientAddress } from './client-address.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::6', '2001:db8:1:3::/64'],
  ['::1', '::/64'],
  ['fe80::1%eth0.100', 'fe80::/64'],
  [undefined, 'unknown'],
])('[SLOT-10] %s counts as %s', (remoteAddress, counted) => {
  expect(addressOf([], remoteAddress)).toBe(counted);
});

test.each([
  ['nobody is trusted', [], '127.0.0.1', '192.0.2.7', '127.0.0.1'],
  ['the proxy is another one', ['10.0.0.0/8'], '127.0.0.1', '192.0.2.7', '127.0.0.1'],
  ['a proxy is trusted', ['loopback'], '127.0.0.1', '192.0.2.7', '192.0.2.7'],
  ['a proxy is trusted, over IPv6', ['127.0.0.1'], '::ffff:127.0.0.1', '2001:db8::7', '2001:db8::/64'],
  ['the client says something too', ['loopback'], '127.0.0.1', '203.0.113.9, 192.0.2.7', '192.0.2.7'],
  ['two proxies are trusted', ['loopback', '10.1.0.0/16'], '127.0.0.1', '203.0.113.9, 192.0.2.7,10.1.2.3', '192.0.2.7'],
  ['the proxy does not know', ['loopback'], '127.0.0.1', '192.0.2.7, unknown', '127.0.0.1'],
  ['the proxy says nothing', ['loopback'], '127.0.0.1', undefined, '127.0.0.1'],
])('[SLOT-10] X-Forwarded-For, when %s', (_name, trusted, remoteAddress, forwarded, counted) => {
  expect(addressOf(trusted, remoteAddress, forwarded)).toBe(counted);
});

function addressOf(trusted: string[], remoteAddress: string | undefined, forwarded?: string): string {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
  return createClientAddress(trusted)(request as unknown as IncomingMessage);
}
