import { RTCIceCandidate, RTCSessionDescription } from 'node-datachannel/polyfill';
import { generate } from 'selfsigned';
import type { Connection } from '../rtc/connection.ts';
import { createIdentity, type Identity, type Platform } from '../rtc/simple-peer-connection.ts';
import { NodePeerConnection, type NodeConfiguration } from './node-peer-connection.ts';

const DAY_MS = 86_400_000;
/** As long as a page's certificate lasts. */
const VALID_MS = 365 * DAY_MS;

/** What a program is to its peers: as a page's, and it ends. */
export interface NodeIdentity extends Identity {
  /** Final: ends all its connections. Nothing of it keeps the program from ending then. */
  close(): void;
}

/** Makes a new identity of a program. It carries no calls. `platform` is a fresh one, if not given. */
export async function createNodeIdentity(platform?: Platform): Promise<NodeIdentity> {
  const { session, createConnection } = await createIdentity(platform ?? (await createNodePlatform()));
  const connections = new Set<Connection>();
  return {
    session,
    createConnection: (options) => {
      const connection = createConnection(options);
      connections.add(connection);
      connection.on('close', () => connections.delete(connection));
      return connection;
    },
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

/** WebRTC in Node, with a certificate that is fresh and never stored. */
export async function createNodePlatform(): Promise<Platform> {
  const now = Date.now();
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'Tincan' }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    notBeforeDate: new Date(now - DAY_MS), // for clocks that are a little behind
    notAfterDate: new Date(now + VALID_MS),
  });
  const configuration: NodeConfiguration = { certificatePem: cert, keyPem: key };
  const wrtc = { RTCPeerConnection: NodePeerConnection, RTCSessionDescription, RTCIceCandidate };
  return {
    // The library's classes differ from the W3C's in what TypeScript sees of their events.
    wrtc: wrtc as unknown as Platform['wrtc'],
    configuration,
    carriesCalls: false,
    provenFingerprint: (connection) =>
      connection instanceof NodePeerConnection ? connection.provenFingerprint : undefined,
  };
}
