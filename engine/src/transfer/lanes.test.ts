import { parseFrame } from '@tincan/shared/frame';
import { parseLinkMessage, type ReceiverMessage } from '@tincan/shared/link-message';
import { BLOCK_BYTES, PIECE_BYTES as PIECE, SMALL_FRAME_PAYLOAD_BYTES } from '@tincan/shared/limits';
import { describe, expect, it } from 'vitest';
import type { FrameLane } from './path.ts';
import { Sender } from './sender.ts';
import { Source } from './source.ts';
import { acceptAll, bytesOf, expectArrived, offer } from './testing/given-files.ts';
import { fileAt, LinkedPeers, until, type LinkedPeersOptions } from './testing/linked-peers.ts';

type Want = Extract<ReceiverMessage, { type: 'want' }>;

/** Two peers, and what went between them: every request as it was said, and every frame that arrived. */
class WatchedPeers extends LinkedPeers {
  readonly wants: Want[] = [];
  /** Pieces that were asked for after they had arrived. */
  readonly askedInVain: string[] = [];
  /** Of the frames that arrived: the piece, as `handle piece`. */
  readonly arrived: string[] = [];
  frameBytes: number[] = [];
  /** Called after each delivery, before the next. */
  after: (lane: number | undefined) => void = () => {};

  constructor(options: LinkedPeersOptions) {
    super(options);
    this.onDelivered = (item) => {
      if (item.on === 'lane') {
        const frame = parseFrame(item.frame);
        if (!frame.ok) throw new Error(frame.error);
        const { handle, offset, bytes } = frame.value;
        this.arrived.push(`${handle} ${Math.floor(offset / PIECE)}`);
        this.frameBytes.push(bytes.length);
      }
      this.after(item.on === 'lane' ? Number(item.lane.split(' ')[0]) : undefined);
    };
  }

  override put(item: Parameters<LinkedPeers['put']>[0]): void {
    super.put(item);
    const message = item.on === 'link' ? parseLinkMessage(item.text) : undefined;
    if (!message?.ok || message.value.type !== 'want') return;
    this.wants.push(message.value);
    const arrived = new Set(this.arrived);
    this.askedInVain.push(...piecesOf(message.value).filter((piece) => arrived.has(piece)));
  }

  /** Every piece that was asked for, as often as it was, on one lane or on all. */
  asked(lane?: number): string[] {
    return this.wants.filter((want) => lane === undefined || want.lane === lane).flatMap(piecesOf);
  }
}

function piecesOf({ wants }: Want): string[] {
  return wants.flatMap(({ handle, pieces }) =>
    pieces.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => `${handle} ${first + i}`)),
  );
}

describe('a lane that is lost', () => {
  it.each([
    ['at both ends at once', 0],
    ['at the receiver first', 8],
  ])('after every 12 frames, %s: the file ends all the same, and hardly a frame came for nothing', async (_, turns) => {
    const peers = new WatchedPeers({});
    const files = { 'file.bin': bytesOf(4 * BLOCK_BYTES) };
    let onThisLane = 0;
    let losses = 0;
    peers.after = (lane) => {
      if (lane === undefined || ++onThisLane < 12) return;
      onThisLane = 0;
      losses += 1;
      peers.cutLane(peers.bob, turns);
    };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    const needed = 4 * 16;
    expect(peers.frames).toBeLessThanOrEqual(1.5 * needed);
    expect(losses).toBeLessThanOrEqual(8);
  });

  it('gives back only its own: nothing that is asked for on the other is asked for again', async () => {
    const peers = new WatchedPeers({ lanes: 2 });
    const files = { 'file.bin': bytesOf(40 * BLOCK_BYTES) };
    let atTheCut: { onOther: ReadonlySet<string>; wants: number; arrived: number } | undefined;
    let seen = 0;
    peers.after = (lane) => {
      if (lane === undefined || ++seen !== 100) return;
      atTheCut = { onOther: new Set(peers.asked(0)), wants: peers.wants.length, arrived: peers.arrived.length };
      peers.cutLane(peers.bob, 0, 1);
    };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    const { onOther, wants } = atTheCut!;
    expect(onOther.size).toBeGreaterThan(30);
    const later = peers.wants.slice(wants).flatMap(piecesOf);
    // Near the end one late piece in a hundred may be asked for on two lanes, cut or no cut.
    const again = later.filter((piece) => onOther.has(piece));
    expect(again.length).toBeLessThanOrEqual(Math.ceil(0.01 * 40 * 16));
    expect(peers.frames).toBeLessThanOrEqual(40 * 16 + 6 + 8 * 16);
  });

  it('keeps what it has brought: no piece that arrived is asked for again', async () => {
    const peers = new WatchedPeers({ lanes: 2 });
    const files = { 'file.bin': bytesOf(12 * BLOCK_BYTES + 3 * PIECE + 5), 'small.txt': bytesOf(10, 2) };
    let lane = 0;
    let seen = 0;
    peers.after = (on) => {
      if (on !== undefined && ++seen % 20 === 0) peers.cutLane(peers.bob, 0, (lane = 1 - lane));
    };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    expect(peers.wants.length).toBeGreaterThan(10);
    expect(peers.askedInVain).toEqual([]);
  });
});

