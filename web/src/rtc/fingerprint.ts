/**
 * The DTLS fingerprint that a description names (RFC 8122), in the one form in which both sides write it;
 * `undefined` unless there is exactly one, by SHA-256. Every current browser gives just that.
 */
export function fingerprintOf(sdp: string): string | undefined {
  const named = [...sdp.matchAll(/^a=fingerprint:\s*(.*?)\s*$/gim)].map(([, value = '']) => value.toUpperCase());
  const [only, ...others] = new Set(named);
  return others.length === 0 && only !== undefined && /^SHA-256( [0-9A-F]{2})(:[0-9A-F]{2}){31}$/.test(only)
    ? only
    : undefined;
}
