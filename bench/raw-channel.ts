import type { Page } from '@playwright/test';

declare global {
  interface Window {
    raw?: { connection: RTCPeerConnection; channel: Promise<RTCDataChannel>; arrived: [number, number][] };
  }
}

/** Connects two pages by a bare RTCPeerConnection with one channel, without any server. */
export async function connectRaw(sender: Page, receiver: Page): Promise<void> {
  const offer = await sender.evaluate(() => {
    const connection = new RTCPeerConnection();
    const channel = connection.createDataChannel('raw');
    channel.binaryType = 'arraybuffer';
    const opened = new Promise<RTCDataChannel>((resolve) => (channel.onopen = () => resolve(channel)));
    window.raw = { connection, channel: opened, arrived: [] };
    void connection.setLocalDescription();
    return new Promise<string>((resolve) => {
      connection.onicegatheringstatechange = () => {
        if (connection.iceGatheringState === 'complete') resolve(connection.localDescription?.sdp ?? '');
      };
    });
  });
  const answer = await receiver.evaluate(async (sdp) => {
    const connection = new RTCPeerConnection();
    const channel = new Promise<RTCDataChannel>((resolve) => {
      connection.ondatachannel = (event) => {
        event.channel.binaryType = 'arraybuffer';
        resolve(event.channel);
      };
    });
    window.raw = { connection, channel, arrived: [] };
    await connection.setRemoteDescription({ type: 'offer', sdp });
    const gathered = new Promise<void>((resolve) => {
      connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
    });
    await connection.setLocalDescription();
    await gathered;
    return connection.localDescription?.sdp ?? '';
  }, offer);
  await sender.evaluate(async (sdp) => {
    await window.raw?.connection.setRemoteDescription({ type: 'answer', sdp });
    await window.raw?.channel;
  }, answer);
}

/** Sends so many bytes of one buffer in memory, and gives the seconds until the receiver has counted them all. */
export async function sendRaw(sender: Page, receiver: Page, bytes: number): Promise<number> {
  const counted = receiver.evaluate(async (expected) => {
    const channel = await window.raw!.channel;
    await new Promise<void>((resolve) => {
      let left = expected;
      channel.onmessage = ({ data }) => {
        left -= (data as ArrayBuffer).byteLength;
        if (left <= 0) resolve();
      };
    });
    channel.onmessage = null;
  }, bytes);
  const start = performance.now();
  await sender.evaluate(async (total) => {
    const channel = await window.raw!.channel;
    const chunk = new Uint8Array(65_536);
    channel.bufferedAmountLowThreshold = 262_144;
    for (let sent = 0; sent < total; sent += chunk.length) {
      if (channel.bufferedAmount >= 1_048_576) {
        await new Promise((resolve) => (channel.onbufferedamountlow = resolve));
      }
      channel.send(chunk.subarray(0, Math.min(chunk.length, total - sent)));
    }
  }, bytes);
  await counted;
  return (performance.now() - start) / 1_000;
}

/** Sends from memory for so many seconds; what had arrived by when, in milliseconds from the start and bytes. The connection is closed then. */
export async function sendRawFor(sender: Page, receiver: Page, seconds: number): Promise<[number, number][]> {
  const counted = receiver.evaluate(async (ms) => {
    const { channel, connection, arrived } = window.raw!;
    const start = performance.now();
    let bytes = 0;
    (await channel).onmessage = ({ data }) => {
      bytes += (data as ArrayBuffer).byteLength;
      arrived.push([performance.now() - start, bytes]);
    };
    await new Promise((resolve) => setTimeout(resolve, ms));
    connection.close();
    return arrived;
  }, 1_000 * seconds);
  const sent = sender.evaluate(async (ms) => {
    const { channel, connection } = window.raw!;
    const open = await channel;
    const chunk = new Uint8Array(65_536);
    const end = performance.now() + ms;
    open.bufferedAmountLowThreshold = 262_144;
    while (performance.now() < end && open.readyState === 'open') {
      if (open.bufferedAmount >= 1_048_576) {
        await new Promise<void>((resolve) => {
          open.onbufferedamountlow = open.onclose = () => resolve();
          setTimeout(resolve, Math.max(0, end - performance.now()));
        });
      } else open.send(chunk);
    }
    connection.close();
  }, 1_000 * seconds);
  const arrived = await counted;
  await sent;
  return arrived;
}
