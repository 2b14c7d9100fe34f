import { parseFrame } from '@tincan/shared/frame';
import { BLOCK_BYTES, PIECE_BYTES } from '@tincan/shared/limits';
import { expect, it } from 'vitest';
import { LaneFeed } from './lane-feed.ts';
import type { SendingFile } from './outgoing-offer.ts';
import { until } from './testing/linked-peers.ts';

/** A lane that takes as many frames as it is told to. */
class SlowLane {
  readonly index = 0;
  readonly epoch = 1;
  readonly maxMessageBytes = 262_144;
  readonly sent: number[] = [];
  #room = 0;
  #drained = () => {};

  get full(): boolean {
    return this.#room === 0;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => (this.#drained = resolve));
  }

  send(bytes: Uint8Array): void {
    const frame = parseFrame(bytes.slice().buffer);
    if (frame.ok) this.sent.push(frame.value.offset / PIECE_BYTES);
    this.#room -= 1;
  }

  async takes(frames: number): Promise<void> {
    const before = this.sent.length;
    this.#room = frames;
    this.#drained();
    await until(() => this.sent.length === before + frames, `${frames} frames more`);
  }
}

it('[XFER-16] what somebody waits for goes out at once, before what was asked for earlier, and once', async () => {
  const lane = new SlowLane();
  const file = { handle: 1, state: 'active', here: 'none', size: 100 * BLOCK_BYTES } as SendingFile;
  const feed = new LaneFeed({ lane, read: async () => new Uint8Array(BLOCK_BYTES) });
  feed.ask(file, 0, 64);
  await lane.takes(3);
  feed.ask(file, 800, 2, true);
  feed.ask(file, 40, 2, true);
  feed.ask(file, 800, 1);
  await lane.takes(63);
  // Of the block that is being sent one piece was ready to go already.
  const rest = Array.from({ length: 60 }, (_, at) => at + 4).filter((piece) => piece !== 40 && piece !== 41);
  expect(lane.sent).toEqual([0, 1, 2, 3, 800, 801, 40, 41, ...rest]);
  feed.close();
});
