import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';

/**
 * Tells for whom a request is counted: its socket's address, or what trusted proxies say in `X-Forwarded-For`. Without such
 * proxies the header means nothing, as everyone can send it.
 */
export function createClientAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const isTrusted = proxyAddr.compile([...trustedProxies]);
  return (request) => {
    // From the socket outwards, up to the first that is not trusted. A proxy can also write "unknown".
    const addresses = proxyAddr.all(request, isTrusted);
    return countedAs(addresses.findLast((address) => isIP(address) !== 0));
  };
}

/** One host or household has a whole /64 of IPv6, so that is what counts; IPv4 within IPv6 is IPv4. */
function countedAs(address: string | undefined): string {
  if (address === undefined) return 'unknown'; // the socket is gone already
  // Without the zone, which names an interface of this machine.
  const parsed = ipaddr.process(address.split('%', 1)[0]!);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}
