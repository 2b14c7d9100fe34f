import type { ConnectionSignal } from '@tincan/shared/introduction';
import { PeerConnection } from 'node-datachannel';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test } from 'vitest';
import type { Connection } from '../rtc/connection.ts';
import { fingerprintOf } from '../rtc/fingerprint.ts';
import { connectionContract } from '../rtc/testing/connection-contract.ts';
import { createNodeIdentity, type NodeIdentity } from './node-identity.ts';
import { withoutSctpInit } from './node-peer-connection.ts';

const identities: NodeIdentity[] = [];
async function createIdentity(): Promise<NodeIdentity> {
  const identity = await createNodeIdentity();
  identities.push(identity);
  return identity;
}
afterEach(() => {
  for (const identity of identities.splice(0)) identity.close();
});

const closeOf = (connection: Connection) =>
  new Promise<string>((resolve) => connection.on('close', ({ reason }) => resolve(reason)));
const openingOf = (connection: Connection) =>
  new Promise<'open'>((resolve) => connection.on('open', () => resolve('open')));

describe('connections of a program', () => {
  test.each(connectionContract.filter(({ media }) => !media))('$name', async ({ run }) => {
    await run((await createIdentity()).createConnection);
  });

  test('carry no calls, and say so', async () => {
    const { createConnection } = await createIdentity();
    const connection = createConnection({ initiator: true, iceServers: [], label: 'call', media: true });
    expect(await closeOf(connection)).toBe('this program carries no calls');
  });

  test('end when the identity is closed, on both sides', async () => {
    const [alice, bob] = await pair();
    await Promise.all([openingOf(alice), openingOf(bob)]);
    const closed = closeOf(bob);
    identities[0]?.close();
    expect(await closed).toBe('closed by the other side');
  });

  test('leave out the servers that they do not understand', async () => {
    const { createConnection } = await createIdentity();
    const connection = createConnection({
      ...{ initiator: true, label: 'link' },
      iceServers: [{ urls: 'stuns:stun.invalid' }, { urls: 'turn:127.0.0.1:9', username: '1:a', credential: 'b' }],
    });
    expect(await offerOf(connection)).toContain('a=fingerprint');
  });

  test('give candidates as browsers read them, and none before the other side has described itself', async () => {
    const said: string[] = [];
    const [alice, bob] = await pair((signal) => {
      said.push(signal.type === 'candidate' ? signal.candidate.replace(/:.*/, ':') : signal.type);
      if (signal.type !== 'candidate') expect(signal.sdp).not.toMatch(/candidate/);
      return signal;
    });
    await Promise.all([openingOf(alice), openingOf(bob)]);
    expect(said.slice(0, 2)).toEqual(['offer', 'answer']);
    expect([...new Set(said.slice(2))]).toEqual(['candidate:']);
  });

  test('open although the other side offers what the library echoes and does not know', async () => {
    const described: string[] = [];
    const [alice, bob] = await pair((signal) => {
      if (signal.type === 'candidate') return signal;
      described.push(signal.sdp);
      return signal.type === 'offer'
        ? { ...signal, sdp: `${signal.sdp.trimEnd()}\r\na=sctp-init:AQAAHg==\r\n` }
        : signal;
    });
    await Promise.all([openingOf(alice), openingOf(bob)]);
    expect(described).toHaveLength(2);
    expect(described.join()).not.toContain('sctp-init');
  });
});

