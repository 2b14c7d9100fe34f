import type { IceServer } from 'node-datachannel';

const DEFAULT_PORT = 3_478;
const DEFAULT_TLS_PORT = 5_349;
const RELAY_TYPES = { udp: 'TurnUdp', tcp: 'TurnTcp' } as const;
/** RFC 7064 and RFC 7065. */
const URL_FORM = /^(stun|turn|turns):(?:\[([\da-f:.]+)\]|([^[\]:?@]+))(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;

/**
 * STUN and TURN servers in the library's own form, field by field: in its URLs a user name with a colon, as TURN's passing
 * credentials have, would end at the colon. Throws at what it cannot use.
 */
export function toNativeIceServers(servers: readonly RTCIceServer[]): IceServer[] {
  return servers.flatMap(({ urls, username = '', credential = '' }) =>
    [urls].flat().map((url) => toNative(url, username, credential)),
  );
}

function toNative(url: string, username: string, password: string): IceServer {
  const [, scheme, ip6, name, port, transport = 'udp'] = URL_FORM.exec(url) ?? [];
  const hostname = ip6 ?? name;
  if (scheme === undefined || hostname === undefined) throw new SyntaxError(`no STUN or TURN server: ${url}`);
  const isTls = scheme.toLowerCase() === 'turns';
  const server = { hostname, port: port === undefined ? (isTls ? DEFAULT_TLS_PORT : DEFAULT_PORT) : Number(port) };
  if (scheme.toLowerCase() === 'stun') return server;
  if (!username || !password) throw new SyntaxError(`a TURN server without credentials: ${url}`);
  const relayType = isTls ? 'TurnTls' : RELAY_TYPES[transport.toLowerCase() as 'udp' | 'tcp'];
  return { ...server, username, password, relayType };
}
