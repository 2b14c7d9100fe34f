type BrowserFeature = 'webrtc' | 'websocket' | 'crypto' | 'worker' | 'file';

/** What Tincan cannot do without and this (secure) page does not have. */
export function missingFeatures(page: Partial<Window & typeof globalThis>): BrowserFeature[] {
  const present: Record<BrowserFeature, boolean> = {
    webrtc:
      'RTCPeerConnection' in page &&
      'RTCDataChannel' in page &&
      // Without it nobody could tell whose connection it is.
      page.RTCDtlsTransport?.prototype !== undefined &&
      'getRemoteCertificates' in page.RTCDtlsTransport.prototype,
    websocket: 'WebSocket' in page,
    crypto: page.crypto?.subtle !== undefined,
    worker: 'Worker' in page,
    file: page.Blob?.prototype !== undefined && 'arrayBuffer' in page.Blob.prototype,
  };
  return (Object.keys(present) as BrowserFeature[]).filter((feature) => !present[feature]);
}