describe('a certificate', () => {
  test('is another one for each identity, and the same for all its connections', async () => {
    const [one, other] = [await createIdentity(), await createIdentity()];
    const fingerprints = await Promise.all([one, one, other].map(describedBy));
    expect(fingerprints[0]).toMatch(/^SHA-256 ([\dA-F]{2}:){31}[\dA-F]{2}$/);
    expect(fingerprints[1]).toBe(fingerprints[0]);
    expect(fingerprints[2]).not.toBe(fingerprints[0]);
    expect(one.session).not.toBe(other.session);
  });

  test('[BIND-2] other than the described one opens nothing', async () => {
    const other = await describedBy(await createIdentity());
    const [alice, bob] = await pair((signal) =>
      signal.type === 'answer' ? { ...signal, sdp: withFingerprint(signal.sdp, other) } : signal,
    );
    const ends = [alice, bob].map((each) => Promise.race([openingOf(each), closeOf(each)]));
    expect(await Promise.all(ends)).toEqual(['Connection failed.', 'Connection failed.']);
  });

  test('[BIND-2] is proved by what was shown, not by what was described: so the library tells it', async () => {
    const certificates = await Promise.all([makeCertificate(), makeCertificate()]);
    // The check that the library makes for itself is off, so that a description can lie.
    const [alice, bob] = certificates.map(
      (certificate) =>
        new PeerConnection('test', { iceServers: [], disableFingerprintVerification: true, ...certificate }),
    ) as [PeerConnection, PeerConnection];
    const lie = await describedBy(await createIdentity());
    const described: (string | undefined)[] = [];
    alice.onLocalDescription((sdp, type) => bob.setRemoteDescription(sdp, type));
    bob.onLocalDescription((sdp, type) => {
      described.push(fingerprintOf(sdp));
      alice.setRemoteDescription(withFingerprint(sdp, lie), type);
      for (const add of early.splice(0)) add();
    });
    // Only one side's, and only once that side is described: a candidate that comes earlier ends the program.
    const early: (() => void)[] = [];
    bob.onLocalCandidate((candidate, mid) => {
      const add = () => alice.addRemoteCandidate(candidate, mid);
      if (described.length > 0) add();
      else early.push(add);
    });
    const channel = alice.createDataChannel('test');
    await new Promise<void>((resolve) => channel.onOpen(resolve));
    const { algorithm, value } = alice.remoteFingerprint();
    expect([algorithm, `SHA-256 ${value}`]).toEqual(['sha-256', described[0]]);
    alice.close();
    bob.close();
  });
});

test('only the line of what is not known is taken out of a description', () => {
  expect(withoutSctpInit('v=0\r\na=sctp-init:AQ==\r\na=mid:0\r\na=sctp-init:x')).toBe('v=0\r\na=mid:0\r\n');
  expect(withoutSctpInit('v=0\na=sctp-port:5000\n')).toBe('v=0\na=sctp-port:5000\n');
});

/** Two ends that hear each other's signals, as `passOn` lets them through. */
async function pair(passOn = (signal: ConnectionSignal) => signal): Promise<[Connection, Connection]> {
  const [one, other] = [await createIdentity(), await createIdentity()];
  const alice = one.createConnection({ initiator: true, iceServers: [], label: 'link' });
  const bob = other.createConnection({ initiator: false, iceServers: [], label: 'link' });
  alice.on('signal', (signal) => bob.handleSignal(passOn(signal)));
  bob.on('signal', (signal) => alice.handleSignal(passOn(signal)));
  return [alice, bob];
}

/** The fingerprint that a new connection of this identity names. */
async function describedBy({ createConnection }: NodeIdentity): Promise<string> {
  const connection = createConnection({ initiator: true, iceServers: [], label: 'link' });
  const offer = await offerOf(connection);
  connection.close();
  return fingerprintOf(offer) ?? 'none';
}

function offerOf(connection: Connection): Promise<string> {
  return new Promise((resolve) => connection.on('signal', (signal) => signal.type === 'offer' && resolve(signal.sdp)));
}

function withFingerprint(sdp: string, fingerprint: string): string {
  return sdp.replace(/^a=fingerprint:.*$/m, `a=fingerprint:${fingerprint.replace('SHA-256', 'sha-256')}`);
}

async function makeCertificate(): Promise<{ certificatePemFile: string; keyPemFile: string }> {
  const { cert, private: key } = await generate(undefined, { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' });
  return { certificatePemFile: cert, keyPemFile: key };
}
