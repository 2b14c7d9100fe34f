import { describe, expect, test } from 'vitest';
import { fingerprintOf, fingerprintOfCertificate } from './fingerprint.ts';

const HEX = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0'));
const OWN = `a=fingerprint:sha-256 ${HEX.join(':').toUpperCase()}`;
const THEIRS = OWN.replace('00:01', 'FF:FF');
const sdp = (...lines: string[]) => ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', ...lines, 'm=application 9 x', ''].join('\r\n');

test('[BIND-1] one fingerprint, however often it is named and in whatever case of letters, is read', () => {
  const expected = `SHA-256 ${HEX.join(':').toUpperCase()}`;
  expect(fingerprintOf(sdp(OWN))).toBe(expected);
  expect(fingerprintOf(sdp(OWN, OWN.toLowerCase()))).toBe(expected);
  expect(fingerprintOf(sdp(OWN).replaceAll('\r\n', '\n'))).toBe(expected);
});

describe('[BIND-1] nothing is read from a description', () => {
  test.each<readonly [string, string]>([
    ['without a fingerprint', sdp()],
    ['with two', sdp(OWN, THEIRS)],
    ['by another hash', sdp(OWN.replace('sha-256', 'sha-1'))],
    ['too short', sdp(OWN.slice(0, -3))],
    ['too long', sdp(`${OWN}:00`)],
    // Each of these is read by some browser, and so must not be passed over beside a proper one.
    ...[
      'a= fingerprint:',
      'a=\tfingerprint:',
      'a=fingerprint ',
      'a=fingerprint: ',
      'A=fingerprint:',
      ' a=fingerprint:',
    ].map((form) => [`with a second one as "${form}"`, sdp(OWN, THEIRS.replace('a=fingerprint:', form))] as const),
    ['with a second one behind a lone carriage return', sdp(OWN) + `\r${THEIRS.replace('sha-256 ', 'sha-256  ')}`],
    ['with a second one in other words', sdp(OWN, 'a=Fingerprint')],
  ])('%s', (_, text) => {
    expect(fingerprintOf(text)).toBeUndefined();
  });
});

test('[BIND-2] the fingerprint of a certificate is the SHA-256 of its bytes', () => {
  const empty = 'E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55';
  expect(fingerprintOfCertificate(new ArrayBuffer(0))).toBe(`SHA-256 ${empty}`);
});
