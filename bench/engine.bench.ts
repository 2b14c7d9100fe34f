// What the engine itself costs: a file between two engines over real data channels in one Node process, beside a bare channel of the same library. No browser and no disk.
import { randomFillSync } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { NativeConnection } from '@tincan/engine/node/native-connection';
import { NodeRoom } from '@tincan/engine/node/testing/node-room';
import { Exchanges } from '@tincan/engine/room/exchanges';
import { MemoryLedger } from '@tincan/engine/transfer/memory-ledger';
import { MemoryStore } from '@tincan/engine/transfer/memory-store';
import { Source } from '@tincan/engine/transfer/source';

const BYTES = Number(process.env['BENCH_MIB'] ?? 256) * 1_048_576;
const PAIRS = Number(process.env['BENCH_PAIRS'] ?? 5);
const MESSAGE_BYTES = 65_536;
const [LOW_BYTES, HIGH_BYTES] = [262_144, 1_048_576];

/** In MB/s, from the first byte to the last. */
async function measureBare(): Promise<number> {
  const [one, other] = [
    new NativeConnection('one', { iceServers: [] }),
    new NativeConnection('other', { iceServers: [] }),
  ];
  one.onLocalDescription((sdp, type) => other.setRemoteDescription(sdp, type));
  other.onLocalDescription((sdp, type) => one.setRemoteDescription(sdp, type));
  other.onLocalCandidate((candidate, mid) => one.addRemoteCandidate(candidate, mid));
  let arrived = 0;
  const all = new Promise<void>((resolve) =>
    other.onDataChannel((channel) =>
      channel.onMessage((message) => {
        arrived += (message as Buffer).length;
        if (arrived >= BYTES) resolve();
      }),
    ),
  );
  const channel = one.createDataChannel('bare');
  await new Promise<void>((resolve) => channel.onOpen(resolve));
  const message = randomFillSync(new Uint8Array(MESSAGE_BYTES));
  channel.setBufferedAmountLowThreshold(LOW_BYTES);
  const start = performance.now();
  let sent = 0;
  const fill = () => {
    for (; sent < BYTES && channel.bufferedAmount() < HIGH_BYTES; sent += MESSAGE_BYTES)
      channel.sendMessageBinary(message);
  };
  channel.onBufferedAmountLow(fill);
  fill();
  await all;
  const seconds = (performance.now() - start) / 1_000;
  one.close();
  other.close();
  return BYTES / 1e6 / seconds;
}

/** In MB/s, from accepting to verified. */
async function measureTincan(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const room = new NodeRoom();
  const enter = async (name: string) => {
    let exchanges: Exchanges | undefined;
    const link = () => 'https://tincan.test/#room';
    const { identity } = await room.enter(name, {}, async ({ mesh, identity: { session: me } }) => {
      exchanges = new Exchanges({ me, mesh, store: new MemoryStore(), ledger: new MemoryLedger(), link });
    });
    return { session: identity.session, exchanges: exchanges! };
  };
  const [alice, bob] = [await enter('alice'), await enter('bob')];
  alice.exchanges.offer(bob.session, [{ path: 'file.bin', source: new Source(new Blob([bytes])) }]);
  const { receiver } = await within(() => {
    const exchange = bob.exchanges.with(alice.session);
    return exchange && [...exchange.receiver.offers].some(({ state }) => state === 'open') ? exchange : undefined;
  });
  const start = performance.now();
  for (const { id } of [...receiver.offers]) await receiver.accept(id);
  await within(() => [...receiver.files].every(({ state }) => state === 'done') || undefined);
  const seconds = (performance.now() - start) / 1_000;
  room.close();
  return BYTES / 1e6 / seconds;
}

async function within<Found>(look: () => Found | undefined): Promise<Found> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('the engine beside a bare channel, without a browser', async () => {
  const bytes = randomFillSync(new Uint8Array(BYTES));
  const ratios: number[] = [];
  console.log('pair   Tincan MB/s   bare MB/s   ratio');
  for (let pair = 1; pair <= PAIRS; pair++) {
    const bare = await measureBare();
    const tincan = await measureTincan(bytes);
    ratios.push(tincan / bare);
    console.log(`${pair}   ${tincan.toFixed(1)}   ${bare.toFixed(1)}   ${(tincan / bare).toFixed(2)}`);
  }
  ratios.sort((a, b) => a - b);
  const median = ratios[Math.floor(ratios.length / 2)]!;
  console.log(`median ratio ${median.toFixed(2)}, range ${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}`);
  expect(median).toBeGreaterThanOrEqual(0.8);
});
