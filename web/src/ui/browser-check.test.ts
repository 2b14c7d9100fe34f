import { expect, it } from 'vitest';
import { missingFeatures } from './browser-check.ts';

const complete = {
  RTCPeerConnection: class {},
  RTCDataChannel: class {},
  RTCDtlsTransport: class {
    getRemoteCertificates() {}
  },
  WebSocket: class {},
  Worker: class {},
  Blob,
  crypto: { subtle: {} },
} as unknown as Window & typeof globalThis;

it('misses nothing in a browser that has everything', () => expect(missingFeatures(complete)).toEqual([]));

it('names what is missing', () => {
  const page = { ...complete } as Partial<typeof complete>;
  delete page.RTCPeerConnection;
  expect(missingFeatures(page)).toEqual(['webrtc']);
  const blind = { ...complete, RTCDtlsTransport: class {} } as unknown as typeof complete;
  expect(missingFeatures(blind)).toEqual(['webrtc']);
  expect(missingFeatures({ ...complete, crypto: {} } as typeof complete)).toEqual(['crypto']);
});