describe('a lane that stands still', () => {
  it('near the end: what it is late with comes by the other, and hardly anything twice', async () => {
    const peers = new WatchedPeers({ lanes: 2 });
    const size = 40 * BLOCK_BYTES;
    const files = { 'file.bin': bytesOf(size) };
    const lateOn = (index: number) => {
      const arrived = new Set(peers.arrived);
      return peers.asked(index).filter((piece) => !arrived.has(piece)).length;
    };
    const isNearTheEnd = () => new Set(peers.asked()).size === size / PIECE;
    let standing: number | undefined;
    peers.stands = (index) => {
      if (standing === undefined && isNearTheEnd() && lateOn(index) > 0 && lateOn(index) <= 4) standing = index;
      return index === standing;
    };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    expect(standing).toBeDefined();
    const asked = peers.asked();
    const askedTwice = (asked.length - new Set(asked).size) * PIECE;
    expect(askedTwice).toBeGreaterThan(0);
    expect(askedTwice).toBeLessThanOrEqual(Math.max(BLOCK_BYTES, 0.01 * size));
  });

  it('does not keep the hashes of small files waiting', async () => {
    const peers = new WatchedPeers({ lanes: 2 });
    const files = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`${i}.txt`, bytesOf(100 + i, i)]));
    peers.stands = (index) => index === 1;
    offer(peers, files);
    await acceptAll(peers);
    const done = () => [...peers.bob.receiver.files].filter(({ state }) => state === 'done').length;
    // Whatever was asked for on the other lane is here, verified; what waits is what the one that stands still has to bring.
    await until(
      () => done() >= 300,
      () => `${done()} of the small files are done`,
    );
    const waiting = new Set(peers.asked(1));
    for (const piece of peers.asked(0)) waiting.delete(piece);
    await until(
      () => done() === 600 - waiting.size,
      () => `${done()} are done, ${waiting.size} wait`,
    );
    peers.cutLane(peers.bob, 0, 1);
    peers.stands = () => false;
    await expectArrived(peers, files);
  });
});

describe('a peer that takes no message of a whole piece', () => {
  it.each([65_536, 65_551])('%d bytes at most: each piece goes in two halves, and the file is whole', async (most) => {
    const peers = new WatchedPeers({ maxMessageBytes: most });
    const files = {
      'file.bin': bytesOf(BLOCK_BYTES + PIECE + SMALL_FRAME_PAYLOAD_BYTES + 7),
      'half.bin': bytesOf(SMALL_FRAME_PAYLOAD_BYTES, 2),
      'more.bin': bytesOf(SMALL_FRAME_PAYLOAD_BYTES + 1, 3),
    };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    expect(Math.max(...peers.frameBytes)).toBe(SMALL_FRAME_PAYLOAD_BYTES);
    expect(peers.frames).toBe(32 + 2 + 2 + 1 + 2);
  });

  it('65,552 bytes are enough for a whole one', async () => {
    const peers = new WatchedPeers({ maxMessageBytes: 65_552 });
    const files = { 'file.bin': bytesOf(BLOCK_BYTES) };
    offer(peers, files);
    await acceptAll(peers);
    await expectArrived(peers, files);
    expect(peers.frames).toBe(16);
  });
});

describe('what is asked for before the lane is open here', () => {
  function sender() {
    const alice = new Sender({ path: { send: () => {}, openLanes: () => {} } });
    alice.handleLinkUp();
    const blob = new Blob([bytesOf(4 * PIECE)]);
    alice.offer([{ path: 'file.bin', source: new Source(blob) }]);
    const sent: string[] = [];
    const lane = (epoch: number): FrameLane => ({
      ...{ index: 0, epoch, maxMessageBytes: 262_144, full: false },
      send: (frame) => {
        const parsed = parseFrame(frame.slice().buffer);
        if (parsed.ok) sent.push(`epoch ${epoch}: ${parsed.value.offset / PIECE}`);
      },
      drained: async () => {},
    });
    const want = (epoch: number, piece: number) =>
      alice.handleMessage({
        ...{ type: 'want', lane: 0, epoch },
        wants: [{ handle: 1, pieces: [[piece, 1]], durable: 0 }],
      });
    return { alice, sent, lane, want };
  }

  it('waits for exactly that opening of it; what was for an earlier one is dropped', async () => {
    const { alice, sent, lane, want } = sender();
    want(1, 0);
    want(2, 1);
    want(3, 2);
    alice.handleLaneOpened(lane(2));
    await until(() => sent.length > 0, 'what was asked for early goes out');
    want(1, 3); // of a lane that has gone
    await new Promise(setImmediate);
    expect(sent).toEqual(['epoch 2: 1']);
    alice.handleLaneOpened(lane(3));
    await until(() => sent.length > 1, 'what was asked for even earlier goes out');
    await new Promise(setImmediate);
    expect(sent).toEqual(['epoch 2: 1', 'epoch 3: 2']);
  });

  it('is bounded, and nothing of it is left on the next link', async () => {
    const { alice, sent, lane, want } = sender();
    for (let i = 0; i < 1_000; i++) want(5, i % 4);
    alice.handleLinkDown();
    alice.handleLinkUp();
    alice.handleLaneOpened(lane(5));
    await new Promise(setImmediate);
    expect(sent).toEqual([]);
    expect(fileAt(alice.files, 'file.bin').state).toBe('offered');
  });
});
